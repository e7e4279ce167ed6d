package client

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestKeepDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := kept(t, gw, Request{Protocol: "both", InternalPort: 8080, Lease: 2 * time.Hour}, nil)
		for at := time.Now(); time.Since(at) < 24*time.Hour; time.Sleep(time.Minute) {
			synctest.Wait()
			if got := gw.table(); len(got) != 2 {
				t.Fatalf("after %s the table is %v", time.Since(at), got)
			}
		}
		// 24 h at 54 to 60 min each: 24 to 26 renewals and the opening, of two entries.
		if n := gw.count("AddPortMapping"); n < 2*25 || n > 2*27 {
			t.Errorf("%d adds", n)
		}
		if n := gw.count("DeletePortMapping"); n != 0 {
			t.Errorf("%d deletes while it was kept", n)
		}
		for _, e := range m.Entries() {
			if !e.Verified || e.External.String() != "203.0.113.7:8080" || e.Lease.Granted != 2*time.Hour {
				t.Errorf("entry %+v", e)
			}
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := gw.table(); len(got) != 0 {
			t.Errorf("after close: %v", got)
		}
		if ks := kinds(m); ks[len(ks)-1] != "closed" {
			t.Errorf("the channel of events is open after close: %v", ks)
		}
	})
}

func TestKeepRepairs(t *testing.T) {
	key := Key{ExternalPort: 8080, Protocol: "TCP"}
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := kept(t, gw, Request{InternalPort: 8080, Permanent: true, CheckInterval: 5 * time.Minute}, nil)
		wantKinds(t, m, "mapped")

		// Dropped within seconds of the add, as some gateways do.
		gw.drop(key)
		time.Sleep(10 * time.Second)
		wantKinds(t, m, "repaired")
		time.Sleep(10 * time.Second)
		wantKinds(t, m)

		// Lost without a word, later.
		gw.drop(key)
		time.Sleep(5 * time.Minute)
		wantKinds(t, m, "repaired")
		if n := gw.count("AddPortMapping"); n != 3 {
			t.Errorf("%d adds", n)
		}
	})
}

// A renewal that is answered but not heeded is seen in what remains of the lease.
func TestKeepRenewalIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		first := time.Now()
		gw.before = func(action string, m PortMapping) error {
			if action == "AddPortMapping" {
				gw.gives = max(time.Hour-time.Since(first), time.Second)
				if time.Since(first) >= time.Hour {
					first, gw.gives = time.Now(), time.Hour
				}
			}
			return nil
		}
		m := kept(t, gw, Request{InternalPort: 8080, Lease: time.Hour}, nil)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		if got := gw.table(); len(got) != 1 {
			t.Errorf("table %v", got)
		}
		if n := gw.count("AddPortMapping"); n > 6*20 {
			t.Errorf("%d adds in six leases", n)
		}
		if slices.Contains(kinds(m), "lost") {
			t.Error("told as lost")
		}
	})
}

func TestKeepOwned(t *testing.T) {
	key := Key{ExternalPort: 8080, Protocol: "TCP"}
	thief := rowOf(8080, "TCP", them, 1, "thief")
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := kept(t, gw, Request{InternalPort: 8080}, nil)
		wantKinds(t, m, "mapped")
		gw.drop(key)
		gw.put(thief)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		e := <-m.Events()
		owned, ok := errors.AsType[*OwnedError](e.Err)
		if e.Kind != Lost || !ok || owned.Owner.InternalClient != them || e.Entry.External.Port() != 8080 {
			t.Errorf("got %v, want lost to %s", e, them)
		}
		if m.Err() == nil || len(m.Entries()) != 0 {
			t.Errorf("err %v, entries %v", m.Err(), m.Entries())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if slices.ContainsFunc(kinds(m), func(k string) bool { return k != "retrying" }) {
			t.Error("the loss was told again")
		}
		if diff := cmp.Diff([]string{text(thief)}, gw.table()); diff != "" {
			t.Error(diff)
		}
		// It goes away, and the port is ours again.
		gw.drop(key)
		time.Sleep(5 * time.Minute)
		wantKinds(t, m, "repaired")
		if m.Err() != nil {
			t.Error(m.Err())
		}
		// At the end it may be somebody else's again; Close leaves it.
		gw.drop(key)
		gw.put(thief)
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{text(thief)}, gw.table()); diff != "" {
			t.Error(diff)
		}
	})
}

