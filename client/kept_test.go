package client_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// A day of a two-hour lease: the mapping is never away, not for a moment, and Close deletes it.
func TestKeepDay(t *testing.T) {
	for version := 1; version <= 2; version++ {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: version})
			m := client.Keep(t.Context(), client.Request{Protocol: "both", InternalPort: 8080, Lease: 2 * time.Hour}, client.Options{Net: h.pc})
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			n := h.counts()
			// Every 54 to 60 minutes: 24 to 26 in a day, of two entries.
			if got := n[emulator.MappingUpdated]; got < 2*24 || got > 2*26 {
				t.Errorf("version %d: %d renewals", version, got)
			}
			if n[emulator.MappingAdded] != 2 || n[emulator.MappingExpired]+n[emulator.MappingDeleted] != 0 {
				t.Errorf("version %d: %v", version, n)
			}
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if got := h.table(); len(got) != 0 {
				t.Errorf("version %d: after close %v", version, got)
			}
		})
	}
}

// After a reboot that nobody noticed the mapping is back within the check interval.
func TestKeepReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, CheckInterval: 2 * time.Minute}, client.Options{Net: h.pc})
		defer m.Close(context.Background())
		next(t, m, client.Mapped)
		time.Sleep(time.Hour / 2)
		h.Reboot(emulator.Reboot{})
		began := time.Now()
		next(t, m, client.Repaired)
		if d := time.Since(began); d > 2*time.Minute+time.Second {
			t.Errorf("repaired after %s", d)
		}
		if diff := cmp.Diff([]string{"TCP 8080 → 192.168.1.10:8080"}, h.table()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestKeepGatewayGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 2})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, Lease: time.Hour, CheckInterval: time.Minute}, client.Options{Net: h.pc})
		defer m.Close(context.Background())
		next(t, m, client.Mapped)
		h.router.Blackhole(true)
		e := next(t, m, client.GatewayGone)
		if e.Err == nil {
			t.Error("no reason given")
		}
		time.Sleep(2 * time.Hour) // the lease runs out on the gateway too
		h.router.Blackhole(false)
		began := time.Now()
		next(t, m, client.Repaired)
		if d := time.Since(began); d > 6*time.Minute {
			t.Errorf("back after %s", d)
		}
		if m.Err() != nil || len(h.Mappings()) != 1 {
			t.Errorf("err %v, table %v", m.Err(), h.table())
		}
	})
}

func TestKeepAddressChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 2})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080}, client.Options{Net: h.pc})
		defer m.Close(context.Background())
		next(t, m, client.Mapped)
		h.SetExternalIP(netip.MustParseAddr("45.66.77.99"))
		e := next(t, m, client.AddressChanged)
		if e.Previous.String() != "45.66.77.88" || e.Entry.External.String() != "45.66.77.99:8080" {
			t.Errorf("got %v", e)
		}
	})
}

// That the Internet reaches the port no longer is told with the address, and that there is none any more is, too. It is looked for sooner than the next look
// would come, and less and less often.
func TestKeepTellsWhatTheAddressIsWorth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080}, client.Options{Net: h.pc})
		defer m.Close(context.Background())
		if e := next(t, m, client.Mapped); e.Verdict != client.Public {
			t.Errorf("got %v, %s", e, e.Verdict)
		}
		time.Sleep(time.Minute)
		for _, step := range []struct {
			set, previous string
			verdict       client.AddressVerdict
		}{
			{"100.64.1.2", "45.66.77.88", client.CGNAT},
			{"0.0.0.0", "100.64.1.2", client.None},
			{"192.168.7.8", "", client.Private},
			{"45.66.77.99", "192.168.7.8", client.Public},
		} {
			began := time.Now()
			h.SetExternalIP(netip.MustParseAddr(step.set))
			e := next(t, m, client.AddressChanged)
			want := step.set + ":8080"
			if step.verdict == client.None {
				want = netip.AddrPortFrom(netip.Addr{}, 8080).String()
			}
			if e.Verdict != step.verdict || m.Verdict() != step.verdict || e.Entry.External.String() != want || m.External() != e.Entry.External {
				t.Errorf("%s: got %v, %q, mapping %v, %q", step.set, e, e.Verdict, m.External(), m.Verdict())
			}
			if previous, _ := netip.ParseAddr(step.previous); e.Previous != previous {
				t.Errorf("%s: previous %v", step.set, e.Previous)
			}
			if d := time.Since(began); step.previous == "" && d > 11*time.Second {
				t.Errorf("an address was seen after %s", d)
			}
		}
		h.SetExternalIP(netip.MustParseAddr("0.0.0.0"))
		next(t, m, client.AddressChanged)
		asked := func() (n int) {
			for _, e := range h.Journal() {
				if e.Name == "GetExternalIPAddress" {
					n++
				}
			}
			return n
		}
		before := asked()
		time.Sleep(time.Hour)
		if n := asked() - before; n < 5 || n > 11 {
			t.Errorf("asked %d times in an hour without an address", n)
		}
	})
}

// A gateway that restarts again and again, and is seen to, keeps its leases as well as another: it is never asked for an entry without an end, which a crash
// of ours would leave behind.
func TestKeepRestartsAreNoLostLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		m := client.New(client.Options{Net: h.pc, Listen: true}).Keep(t.Context(), client.Request{InternalPort: 8080})
		defer m.Close(context.Background())
		next(t, m, client.Mapped)
		for i := range 5 {
			time.Sleep(35 * time.Second)
			h.Reboot(emulator.Reboot{})
			if e := next(t, m, client.Repaired); e.Entry.Lease.Permanent() || len(h.Mappings()) != 1 || h.Mappings()[0].Lease == 0 {
				t.Errorf("restart %d: %v, %v", i+1, e.Entry.Lease, h.Mappings())
			}
		}
	})
}

// This host gets another address: the entries follow it.
func TestKeepLocalAddressChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1, Policy: emulator.Policy{Clients: emulator.ClientPolicy{Accept: "any"}}})
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, CheckInterval: time.Minute}, client.Options{Net: h.pc})
		defer m.Close(context.Background())
		next(t, m, client.Mapped)
		h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.99/24"))
		next(t, m, client.Mapped)
		if diff := cmp.Diff([]string{"TCP 8080 → 192.168.1.99:8080"}, h.table()); diff != "" {
			t.Error(diff)
		}
	})
}

// Map and then Keep: what opens must open now, and stays.
func TestMapThenKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 2})
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Lease: time.Hour}, client.Options{Net: h.pc})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		m.Keep(ctx)
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if n := h.counts(); n[emulator.MappingExpired] != 0 || n[emulator.MappingUpdated] < 10 {
			t.Errorf("%v", n)
		}
		cancel()
		if err := m.Close(t.Context()); err != nil || len(h.Mappings()) != 0 {
			t.Errorf("close gave %v and left %v", err, h.table())
		}
	})
}
