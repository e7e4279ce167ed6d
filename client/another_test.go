package client

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// secretive makes gw hide its table, as Netgear's X6S does.
func secretive(gw *fakeGateway) {
	gw.before = func(action string, _ PortMapping) error {
		switch action {
		case "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry":
			return fault(soap.InvalidAction)
		}
		return nil
	}
}

// dies makes gw end when gone is set.
func dies(gw *fakeGateway, gone *atomic.Bool) {
	gw.before = func(string, PortMapping) error {
		if gone.Load() {
			return errReset
		}
		return nil
	}
}

// A laptop comes from one gateway to another, which hides that the port is somebody else's there.
func TestKeepOtherNetwork(t *testing.T) {
	for _, local := range []string{us, "192.168.1.99"} {
		for _, udn := range []string{"", "uuid:b", "uuid:shared by a make"} {
			t.Run(local+" "+udn, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := &fakeGateway{address: "203.0.113.7"}, &fakeGateway{address: "203.0.113.8"}
					plex := rowOf(8080, "TCP", them, 80, "Plex")
					b.put(plex)
					secretive(b)
					var away atomic.Bool
					dies(a, &away)
					m := kept(t, a, Request{InternalPort: 8080, Lease: 2 * time.Hour}, func(context.Context, *peer) (*peer, error) {
						p := a.peer()
						p.location = "http://192.168.1.1:5000/a.xml"
						if udn != "" {
							p.udn = "uuid:shared by a make"
						}
						if away.Load() {
							p = b.peer()
							p.udn, p.location, p.local = udn, "http://192.168.1.254:5000/b.xml", netip.MustParseAddr(local)
						}
						return p, nil
					})
					wantKinds(t, m, "mapped")
					away.Store(true)
					time.Sleep(20 * time.Minute)
					synctest.Wait()
					ks := kinds(m)
					if i := slices.Index(ks, "lost"); i < 0 || slices.Contains(ks[i+1:], "lost") {
						t.Errorf("it is lost once: %v", ks)
					}
					if got := m.Entries(); len(got) > 0 {
						t.Errorf("entries that are not open: %v", got)
					}
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff([]string{text(plex)}, b.table()); diff != "" || len(b.harm) > 0 || b.count("DeletePortMapping") > 0 {
						t.Errorf("%v\n%s", b.harm, diff)
					}
				})
			})
		}
	}
}

// What could not be deleted on one gateway is not asked of another.
func TestKeepLeavesLeftovers(t *testing.T) {
	gw := func(udn, location string) *planner {
		p := (&fakeGateway{}).peer()
		p.udn, p.location = udn, location
		return newPlanner(p, Request{}, new(trace))
	}
	before := gw("uuid:a", "http://192.168.1.1:5000/desc.xml")
	before.leave(held{Entry: Entry{Protocol: "TCP"}})
	for _, tt := range []struct {
		udn, location string
		want          int
	}{
		{"uuid:a", "http://192.168.1.1:5000/desc.xml", 1},
		{"uuid:a", "http://192.168.1.1:5001/desc.xml", 1},
		{"uuid:a", "http://192.168.2.1:5000/desc.xml", 0},
		{"uuid:b", "http://192.168.1.1:5000/desc.xml", 0},
		{"", "http://192.168.1.1:5000/desc.xml", 0},
	} {
		p := gw(tt.udn, tt.location)
		p.learn(before)
		if len(p.leftovers) != tt.want {
			t.Errorf("%s at %s: %v", tt.udn, tt.location, p.leftovers)
		}
	}
}

// A router that is replaced, or that has another name since its restart, is taken up: the mapping is opened there and closed there.
func TestKeepOtherGateway(t *testing.T) {
	for _, hides := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := &fakeGateway{address: "203.0.113.7"}, &fakeGateway{address: "203.0.113.7"}
			if hides {
				secretive(b)
			}
			var away atomic.Bool
			dies(a, &away)
			m := kept(t, a, Request{InternalPort: 8080, Lease: 2 * time.Hour}, func(context.Context, *peer) (*peer, error) {
				p := a.peer()
				p.udn = "uuid:a"
				if away.Load() {
					p = b.peer()
					p.udn = "uuid:b"
				}
				return p, nil
			})
			wantKinds(t, m, "mapped")
			away.Store(true)
			time.Sleep(20 * time.Minute)
			if len(b.table()) != 1 || len(m.Entries()) != 1 || m.Err() != nil {
				t.Errorf("hides %v: %v, %v, %v", hides, b.table(), m.Entries(), m.Err())
			}
			if err := m.Close(t.Context()); err != nil || len(b.table()) != 0 {
				t.Errorf("hides %v: close gave %v and left %v", hides, err, b.table())
			}
		})
	}
}
