package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// fakeGateway is a mapping table with the rules that real gateways follow: the same client
// overwrites without a word, another one is refused with 718.
type fakeGateway struct {
	address string // external; "" means none
	noAny   bool   // AddAnyPortMapping is refused with 401
	v2      bool
	single  bool                   // one entry for each port number
	forced  bool                   // the internal port becomes the external one
	gives   time.Duration          // lease given whatever is asked; 0: as asked
	ignores func(PortMapping) bool // adds that are answered with success and not done
	hides   func(PortMapping) bool // rows that no action shows
	veil    func(*PortMapping)     // makes of a row what is shown of it; nil: all
	clings  int                    // so many deletes are answered and not done
	denies  bool                   // with 714 instead of success
	booted  time.Time              // what NewUptime counts from; zero: there is none

	// before may fail a call before it does anything, after may lose its answer.
	before, after func(action string, m PortMapping) error

	mu    sync.Mutex
	rows  map[Key]row
	calls []string
	harm  []string // adds and deletes that hit a row which is not igdkit's
	plans mutex
}

type row struct {
	PortMapping
	ends time.Time // zero: permanent
}

func fault(code int) error { return fmt.Errorf("fake: %w", &soap.Error{Code: code}) }

const (
	us   = "192.168.1.10"
	them = "192.168.1.20"
)

// rowOf is a row as another test reads it at a glance: "8080/tcp 192.168.1.20:80 Plex".
func rowOf(port uint16, protocol, client string, internal uint16, description string) PortMapping {
	return PortMapping{ExternalPort: port, Protocol: protocol, InternalClient: client, InternalPort: internal,
		Enabled: true, Description: description, LeaseKnown: true}
}

func (f *fakeGateway) put(ms ...PortMapping) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range ms {
		f.set(m)
	}
}

func (f *fakeGateway) set(m PortMapping) {
	if f.rows == nil {
		f.rows = map[Key]row{}
	}
	r := row{PortMapping: m}
	if m.Lease > 0 {
		r.ends = time.Now().Add(m.Lease)
	}
	f.rows[m.Key()] = r
}

func (f *fakeGateway) drop(k Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.rows, k)
}

func (f *fakeGateway) get(k Key) (PortMapping, bool) {
	r, ok := f.rows[k]
	if !ok {
		return PortMapping{}, false
	}
	if !r.ends.IsZero() {
		r.Lease = time.Until(r.ends).Truncate(time.Second)
		if r.Lease <= 0 {
			delete(f.rows, k)
			return PortMapping{}, false
		}
	}
	r.LeaseKnown = true
	return r.PortMapping, true
}

func (f *fakeGateway) shown(m PortMapping) PortMapping {
	if f.veil != nil {
		f.veil(&m)
	}
	return m
}

// table lists the rows as text, sorted.
func (f *fakeGateway) table() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for k := range f.rows {
		if m, ok := f.get(k); ok {
			out = append(out, text(m))
		}
	}
	slices.Sort(out)
	return out
}

func text(m PortMapping) string {
	return fmt.Sprintf("%s %s:%d %q", spell(m), m.InternalClient, m.InternalPort, m.Description)
}

