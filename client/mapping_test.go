package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

func TestMap(t *testing.T) {
	for version := 1; version <= 2; version++ {
		for _, tt := range []struct {
			protocol string
			table    []string
		}{
			{"tcp", []string{"TCP 8080 → 192.168.1.10:8080"}},
			{"udp", []string{"UDP 8080 → 192.168.1.10:8080"}},
			{"both", []string{"TCP 8080 → 192.168.1.10:8080", "UDP 8080 → 192.168.1.10:8080"}},
		} {
			t.Run(fmt.Sprintf("igd%d %s", version, tt.protocol), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHome(t, emulator.Options{Version: version})
					m, err := client.Map(t.Context(), client.Request{Protocol: tt.protocol, InternalPort: 8080, Lease: time.Hour}, client.Options{Net: h.pc})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(tt.table, h.table()); diff != "" {
						t.Errorf("table (-want +got):\n%s", diff)
					}
					if got := m.External().String(); got != "45.66.77.88:8080" {
						t.Errorf("external %s", got)
					}
					for _, e := range m.Entries() {
						if !e.Verified || e.Lease.Granted != time.Hour || !e.Lease.Known {
							t.Errorf("entry %+v", e)
						}
					}
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
					if got := h.table(); len(got) != 0 {
						t.Errorf("after close: %v", got)
					}
				})
			})
		}
	}
}

// A healthy gateway is asked nothing that it need not be asked: after the search, six exchanges.
func TestMapExchanges(t *testing.T) {
	want := []string{"GET /description.xml", "GetStatusInfo", "GetExternalIPAddress", "GetSpecificPortMappingEntry", "AddPortMapping",
		"GetSpecificPortMappingEntry"}
	for version := 1; version <= 2; version++ {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: version})
			m, err := client.Map(t.Context(), client.Request{InternalPort: 8080}, client.Options{Net: h.pc})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range m.Trace() {
				if s.Known != (s.Action == "GetExternalIPAddress") {
					t.Errorf("version %d: known %v: %v", version, s.Known, s)
				}
			}
			var got []string
			for _, e := range h.Journal() {
				if e.Kind == "http.request" || e.Kind == "soap.call" {
					got = append(got, e.Name)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("version %d (-want +got):\n%s", version, diff)
			}
		})
	}
}

// What the search read of a gateway that was found long ago is not believed: its address is asked for again.
func TestMapLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		g, err := client.Find(t.Context(), client.Options{Net: h.pc})
		if err != nil {
			t.Fatal(err)
		}
		h.SetExternalIP(netip.MustParseAddr("45.66.77.99"))
		<-time.After(time.Minute)
		m, err := g.Map(t.Context(), client.Request{InternalPort: 8080})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.External().String(); got != "45.66.77.99:8080" {
			t.Errorf("external %s", got)
		}
		for _, s := range m.Trace() {
			if s.Known {
				t.Errorf("known: %v", s)
			}
		}
	})
}

// A lease of version 2 is never endless: 0 becomes a week (WANIPConnection:2 §2.5.16), and we say so.
func TestMapPermanent(t *testing.T) {
	for version, want := range map[int]string{1: "permanent", 2: "168h0m0s"} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: version})
			m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Permanent: true}, client.Options{Net: h.pc})
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Entries()[0].Lease.String(); got != want {
				t.Errorf("version %d: %s, want %s", version, got, want)
			}
		})
	}
}

func TestMapOnlyPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1, Policy: emulator.Policy{Leases: emulator.LeasePolicy{Accept: "permanent"}}})
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8080}, client.Options{Net: h.pc})
		if err != nil {
			t.Fatal(err)
		}
		if e := m.Entries()[0]; !e.Lease.Permanent() || !e.Expires.IsZero() {
			t.Errorf("entry %+v", e)
		}
	})
}

