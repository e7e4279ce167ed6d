package client

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huin/goupnp"
)

// portless shows no internal port, as miniupnpd 2.3.0 does.
func portless(m *PortMapping) { m.InternalPort = 0 }

// placeless shows neither client nor internal port.
func placeless(m *PortMapping) { m.InternalClient, m.InternalPort = "0.0.0.0", 0 }

// On a gateway that does not show where an entry leads, only what was opened from here is ours, whatever is written on the others.
func TestPlanVeiled(t *testing.T) {
	theirs, other := rowOf(8080, "TCP", them, 8080, "igdkit 8080 TCP"), rowOf(8080, "TCP", us, 9090, "igdkit 8080 TCP")
	const (
		ip, get, add, addAny = "GetExternalIPAddress", "GetSpecificPortMappingEntry", "AddPortMapping", "AddAnyPortMapping"
	)
	testPlans(t, []plan{
		{
			name:  "free port, neither client nor port shown",
			gw:    fakeGateway{veil: placeless},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			doubt: true,
		}, {
			name: "a lost answer to an add",
			gw: fakeGateway{veil: placeless, after: func(a string, _ PortMapping) error {
				if a == add {
					return errReset
				}
				return nil
			}},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: no answer", get + " 8080/TCP: ours", get + " 8080/TCP: ours"},
			doubt: true,
		}, {
			name:  "igdkit on another host, neither client nor port shown",
			gw:    fakeGateway{veil: placeless},
			rows:  []PortMapping{theirs},
			req:   Request{InternalPort: 8080},
			table: []string{text(theirs)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned"},
			bad:   `port 8080/tcp is taken ("igdkit 8080 TCP"), and the gateway does not show where it leads`,
		}, {
			name:  "igdkit on this host, to another port",
			gw:    fakeGateway{veil: portless},
			rows:  []PortMapping{other},
			req:   Request{InternalPort: 7070, ExternalPort: 8080, AnyPort: true},
			table: []string{text(other), `8081/tcp 192.168.1.10:7070 "igdkit 8081 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned", get + " 8081/TCP: free", add + " 8081/TCP: accepted", get + " 8081/TCP: ours"},
			doubt: true,
		},
	})
}

// noted is a mapping of a program whose journal is path; two of one path are two processes of one user.
func noted(t *testing.T, gw *fakeGateway, path string, req Request) *Mapping {
	t.Helper()
	o := New(Options{Journal: path, Warn: func(err error) { t.Error(err) }}).options
	on := func() *peer {
		p := gw.peer()
		p.location = "http://192.168.1.1:5000/desc.xml"
		p.journal = (&Gateway{Root: new(goupnp.RootDevice), Location: p.location, options: o}).journal()
		return p
	}
	m := newMapping(req.defaults(mapLease), o, func(context.Context, *peer) (*peer, error) { return on(), nil })
	m.use(on())
	return m
}

// There the journal knows what this user has opened, and where that leads.
func TestVeiledJournal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // how long after the first program, whose lease is an hour
		port  uint16        // that leads to port 9090 for the first
		ok    bool
	}{
		{"the same port", 0, 9090, true},
		{"another port", 0, 7070, false},
		{"the same port, after the lease", time.Hour, 9090, false}, // what is there is somebody else's
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw, path := &fakeGateway{address: "203.0.113.7", veil: placeless}, filepath.Join(t.TempDir(), "ports.json")
				first := noted(t, gw, path, Request{InternalPort: 9090, ExternalPort: 8080, Lease: time.Hour})
				if err := first.openOnce(t.Context()); err != nil {
					t.Fatal(err)
				}
				if tt.after > 0 {
					time.Sleep(tt.after + time.Second)
					gw.put(rowOf(8080, "TCP", them, 9090, "igdkit 8080 TCP"))
				}
				before := gw.table()
				second := noted(t, gw, path, Request{InternalPort: tt.port, ExternalPort: 8080, Lease: time.Hour})
				if err := second.openOnce(t.Context()); (err == nil) != tt.ok {
					t.Errorf("got %v", err)
				}
				if got := gw.table(); !slices.Equal(got, before) {
					t.Errorf("the table was %v, and is %v", before, got)
				}
				if tt.after == 0 {
					return
				}
				if err := first.Close(t.Context()); err != nil || len(gw.table()) == 0 {
					t.Errorf("close gave %v and left %v", err, gw.table())
				}
			})
		})
	}
}

// A keeper whose row was taken over by another process of this user says so, and leaves it alone at its end.
func TestVeiledTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw, path := &fakeGateway{address: "203.0.113.7", veil: portless}, filepath.Join(t.TempDir(), "ports.json")
		m := noted(t, gw, path, Request{InternalPort: 9090, ExternalPort: 8080})
		m.Keep(t.Context())
		wantKinds(t, m, "mapped")
		taken := rowOf(8080, "TCP", us, 7070, "igdkit 8080 TCP")
		noted(t, gw, path, Request{}).gw.journal.note(t.Context(), taken)
		gw.put(taken)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if ks := kinds(m); len(ks) == 0 || ks[0] != "lost" || len(m.Entries()) > 0 {
			t.Errorf("%v, %v", ks, m.Entries())
		}
		if err := m.Close(t.Context()); err != nil || !slices.Equal(gw.table(), []string{text(taken)}) {
			t.Errorf("close gave %v and left %v", err, gw.table())
		}
	})
}
