package emulator

import (
	"iter"
	"net/netip"
	"sync/atomic"
	"time"
)

// table is the port mapping table: who owns what, in which order, until when. It knows no policy.
type table struct {
	byKey      map[key]*entry // the first of its key
	ports      map[portKey]portUse
	order      sequence
	leases     agenda[*entry]
	duplicates int // entries whose key another had before

	carrier carrier // nil: nobody
}

// carrier is told of every change of a table, because what carries the bytes of a mapping has to open and close with it. It is
// called under the gateway's lock.
type carrier interface {
	opened(*entry) // added, or overwritten in its place; it sets Reach
	closed(*entry) // taken out
	counted()      // entry.used, and the traffic of connections, are to be what they are now
}

// entry is one mapping with its places in the table.
type entry struct {
	Mapping
	added time.Time // for this client; a renewal does not change that
	slot  int       // in the sequence
	lease int       // in the heap; -1 when permanent

	next, prev *entry // of the same port and protocol

	asker netip.Addr  // who called for it; zero: nobody did, it was set up
	used  atomic.Bool // something has passed through it since this was reset

	door    *door // of the plane; nil: none
	barred  bool  // the plane sends nothing to its client
	flushed bool  // it does not forward until it is stored again
}

type portKey struct {
	port     uint16
	protocol string
}

// portUse are the entries of one port and protocol, in the order in which they were added.
type portUse struct{ first, last *entry }

func newTable() table {
	return table{byKey: map[key]*entry{}, ports: map[portKey]portUse{}}
}

func (t *table) len() int { return t.order.live }

// get is the first entry of a key.
func (t *table) get(k key) *entry { return t.byKey[k] }

// find is the entry of a key that leads to client.
func (t *table) find(k key, client netip.Addr) *entry {
	e := t.byKey[k]
	for e != nil && (e.key() != k || e.InternalClient != client) {
		if t.duplicates == 0 {
			return nil
		}
		e = e.next
	}
	return e
}

// first is the oldest entry of a port, whatever its remote host; nil when the port is free.
func (t *table) first(port uint16, protocol string) *entry {
	return t.ports[portKey{port, protocol}].first
}

// holder is the client of that entry; zero when the port is free.
func (t *table) holder(port uint16, protocol string) netip.Addr {
	if e := t.first(port, protocol); e != nil {
		return e.InternalClient
	}
	return netip.Addr{}
}

// of yields the entries of a port. The table must not change meanwhile.
func (t *table) of(port uint16, protocol string) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for e := t.first(port, protocol); e != nil; e = e.next {
			if !yield(e) {
				return
			}
		}
	}
}

// add puts m behind all others, also when its key is taken.
func (t *table) add(m Mapping) *entry { return t.addFor(netip.Addr{}, m) }

// addFor is add for a caller.
func (t *table) addFor(asker netip.Addr, m Mapping) *entry {
	e := &entry{Mapping: m, asker: asker, lease: -1}
	first := t.byKey[m.key()] == nil
	if first {
		t.byKey[m.key()] = e
	} else {
		t.duplicates++
	}
	t.order.append(e)
	p := portKey{m.ExternalPort, m.Protocol}
	use := t.ports[p]
	if use.last == nil {
		use.first = e
	} else {
		use.last.next, e.prev = e, use.last
	}
	use.last = e
	t.ports[p] = use
	t.schedule(e)
	if first {
		t.carry(e)
	}
	return e
}

// count brings entry.used, and traffic, up to date.
func (t *table) count() {
	if t.carrier != nil {
		t.carrier.counted()
	}
}

// carry tells the carrier of an entry that is the first of its key: no other gets any bytes.
func (t *table) carry(e *entry) {
	if t.carrier != nil {
		t.carrier.opened(e)
	}
}

// carryAll tells the carrier that all entries may have changed.
func (t *table) carryAll() {
	for e := range t.order.all {
		if t.byKey[e.key()] == e {
			t.carry(e)
		}
	}
}

// replace puts m, which must have the key of e, in the place of e.
func (t *table) replace(e *entry, m Mapping) {
	m.Reach = e.Reach
	e.Mapping, e.flushed = m, false
	t.schedule(e)
	if t.byKey[e.key()] == e {
		t.carry(e)
	}
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
	carried, heir := t.forget(e)
	t.order.remove(e)
	if e.lease >= 0 {
		t.leases.remove(e)
	}
	p := portKey{e.ExternalPort, e.Protocol}
	use := t.ports[p]
	if e.prev == nil {
		use.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		use.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	if use.first == nil {
		delete(t.ports, p)
	} else {
		t.ports[p] = use
	}
	if t.carrier == nil || !carried {
		return
	}
	t.carrier.closed(e)
	if heir != nil {
		t.carrier.opened(heir)
	}
}

// outlive takes the lease of e off the list of those that end, without ending it.
func (t *table) outlive(e *entry) { t.leases.remove(e) }

// forget takes e out of byKey, and reports whether it was there: the first of its key. The next of its key takes its place.
func (t *table) forget(e *entry) (first bool, heir *entry) {
	k := e.key()
	if t.byKey[k] != e {
		t.duplicates--
		return false, nil
	}
	delete(t.byKey, k)
	for next := e.next; next != nil && t.duplicates > 0; next = next.next {
		if next.key() == k {
			t.byKey[k] = next
			t.duplicates--
			return true, next
		}
	}
	return true, nil
}

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