func TestMapOwned(t *testing.T) {
	for version := 1; version <= 2; version++ {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: version})
			theirs, err := client.Map(t.Context(), client.Request{InternalPort: 9, ExternalPort: 8080, Description: "camera"},
				client.Options{Net: h.host("camera", "192.168.1.20/24")})
			if version == 2 {
				// Version 2 keeps low ports to itself, so the camera needs a high one.
				if fault, ok := errors.AsType[*soap.Error](err); !ok || fault.Code != soap.ActionNotAuthorized {
					t.Errorf("internal port 9: got %v, want 606", err)
				}
				theirs, err = client.Map(t.Context(), client.Request{InternalPort: 9000, ExternalPort: 8080, Description: "camera"},
					client.Options{Net: h.host("camera2", "192.168.1.21/24")})
			}
			if err != nil {
				t.Fatal(err)
			}
			before := h.table()

			req := client.Request{Protocol: "both", InternalPort: 8080}
			_, err = client.Map(t.Context(), req, client.Options{Net: h.pc})
			owned, ok := errors.AsType[*client.OwnedError](err)
			if !ok || owned.Owner.Description != "camera 8080 TCP" || owned.Owner.InternalPort != theirs.Entries()[0].Internal.Port() {
				t.Fatalf("got %v, want the camera as owner", err)
			}
			if me, ok := errors.AsType[*client.MapError](err); !ok || len(me.Trace) == 0 {
				t.Errorf("%v has no trace", err)
			}
			if diff := cmp.Diff(before, h.table()); diff != "" {
				t.Errorf("table (-before +after):\n%s", diff)
			}

			req.AnyPort = true
			m, err := client.Map(t.Context(), req, client.Options{Net: h.pc})
			if err != nil {
				t.Fatal(err)
			}
			if m.External().Port() != 8081 || len(m.Entries()) != 2 {
				t.Errorf("entries %v", m.Entries())
			}
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, h.table()); diff != "" {
				t.Errorf("table (-before +after):\n%s", diff)
			}
		})
	}
}

// Requests at the same time get ports of their own: on one Gateway, and as programs that share a journal. A gateway of version 1 would let each take the
// port of the one before.
func TestMapTogether(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version int
		journal bool // each is a Client of its own, as in a process of its own
	}{{"version 1", 1, false}, {"version 2", 2, false}, {"version 1, by a journal", 1, true}, {"version 2, by a journal", 2, true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: tt.version})
				o := client.Options{Net: h.pc, Warn: func(err error) { t.Error(err) }}
				if tt.journal {
					o.Journal = filepath.Join(t.TempDir(), "ports.json")
				}
				g, err := client.Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				var mu sync.Mutex
				told := []string{}
				for i := range uint16(8) {
					wg.Go(func() {
						req := client.Request{InternalPort: 9000 + i, ExternalPort: 8080, AnyPort: true}
						open := g.Map
						if tt.journal {
							open = client.New(o).Map
						}
						m, err := open(t.Context(), req)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						defer mu.Unlock()
						told = append(told, fmt.Sprintf("%d -> %d", m.External().Port(), req.InternalPort))
					})
				}
				wg.Wait()
				open := []string{}
				for _, m := range h.Mappings() {
					open = append(open, fmt.Sprintf("%d -> %d", m.ExternalPort, m.InternalPort))
				}
				slices.Sort(told)
				slices.Sort(open)
				if len(open) != 8 || !slices.Equal(told, open) {
					t.Errorf("told %v, open %v", told, open)
				}
			})
		})
	}
}

// When the caller goes away just after the gateway has added the entry, it is removed.
func TestMapCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 2})
		ctx, cancel := context.WithCancel(t.Context())
		h.mu.Lock()
		h.onMap = cancel
		h.mu.Unlock()
		_, err := client.Map(ctx, client.Request{Protocol: "both", InternalPort: 8080}, client.Options{Net: h.pc})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if got := h.table(); len(got) != 0 || h.counts()[emulator.MappingAdded] != 1 {
			t.Errorf("table %v after %v", got, h.counts())
		}
	})
}