// call runs one action with its faults around it.
func (f *fakeGateway) call(ctx context.Context, action string, m PortMapping, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.before != nil {
		if err := f.before(action, m); err != nil {
			return err
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, action)
	err := do()
	f.mu.Unlock()
	if err == nil && f.after != nil {
		err = f.after(action, m)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

func (f *fakeGateway) count(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, a := range f.calls {
		if a == action {
			n++
		}
	}
	return n
}

func (f *fakeGateway) ExternalIP(ctx context.Context) (a netip.Addr, err error) {
	err = f.call(ctx, "GetExternalIPAddress", PortMapping{}, func() error {
		a, _ = netip.ParseAddr(f.address)
		return nil
	})
	return a, err
}

func (f *fakeGateway) PortMapping(ctx context.Context, k Key) (m PortMapping, err error) {
	err = f.call(ctx, "GetSpecificPortMappingEntry", PortMapping{RemoteHost: k.RemoteHost, ExternalPort: k.ExternalPort, Protocol: k.Protocol}, func() error {
		var ok bool
		if m, ok = f.get(k); !ok || f.hides != nil && f.hides(m) {
			return fault(soap.NoSuchEntryInArray)
		}
		m = f.shown(m)
		m.RemoteHost = k.RemoteHost // it is no answer
		return nil
	})
	return m, err
}

func (f *fakeGateway) PortMappings(ctx context.Context) iter.Seq2[PortMapping, error] {
	return func(yield func(PortMapping, error) bool) {
		var ms []PortMapping
		err := f.call(ctx, "GetGenericPortMappingEntry", PortMapping{}, func() error {
			for k := range f.rows {
				if m, ok := f.get(k); ok && (f.hides == nil || !f.hides(m)) {
					ms = append(ms, f.shown(m))
				}
			}
			return nil
		})
		for _, m := range ms {
			if err == nil && !yield(m, nil) {
				return
			}
		}
		if err != nil {
			yield(PortMapping{}, err)
		}
	}
}

func (f *fakeGateway) Status(ctx context.Context) (Status, error) {
	s := Status{Connected: true}
	if f.booted.IsZero() {
		return s, nil
	}
	err := f.call(ctx, "GetStatusInfo", PortMapping{}, func() error {
		s.Uptime, s.UptimeKnown = time.Since(f.booted).Truncate(time.Second), true
		return nil
	})
	return s, err
}

func (f *fakeGateway) readTable(ctx context.Context, rows int) (all []PortMapping, err error) {
	for m, err := range f.PortMappings(ctx) {
		if err != nil {
			return all, err
		}
		if all = append(all, m); len(all) >= rows {
			break
		}
	}
	return all, nil
}

func (f *fakeGateway) store(m PortMapping) error {
	if old, ok := f.get(m.Key()); ok && old.InternalClient != m.InternalClient {
		return fault(soap.ConflictInMappingEntry)
	}
	if f.ignores != nil && f.ignores(m) {
		return nil
	}
	if f.gives > 0 {
		m.Lease = f.gives
	}
	f.hit("overwritten", m.Key())
	if f.forced {
		m.InternalPort = m.ExternalPort
	}
	if f.single {
		other := m.Key()
		other.Protocol = map[string]string{"TCP": "UDP", "UDP": "TCP"}[m.Protocol]
		delete(f.rows, other)
	}
	f.set(m)
	return nil
}

func (f *fakeGateway) AddPortMapping(ctx context.Context, m PortMapping) error {
	return f.call(ctx, "AddPortMapping", m, func() error { return f.store(m) })
}

func (f *fakeGateway) AddAnyPortMapping(ctx context.Context, m PortMapping) (uint16, error) {
	err := f.call(ctx, "AddAnyPortMapping", m, func() error {
		if f.noAny {
			return fault(soap.InvalidAction)
		}
		for ; m.ExternalPort != 0; m.ExternalPort++ {
			if f.store(m) == nil {
				return nil
			}
		}
		return fault(soap.NoPortMapsAvailable)
	})
	return m.ExternalPort, err
}

func (f *fakeGateway) DeletePortMapping(ctx context.Context, k Key) error {
	return f.call(ctx, "DeletePortMapping", PortMapping{RemoteHost: k.RemoteHost, ExternalPort: k.ExternalPort, Protocol: k.Protocol}, func() error {
		if _, ok := f.get(k); !ok {
			return fault(soap.NoSuchEntryInArray)
		}
		f.hit("deleted", k)
		if f.clings--; f.clings < 0 {
			delete(f.rows, k)
		} else if f.denies {
			return fault(soap.NoSuchEntryInArray)
		}
		return nil
	})
}

// hit notes that a client's request is about to harm a row.
func (f *fakeGateway) hit(how string, k Key) {
	if m, ok := f.get(k); ok && !strings.HasPrefix(m.Description, describer) {
		f.harm = append(f.harm, how+" "+text(m))
	}
}

func (f *fakeGateway) peer() *peer {
	return &peer{actions: f, local: netip.MustParseAddr(us), anyPort: f.v2, turn: &f.plans}
}

// mapping is an unopened mapping on f.
func (f *fakeGateway) mapping(req Request) *Mapping {
	m := newMapping(req.defaults(mapLease), Options{}, func(context.Context, *peer) (*peer, error) { return f.peer(), nil })
	m.use(f.peer())
	return m
}

var errReset = errors.New("connection reset")

// kept keeps a mapping on gw from now on; find may be nil.
func kept(t *testing.T, gw *fakeGateway, req Request, find func(context.Context, *peer) (*peer, error)) *Mapping {
	t.Helper()
	if find == nil {
		find = func(context.Context, *peer) (*peer, error) { return gw.peer(), nil }
	}
	m := newMapping(req.defaults(keepLease), Options{Rand: rand.New(rand.NewPCG(1, 2))}, find)
	m.Keep(t.Context())
	t.Cleanup(func() { m.Close(context.Background()) })
	return m
}

// kinds drains the events that have come so far.
func kinds(m *Mapping) []string {
	out := []string{}
	for {
		select {
		case e, ok := <-m.Events():
			if !ok {
				return append(out, "closed")
			}
			out = append(out, string(e.Kind))
		default:
			return out
		}
	}
}

// last drains the events and gives the last one.
func last(m *Mapping) Event {
	var last Event
	for {
		select {
		case e, ok := <-m.Events():
			if !ok {
				return last
			}
			last = e
		default:
			return last
		}
	}
}

func wantKinds(t *testing.T, m *Mapping, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(append([]string{}, want...), kinds(m)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
