package emulator

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// table is the port mapping table: who owns what, in which order, until when. It knows no policy.
type table struct {
	byKey  map[key]*entry
	ports  map[portKey]portUse
	order  sequence
	leases agenda[*entry]

	carrier carrier // nil: nobody
}

// carrier is told of every change of a table, because what carries the bytes of a mapping has to open and close with it. It is
// called under the gateway's lock.
type carrier interface {
	opened(*entry) // added, or overwritten in its place; it sets Reach
	closed(*entry) // taken out
}

// entry is one mapping with its places in the table.
type entry struct {
	Mapping
	added time.Time // first; overwriting it does not change that
	slot  int       // in the sequence
	lease int       // in the heap; -1 when permanent

	used atomic.Bool // something has passed through it since this was reset
	door *door       // of the plane; nil: none
}

type portKey struct {
	port     uint16
	protocol string
}

// portUse is who holds a port. All entries of one port and protocol have one client, whatever their remote hosts.
type portUse struct {
	client  netip.Addr
	entries int
}

func newTable() table {
	return table{byKey: map[key]*entry{}, ports: map[portKey]portUse{}}
}

func (t *table) len() int { return t.order.live }

func (t *table) get(k key) *entry { return t.byKey[k] }

// holder is the client that has mappings on a port; zero when it is free.
func (t *table) holder(port uint16, protocol string) netip.Addr {
	return t.ports[portKey{port, protocol}].client
}

// put adds m, or overwrites the entry of the same key in its place. The caller has seen to it that no other client holds
// the port.
func (t *table) put(m Mapping) (e *entry, added bool) {
	e = t.byKey[m.key()]
	if e == nil {
		e = &entry{lease: -1}
		t.byKey[m.key()] = e
		t.order.append(e)
		p := portKey{m.ExternalPort, m.Protocol}
		t.ports[p] = portUse{m.InternalClient, t.ports[p].entries + 1}
		added = true
	}
	m.Reach = e.Reach
	e.Mapping = m
	t.schedule(e)
	if t.carrier != nil {
		t.carrier.opened(e)
	}
	return e, added
}

func (t *table) schedule(e *entry) {
	switch {
	case e.Expires.IsZero() && e.lease >= 0:
		t.leases.remove(e)
	case e.Expires.IsZero():
	case e.lease >= 0:
		t.leases.moved(e)
	default:
		t.leases.add(e)
	}
}

func (t *table) remove(e *entry) {
	delete(t.byKey, e.key())
	t.order.remove(e)
	if e.lease >= 0 {
		t.leases.remove(e)
	}
	p := portKey{e.ExternalPort, e.Protocol}
	use := t.ports[p]
	if use.entries--; use.entries == 0 {
		delete(t.ports, p)
	} else {
		t.ports[p] = use
	}
	if t.carrier != nil {
		t.carrier.closed(e)
	}
}

// clear takes everything out at once.
func (t *table) clear() {
	old := *t
	*t = newTable()
	if t.carrier = old.carrier; t.carrier == nil {
		return
	}
	for e := range old.order.all {
		t.carrier.closed(e)
	}
}

// outlive takes the lease of e off the list of those that end, without ending it.
func (t *table) outlive(e *entry) { t.leases.remove(e) }

// due is the entry that expires first, if it has expired at now.
func (t *table) due(now time.Time) *entry {
	if t.leases.empty() || t.leases.first().Expires.After(now) {
		return nil
	}
	return t.leases.first()
}

// next is when the first entry expires; zero when none does.
func (t *table) next() time.Time {
	if t.leases.empty() {
		return time.Time{}
	}
	return t.leases.first().Expires
}

// before reports whether e expires before f; of two that expire together, the one added first goes first.
func (e *entry) before(f *entry) bool {
	if !e.Expires.Equal(f.Expires) {
		return e.Expires.Before(f.Expires)
	}
	return e.slot < f.slot
}

func (e *entry) place() *int { return &e.lease }
