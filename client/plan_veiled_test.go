package client

import (
	"context"
	"errors"
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

// A client may be shown in another way than it was sent, or be another one.
func TestPlanOtherClient(t *testing.T) {
	const (
		ip, get, add, del = "GetExternalIPAddress", "GetSpecificPortMappingEntry", "AddPortMapping", "DeletePortMapping"
	)
	as := func(client string) func(*PortMapping) { return func(m *PortMapping) { m.InternalClient = client } }
	testPlans(t, []plan{
		{
			name:  "by its name",
			gw:    fakeGateway{veil: as("mypc")},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			doubt: true,
		}, {
			name:  "with zeros before the numbers",
			gw:    fakeGateway{veil: as("192.168.001.010")},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "as another host: no trail of ports stays open",
			gw:    fakeGateway{veil: as("10.0.0.5")},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: owned",
				get + " 8081/TCP: free", add + " 8081/TCP: accepted", get + " 8081/TCP: owned",
				del + " 8080/TCP: deleted", get + " 8080/TCP: free", del + " 8081/TCP: deleted", get + " 8081/TCP: free"},
			bad: "the gateway forwards port 8081/tcp to 10.0.0.5 instead of 192.168.1.10",
		},
	})
}

// Another program's add comes just after ours, on a gateway that lets the last one win: it keeps the port, and we take the next.
func TestPlanOvertaken(t *testing.T) {
	for name, other := range map[string]PortMapping{
		"igdkit on this host":    rowOf(8080, "TCP", us, 1111, "igdkit 8080 TCP"),
		"igdkit on another host": rowOf(8080, "TCP", them, 8080, "igdkit 8080 TCP"),
		"another program":        rowOf(8080, "TCP", us, 1111, "Transmission"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &fakeGateway{address: "203.0.113.7"}
				gw.after = func(a string, m PortMapping) error {
					if a == "AddPortMapping" && m.ExternalPort == 8080 {
						gw.put(other)
					}
					return nil
				}
				m := gw.mapping(Request{InternalPort: 7070, ExternalPort: 8080, AnyPort: true})
				if err := m.openOnce(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := gw.table(); !slices.Equal(got, []string{text(other), `8081/tcp 192.168.1.10:7070 "igdkit 8081 TCP"`}) {
					t.Error(got)
				}
			})
		})
	}
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
		noted(t, gw, path, Request{}).gw.journal.moved(t.Context(), taken)
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

// What a program of this user is opening, or has opened since we looked, is taken; what a crash left unanswered is not.
func TestJournalClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw, path := &fakeGateway{}, filepath.Join(t.TempDir(), "ports.json")
		j := noted(t, gw, path, Request{}).gw.journal
		at := func(ago time.Duration) slot { return slot{ownership: free, seen: time.Now().Add(-ago)} }
		first, second := rowOf(8080, "TCP", us, 1111, "igdkit 8080 TCP"), rowOf(8080, "TCP", us, 2222, "igdkit 8080 TCP")
		claim := func(name string, m PortMapping, s slot, ok bool) (undo func()) {
			t.Helper()
			undo, err := j.note(t.Context(), s, m)
			if owned, isOwned := errors.AsType[*OwnedError](err); (err == nil) != ok || err != nil && (!isOwned || owned.Owner.InternalPort == m.InternalPort) {
				t.Errorf("%s: %v", name, err)
			}
			return undo
		}
		undo := claim("nobody's", first, at(0), true)
		time.Sleep(time.Second)
		claim("it is being opened", second, at(0), false)
		claim("to the same place", first, at(0), true)()
		undo() // refused
		claim("it was refused", second, at(0), true)()
		claim("nobody's again", first, at(0), true)
		time.Sleep(time.Second)
		h := heldOf(first, first, 0, time.Now())
		h.shown = true
		j.hold(t.Context(), []held{h}, "")
		time.Sleep(time.Second)
		claim("opened since we looked", second, at(2*time.Second), false)
		undo = claim("opened before we looked, and gone", second, at(0), true)
		undo()
		h.shown = false
		j.hold(t.Context(), []held{h}, "")
		time.Sleep(time.Second)
		claim("opened, and not shown", second, at(0), false)
		j.strike(t.Context(), first.Key())
		claim("closed", first, at(0), true)
		time.Sleep(pendingLasts)
		claim("what a crash left", second, at(0), true)
	})
}

// What is shown and switched off is told as that.
func TestPlanDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []bool{false, true} {
			gw := &fakeGateway{veil: func(m *PortMapping) { m.Enabled = !off }}
			m := gw.mapping(Request{InternalPort: 8080})
			if err := m.openOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			if e := m.Entries()[0]; e.Disabled != off || e.Verified == off {
				t.Errorf("switched off %v: %+v", off, e)
			}
		}
	})
}
