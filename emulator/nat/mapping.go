package nat

import (
	"container/heap"
	"net/netip"
	"slices"
	"time"
)

// mapping is a static mapping, or one that a packet out has made.
type mapping struct {
	key                        inside
	internal, remote, external netip.AddrPort // remote: as much of it as the mapping depends on
	static                     bool
	older                      *mapping // Overload: another one of the same external port
	aged                       node
}

// flow is what came of a packet between a mapping and a remote side: the permission for that side to get in, or, for a static
// mapping, that the answers leave by it.
type flow struct {
	by       *mapping
	remote   end
	internal end            // of a static mapping's
	external netip.AddrPort // of a static mapping's
	aged     node
}

// host is what the table keeps of an internal address.
type host struct {
	external netip.Addr
	mappings int
	capped   bool // told since there was room for one more of it
}

// make is a new mapping for key.
func (t *Table) make(key inside, internal, remote netip.AddrPort) (*mapping, Verdict) {
	h := t.host(internal.Addr())
	if h == nil {
		return nil, NoAddressLeft
	}
	external, v := t.choose(h, internal)
	if v != Passed {
		t.forget(internal.Addr(), h)
		t.refused(internal, v)
		return nil, v
	}
	at := endOf(external)
	m := &mapping{key: key, internal: internal, remote: remote, external: external, older: t.external[at]}
	m.aged.mapping = m
	t.age(&m.aged)
	t.internal[key], t.external[at] = m, m
	h.mappings++
	t.mappings++
	t.tell(Made, m)
	return m, Passed
}

// choose is the external end of a new mapping.
func (t *Table) choose(h *host, internal netip.AddrPort) (netip.AddrPort, Verdict) {
	switch {
	case t.mappings >= t.options.MaxMappings:
		return netip.AddrPort{}, Full
	case t.options.MaxPerHost > 0 && h.mappings >= t.options.MaxPerHost:
		return netip.AddrPort{}, HostFull
	case t.options.Kind != Translating:
		return netip.AddrPortFrom(h.external, internal.Port()), Passed
	}
	port, ok := t.choosePort(h.external, internal)
	if !ok {
		return netip.AddrPort{}, NoPortLeft
	}
	return netip.AddrPortFrom(h.external, port), Passed
}

// permit lets remote use m, as far as filtering asks.
func (t *Table) permit(m *mapping, remote netip.AddrPort) Verdict {
	if t.options.implied() {
		return Passed
	}
	key := allowed{m, endOf(t.options.permission(remote))}
	if f := t.flows[key]; f != nil {
		if t.renews(Outbound) {
			t.renew(&f.aged)
		}
		return Passed
	}
	if !t.room() {
		t.refused(m.internal, Full)
		return Full
	}
	f := &flow{by: m, remote: key.remote}
	f.aged.flow = f
	t.age(&f.aged)
	t.flows[key] = f
	return Passed
}

// admits tells whether something was sent by m to where remote is, as far as filtering asks.
func (t *Table) admits(m *mapping, remote netip.AddrPort) bool {
	if t.options.implied() {
		return t.options.permission(m.remote) == t.options.permission(remote)
	}
	f := t.flows[allowed{m, endOf(t.options.permission(remote))}]
	if f == nil {
		return false
	}
	if t.renews(Inbound) {
		t.renew(&f.aged)
	}
	return true
}

// room tells whether there may be another flow.
func (t *Table) room() bool { return len(t.flows)+len(t.entered) < 4*t.options.MaxMappings }

func (t *Table) dropFlow(f *flow) {
	heap.Remove(&t.aging, f.aged.index)
	if f.by.static {
		if key := (ends{f.internal, f.remote}); t.entered[key] == f {
			delete(t.entered, key)
		}
	} else {
		delete(t.flows, allowed{f.by, f.remote})
	}
	t.roomAgain()
}

// drop ends a mapping that a packet had made.
func (t *Table) drop(m *mapping, why EventKind) {
	heap.Remove(&t.aging, m.aged.index)
	delete(t.internal, m.key)
	t.unlink(m)
	t.release(m.external)
	h := t.hosts[m.internal.Addr()]
	h.mappings--
	h.capped = false
	t.mappings--
	t.forget(m.internal.Addr(), h)
	t.roomAgain()
	t.exhausted = false
	t.tell(why, m)
}

func (t *Table) roomAgain() {
	if t.mappings < t.options.MaxMappings && t.room() {
		t.capped = false
	}
}

// unlink takes m from those of its external port.
func (t *Table) unlink(m *mapping) {
	at := endOf(m.external)
	newest := t.external[at]
	switch {
	case newest == m && m.older == nil:
		delete(t.external, at)
	case newest == m:
		t.external[at] = m.older
	default:
		for newest.older != m {
			newest = newest.older
		}
		newest.older = m.older
	}
}

func (t *Table) tell(kind EventKind, m *mapping) {
	if t.options.Observe != nil {
		t.options.Observe(Event{t.now, kind, m.copy()})
	}
}

// refused tells that a limit is met, once until there is room again: that of a host once for each.
func (t *Table) refused(internal netip.AddrPort, why Verdict) {
	kind, told := Capped, &t.capped
	switch why {
	case NoPortLeft:
		kind, told = Exhausted, &t.exhausted
	case HostFull:
		told = &t.hosts[internal.Addr()].capped
	}
	if *told {
		return
	}
	*told = true
	if t.options.Observe != nil {
		t.options.Observe(Event{t.now, kind, Mapping{Internal: internal}})
	}
}

func (m *mapping) copy() Mapping {
	return Mapping{Internal: m.internal, External: m.external, Remote: m.remote, Static: m.static, Expires: m.aged.expires}
}

// Mappings are copies of all mappings, by external end, then by remote and internal ones.
func (t *Table) Mappings() []Mapping {
	all := []Mapping{}
	for _, m := range t.internal {
		all = append(all, m.copy())
	}
	for _, m := range t.static {
		all = append(all, m.copy())
	}
	slices.SortFunc(all, func(a, b Mapping) int {
		if c := a.External.Compare(b.External); c != 0 {
			return c
		}
		if c := a.Remote.Compare(b.Remote); c != 0 {
			return c
		}
		return a.Internal.Compare(b.Internal)
	})
	return all
}

// Reset ends all mappings but static ones, as a reboot does.
func (t *Table) Reset(now time.Time) {
	t.Expire(now)
	for _, n := range t.aging {
		if n.mapping != nil {
			t.tell(Ended, n.mapping)
		}
	}
	t.clear()
}
