package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// With no gateway up at all Keep waits for one, and is quick to end.
func TestKeepNoGatewayYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		up := time.Now().Add(10 * time.Minute)
		m := kept(t, gw, Request{InternalPort: 8080}, func(context.Context, *peer) (*peer, error) {
			if time.Now().Before(up) {
				return nil, &DiscoveryError{}
			}
			return gw.peer(), nil
		})
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if e := last(m); e.Kind != Retrying || !errors.Is(e.Err, ErrNoGateway) || e.After > 5*time.Minute {
			t.Errorf("got %v", e)
		}
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(up); d > 5*time.Minute {
			t.Errorf("mapped %s after the gateway came", d)
		}

		never := kept(t, gw, Request{InternalPort: 9}, func(ctx context.Context, _ *peer) (*peer, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		synctest.Wait()
		began := time.Now()
		if err := never.Close(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("close took %s and gave %v", time.Since(began), err)
		}
		if err := never.Wait(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("wait after close: %v", err)
		}
	})
}

// A renewal that is refused for a while is tried again well before the lease runs out.
func TestKeepRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		began := time.Now()
		gw.before = func(action string, _ PortMapping) error {
			if at := time.Since(began); action == "AddPortMapping" && at > time.Minute && at < 110*time.Minute {
				return fault(soap.ActionFailed)
			}
			return nil
		}
		m := kept(t, gw, Request{InternalPort: 8080, Lease: 2 * time.Hour}, nil)
		for time.Since(began) < 4*time.Hour {
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(gw.table()) != 1 {
				t.Fatalf("unmapped after %s", time.Since(began))
			}
		}
		got := slices.DeleteFunc(kinds(m), func(k string) bool { return k == "retrying" })
		if got[0] != "mapped" || slices.Contains(got, "lost") || slices.Contains(got, "repaired") {
			t.Errorf("events %v", got)
		}
	})
}

// When this host's own address changes, the entries move with it.
func TestKeepLocalAddressChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		const moved = "192.168.1.99"
		local := us
		gw.before = func(string, PortMapping) error {
			gw.mu.Lock()
			defer gw.mu.Unlock()
			if local == "" {
				local = moved
				return &net.OpError{Op: "dial", Net: "tcp", Err: errReset} // the old address is gone: nothing can be sent from it
			}
			return nil
		}
		m := kept(t, gw, Request{InternalPort: 8080}, func(context.Context, *peer) (*peer, error) {
			gw.mu.Lock()
			defer gw.mu.Unlock()
			p := gw.peer()
			p.local = netip.MustParseAddr(local)
			return p, nil
		})
		wantKinds(t, m, "mapped")
		gw.mu.Lock()
		local = ""
		gw.mu.Unlock()
		time.Sleep(10 * time.Second)
		wantKinds(t, m, "lost", "mapped")
		want := []string{fmt.Sprintf("8080/tcp %s:8080 %q", moved, "igdkit 8080 TCP")}
		if diff := cmp.Diff(want, gw.table()); diff != "" {
			t.Error(diff)
		}
	})
}

// Options that can never be used are told, not retried for ever.
func TestKeepBadOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Keep(t.Context(), Request{InternalPort: 8080}, Options{Gateway: "ftp://192.168.1.1/"})
		err := m.Wait(t.Context())
		if e, ok := errors.AsType[*ArgumentError](err); !ok || e.Argument != "Gateway" {
			t.Errorf("Wait = %v", err)
		}
		wantKinds(t, m, "failed", "closed")
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestKeepBadRequest(t *testing.T) {
	m := Keep(t.Context(), Request{}, Options{})
	e := <-m.Events()
	if _, ok := errors.AsType[*RequestError](e.Err); e.Kind != Failed || !ok {
		t.Errorf("got %v", e)
	}
	if _, open := <-m.Events(); open {
		t.Error("events go on")
	}
	if err := m.Wait(t.Context()); err == nil || m.Err() == nil {
		t.Errorf("wait %v, err %v", err, m.Err())
	}
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A gateway that refuses to renew what is alive is not a reason to move: the entry is opened anew when
// its lease has run out.
func TestKeepNoRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		began, first := time.Now(), time.Time{}
		gw.before = func(action string, m PortMapping) error {
			gw.mu.Lock()
			defer gw.mu.Unlock()
			if action == "DeletePortMapping" && first.IsZero() {
				first = time.Now()
			}
			if _, ok := gw.get(m.Key()); ok && action == "AddPortMapping" {
				return fault(soap.ConflictInMappingEntry)
			}
			return nil
		}
		m := kept(t, gw, Request{InternalPort: 8080, Lease: time.Hour, AnyPort: true}, nil)
		away := 0
		for began := time.Now(); time.Since(began) < 3*time.Hour; time.Sleep(time.Second) {
			if synctest.Wait(); len(gw.table()) != 1 {
				away++
			}
		}
		if away > 0 {
			t.Errorf("away for %d s in three leases", away)
		}
		if got := gw.table(); len(got) != 1 || m.External().Port() != 8080 {
			t.Errorf("table %v", got)
		}
		if n := gw.count("DeletePortMapping"); n != 3 { // one at the end of each lease, when there was nothing to lose any more
			t.Errorf("%d deletes", n)
		}
		if deleted := began.Add(time.Hour).Sub(first); deleted > lastChance+time.Second || deleted < 0 {
			t.Errorf("first deleted %v before its end", deleted)
		}
	})
}
