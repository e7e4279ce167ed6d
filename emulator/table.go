package emulator

import (
	"container/heap"
	"net/netip"
	"time"
)

// table is the port mapping table: who owns what, in which order, until when. It knows no policy.
type table struct {
	byKey  map[key]*entry
	ports  map[portKey]portUse
	order  sequence
	leases leaseHeap
}

// entry is one mapping with its places in the table.
type entry struct {
	Mapping
	slot  int // in the sequence
	lease int // in the heap; -1 when permanent
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

// put adds m, or overwrites the entry of the same key in its place. The caller has seen to it that no other client holds the port.
func (t *table) put(m Mapping) (added bool) {
	e := t.byKey[m.key()]
	if e == nil {
		e = &entry{lease: -1}
		t.byKey[m.key()] = e
		t.order.append(e)
		p := portKey{m.ExternalPort, m.Protocol}
		t.ports[p] = portUse{m.InternalClient, t.ports[p].entries + 1}
		added = true
	}
	e.Mapping = m
	t.schedule(e)
	return added
}

func (t *table) schedule(e *entry) {
	switch {
	case e.Expires.IsZero() && e.lease >= 0:
		heap.Remove(&t.leases, e.lease)
	case e.Expires.IsZero():
	case e.lease >= 0:
		heap.Fix(&t.leases, e.lease)
	default:
		heap.Push(&t.leases, e)
	}
}

func (t *table) remove(e *entry) {
	delete(t.byKey, e.key())
	t.order.remove(e)
	if e.lease >= 0 {
		heap.Remove(&t.leases, e.lease)
	}
	p := portKey{e.ExternalPort, e.Protocol}
	use := t.ports[p]
	if use.entries--; use.entries == 0 {
		delete(t.ports, p)
	} else {
		t.ports[p] = use
	}
}

// due is the entry that expires first, if it has expired at now.
func (t *table) due(now time.Time) *entry {
	if len(t.leases) == 0 || t.leases[0].Expires.After(now) {
		return nil
	}
	return t.leases[0]
}

// next is when the first entry expires; zero when none does.
func (t *table) next() time.Time {
	if len(t.leases) == 0 {
		return time.Time{}
	}
	return t.leases[0].Expires
}

// leaseHeap has the entry that expires first on top; of two, the one added first.
type leaseHeap []*entry

func (h leaseHeap) Len() int { return len(h) }
func (h leaseHeap) Less(i, j int) bool {
	if !h[i].Expires.Equal(h[j].Expires) {
		return h[i].Expires.Before(h[j].Expires)
	}
	return h[i].slot < h[j].slot
}
func (h leaseHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].lease, h[j].lease = i, j
}
func (h *leaseHeap) Push(x any) {
	e := x.(*entry)
	e.lease = len(*h)
	*h = append(*h, e)
}
func (h *leaseHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.lease = -1
	return e
}