// A pair of which one half is taken moves as a whole when any port will do.
func TestKeepMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := kept(t, gw, Request{Protocol: "both", InternalPort: 8080, AnyPort: true}, nil)
		wantKinds(t, m, "mapped", "mapped")
		gw.drop(Key{ExternalPort: 8080, Protocol: "UDP"})
		gw.put(rowOf(8080, "UDP", us, 1, "another program"))
		time.Sleep(10 * time.Second)
		wantKinds(t, m, "lost", "mapped", "mapped")
		want := []string{`8080/udp 192.168.1.10:1 "another program"`,
			`8081/tcp 192.168.1.10:8080 "igdkit 8081 TCP"`, `8081/udp 192.168.1.10:8080 "igdkit 8081 UDP"`}
		if diff := cmp.Diff(want, gw.table()); diff != "" {
			t.Error(diff)
		}
		if m.Err() != nil || m.External().String() != "203.0.113.7:8081" {
			t.Errorf("err %v, external %s", m.Err(), m.External())
		}
	})
}

// Another program's entry to the same place is used and left alone; when it ends, ours takes its place.
func TestKeepShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		theirs := rowOf(8080, "TCP", us, 8080, "Transmission")
		theirs.Lease = time.Hour
		gw.put(theirs)
		m := kept(t, gw, Request{InternalPort: 8080}, nil)
		time.Sleep(59 * time.Minute)
		wantKinds(t, m, "mapped")
		if e := m.Entries()[0]; !e.Shared || gw.count("AddPortMapping") != 0 {
			t.Errorf("entry %+v, %d adds", e, gw.count("AddPortMapping"))
		}
		time.Sleep(time.Minute + time.Second)
		wantKinds(t, m, "repaired")
		if e := m.Entries()[0]; e.Shared {
			t.Errorf("entry %+v", e)
		}
	})
}

func TestKeepAddressChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		polls := 0
		gw.before = func(action string, _ PortMapping) error {
			gw.mu.Lock()
			defer gw.mu.Unlock()
			if action == "GetExternalIPAddress" {
				if polls++; polls == 3 {
					gw.address = "0.0.0.0" // the Bouygues F@st answers so for one poll now and then
				} else if polls == 4 {
					gw.address = "203.0.113.7"
				}
			}
			return nil
		}
		m := kept(t, gw, Request{InternalPort: 8080}, nil)
		wantKinds(t, m, "mapped")
		set := func(a string) { gw.mu.Lock(); gw.address = a; gw.mu.Unlock() }
		time.Sleep(16 * time.Minute)
		wantKinds(t, m)
		gw.mu.Lock()
		if polls != 4 {
			t.Errorf("polled %d times", polls)
		}
		gw.mu.Unlock()
		set("203.0.113.9")
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		e := <-m.Events()
		if e.Kind != AddressChanged || e.Previous.String() != "203.0.113.7" || e.Entry.External.String() != "203.0.113.9:8080" {
			t.Errorf("got %v", e)
		}
		if m.External().String() != "203.0.113.9:8080" {
			t.Errorf("external %s", m.External())
		}
	})
}

// A gateway that goes away is searched for until it is back, and the mapping with it.
func TestKeepGatewayGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		down := false
		gw.before = func(string, PortMapping) error {
			gw.mu.Lock()
			defer gw.mu.Unlock()
			if down {
				return errReset
			}
			return nil
		}
		searches := 0
		find := func(context.Context, *peer) (*peer, error) {
			searches++
			gw.mu.Lock()
			defer gw.mu.Unlock()
			if down {
				return nil, &DiscoveryError{}
			}
			return gw.peer(), nil
		}
		m := kept(t, gw, Request{InternalPort: 8080, CheckInterval: time.Minute}, find)
		wantKinds(t, m, "mapped")
		gw.mu.Lock()
		down, gw.rows = true, nil // a reboot
		gw.mu.Unlock()
		time.Sleep(90 * time.Second)
		synctest.Wait()
		got := kinds(m)
		if len(got) < 3 || got[0] != "gateway gone" || got[1] != "retrying" {
			t.Errorf("events %v", got)
		}
		if !errors.Is(m.Err(), ErrNoGateway) {
			t.Errorf("err %v", m.Err())
		}
		gw.mu.Lock()
		down = false
		gw.mu.Unlock()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := kinds(m); got[len(got)-1] != "repaired" || m.Err() != nil {
			t.Errorf("events %v, err %v", got, m.Err())
		}
		if diff := cmp.Diff([]string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`}, gw.table()); diff != "" {
			t.Error(diff)
		}
		if searches > 12 {
			t.Errorf("%d searches in a few minutes", searches)
		}
	})
}
