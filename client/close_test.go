package client

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// When ctx ends nothing is renewed any more, and Close still deletes.
func TestKeepContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		ctx, cancel := context.WithCancel(t.Context())
		m := gw.mapping(Request{InternalPort: 8080})
		if err := m.openOnce(ctx); err != nil {
			t.Fatal(err)
		}
		m.Keep(ctx)
		m.Keep(ctx) // a second keeper would be one too many
		time.Sleep(time.Minute)
		cancel()
		wantKinds(t, m, "mapped", "closed")
		time.Sleep(12 * time.Hour)
		if n := gw.count("AddPortMapping"); n != 1 {
			t.Errorf("%d adds", n)
		}
		if err := m.Close(t.Context()); err != nil || len(gw.table()) != 0 {
			t.Errorf("close gave %v and left %v", err, gw.table())
		}
	})
}

// Close may be called by several, at any time and again; then there is nothing to keep or wait for.
func TestCloseTogether(t *testing.T) {
	for _, found := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			gw := &fakeGateway{address: "203.0.113.7"}
			m := newMapping(Request{Protocol: "both", InternalPort: 8080}.defaults(keepLease), Options{}, func(ctx context.Context, _ *peer) (*peer, error) {
				if !found {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return gw.peer(), nil
			})
			m.Keep(t.Context())
			synctest.Wait()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			m.Keep(t.Context())
			if err := m.Wait(t.Context()); (err == nil) != found {
				t.Errorf("wait: %v", err)
			}
			for e := range m.Events() {
				if e.Kind != Mapped || !found {
					t.Errorf("event %v", e)
				}
			}
			if len(gw.table()) != 0 || len(m.Entries()) != 0 || m.Err() != nil {
				t.Errorf("left %v, %v, %v", gw.table(), m.Entries(), m.Err())
			}
		})
	}
}

// Close is bounded even when the gateway hangs, and can be tried again.
func TestCloseBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &fakeGateway{address: "203.0.113.7"}
		m := gw.mapping(Request{InternalPort: 8080})
		if err := m.openOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		gw.plans.lock(t.Context()) // another plan hangs
		began := time.Now()
		if err := m.Close(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != closeTimeout {
			t.Errorf("took %s", d)
		}
		gw.plans.unlock()
		if err := m.Close(t.Context()); err != nil || len(gw.table()) != 0 {
			t.Errorf("the second close gave %v and left %v", err, gw.table())
		}
	})
}

// What is said to be deleted is looked at: it is deleted once more, and then told; it stays held, so that Close can be called again.
func TestCloseStays(t *testing.T) {
	tests := []struct {
		name    string
		clings  int
		denies  bool // 714
		deletes int
		stays   bool
	}{
		{"gone at once", 0, false, 1, false},
		{"gone at the second try", 1, false, 2, false},
		{"gone at the second try after 714", 1, true, 2, false},
		{"delete-ok-remains", 100, false, 2, true},
		{"delete-714-own-fresh", 100, true, 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &fakeGateway{address: "203.0.113.7", clings: tt.clings, denies: tt.denies}
				m := gw.mapping(Request{InternalPort: 8080})
				if err := m.openOnce(t.Context()); err != nil {
					t.Fatal(err)
				}
				err := m.Close(t.Context())
				e, stays := errors.AsType[*StaysError](err)
				if stays != tt.stays || err != nil != tt.stays {
					t.Fatalf("close gave %v", err)
				}
				if n := gw.count("DeletePortMapping"); n != tt.deletes {
					t.Errorf("%d deletes, want %d", n, tt.deletes)
				}
				if !tt.stays {
					return
				}
				if e.Entry.ExternalPort != 8080 || e.Entry.Lease != mapLease || (faultCode(err) == soap.NoSuchEntryInArray) != tt.denies {
					t.Errorf("told %+v", e)
				}
				if m.External().Port() != 8080 {
					t.Error("it is not held any more")
				}
				gw.clings = 0
				if err := m.Close(t.Context()); err != nil || len(gw.table()) != 0 {
					t.Errorf("the next close gave %v and left %v", err, gw.table())
				}
			})
		})
	}
}

// The catalogue's two gateways that keep what they say they have deleted, from the emulator, by the mapping and by the gateway.
func TestStays(t *testing.T) {
	ok := emulator.Fault{On: "table.delete", Do: emulator.Deed{Store: new(false)}}
	denied := emulator.Fault{On: "table.delete", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: soap.NoSuchEntryInArray}}}
	for _, f := range []emulator.Fault{ok, denied} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
			gw := emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Faults: []emulator.Fault{f}})
			g, err := Find(t.Context(), Options{Net: newPC(n)})
			if err != nil {
				t.Fatal(err)
			}
			m, err := g.Map(t.Context(), Request{InternalPort: 8080})
			if err != nil {
				t.Fatal(err)
			}
			if _, stays := errors.AsType[*StaysError](m.Close(t.Context())); !stays || len(gw.Mappings()) == 0 {
				t.Errorf("close does not tell that %v stays", gw.Mappings())
			}
			for m, err := range g.PortMappings(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if _, stays := errors.AsType[*StaysError](g.Unmap(t.Context(), m)); !stays {
					t.Error("unmap does not tell that the entry stays")
				}
			}
		})
	}
}
