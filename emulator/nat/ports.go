package nat

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"
)

// pool is the ports of one external address that are taken.
type pool [(math.MaxUint16 + 1) / 64]uint64

func (p *pool) take(port uint16) { p[port/64] |= 1 << (port % 64) }
func (p *pool) give(port uint16) { p[port/64] &^= 1 << (port % 64) }

func (p *pool) taken(port uint16) bool { return p[port/64]&(1<<(port%64)) != 0 }

// parity is a mask over ports, of 64 each.
type parity uint64

const (
	anyParity parity = math.MaxUint64
	even      parity = 0x5555555555555555
	odd       parity = ^even
)

// lowest is the first free port of first to last that mask has; 0: none.
func (p *pool) lowest(first, last uint16, mask parity) uint16 {
	for w := first / 64; w <= last/64; w++ {
		free := ^p[w] & uint64(mask)
		if w == first/64 {
			free &= math.MaxUint64 << (first % 64)
		}
		if w == last/64 {
			free &= math.MaxUint64 >> (63 - last%64)
		}
		if free != 0 {
			return w*64 + uint16(bits.TrailingZeros64(free))
		}
	}
	return 0
}

// span is ports from first to last.
type span struct{ first, last uint16 }

func (s span) has(port uint16) bool { return s.first <= port && port <= s.last }

// free is the first free port from start on, beginning anew at the end; 0: none.
func (s span) free(p *pool, start uint16, mask parity) uint16 {
	if !s.has(start) {
		start = s.first
	}
	if port := p.lowest(start, s.last, mask); port != 0 {
		return port
	}
	return p.lowest(s.first, start, mask)
}

func (t *Table) pool(a netip.Addr) *pool {
	p := t.pools[a]
	if p == nil {
		p = &pool{}
		t.pools[a] = p
	}
	return p
}

// choosePort takes a port of the external address for an internal end; false: there is none left.
func (t *Table) choosePort(a netip.Addr, internal netip.AddrPort) (uint16, bool) {
	p, want, all := t.pool(a), internal.Port(), span{t.options.FirstPort, t.options.LastPort}
	if t.options.Ports == Overload {
		p.take(want)
		return want, true
	}
	if t.options.Ports == Preserve && all.has(want) && (!p.taken(want) || t.own(netip.AddrPortFrom(a, want), internal)) {
		p.take(want)
		return want, true
	}
	near := all // REQ-3a
	if want < 1024 {
		near.last = min(near.last, 1023)
	} else {
		near.first = max(near.first, 1024)
	}
	mask := anyParity
	if t.options.Parity {
		if mask = even; want%2 == 1 {
			mask = odd
		}
	}
	for _, try := range []struct {
		of   span
		mask parity
	}{{near, mask}, {near, anyParity}, {all, mask}, {all, anyParity}} {
		if try.of.first > try.of.last {
			continue
		}
		if port := try.of.free(p, t.start(try.of, want), try.mask); port != 0 {
			p.take(port)
			t.next[half(want)] = port + 1
			return port, true
		}
	}
	return 0, false
}

// half is 0 for the ports that are well known, and 1 for those above.
func half(port uint16) int {
	if port < 1024 {
		return 0
	}
	return 1
}

// reserve takes the port of a static mapping.
func (t *Table) reserve(at netip.AddrPort) {
	if t.options.Kind == Translating {
		t.pool(at.Addr()).take(at.Port())
	}
}

// release gives back a port, unless another mapping has it.
func (t *Table) release(at netip.AddrPort) {
	if t.options.Kind == Translating && t.external[endOf(at)] == nil && t.reserved[at] == 0 {
		t.pool(at.Addr()).give(at.Port())
	}
}

// start is the port of s at which to begin to look.
func (t *Table) start(s span, want uint16) uint16 {
	switch t.options.Ports {
	case Sequential:
		return t.next[half(want)]
	case Random:
		high, _ := bits.Mul64(t.random.Uint64(), uint64(s.last-s.first)+1)
		return s.first + uint16(high)
	}
	return want + 1
}

// own tells whether port at is taken by a static mapping alone, that leads any remote host to internal: what internal sends may
// leave from there too.
func (t *Table) own(at, internal netip.AddrPort) bool {
	m := t.static[staticKey{at, netip.Addr{}}]
	return m != nil && m.internal == internal && t.external[endOf(at)] == nil
}

// host is what is kept of an internal address; nil: there is no external address left for it.
func (t *Table) host(internal netip.Addr) *host {
	if h := t.hosts[internal]; h != nil {
		return h
	}
	h := &host{external: internal}
	switch t.options.Kind {
	case OneToOne:
		var ok bool
		if h.external, ok = t.Bind(internal); !ok {
			return nil
		}
	case Translating:
		h.external = t.pair()
	}
	t.hosts[internal] = h
	return h
}

// pair is the external address that fewest hosts have.
func (t *Table) pair() netip.Addr {
	all := t.options.External
	if len(all) == 1 {
		return all[0]
	}
	count := make(map[netip.Addr]int, len(all))
	for _, h := range t.hosts {
		count[h.external]++
	}
	return slices.MinFunc(all, func(a, b netip.Addr) int { return count[a] - count[b] })
}

// Address is the external address by which an internal one leaves now, also by other protocols, which have no port here; false: none
// is left for it.
func (t *Table) Address(internal netip.Addr) (netip.Addr, bool) {
	switch t.options.Kind {
	case OneToOne:
		return t.Bind(internal)
	case Plain:
		return internal, true
	}
	if h := t.hosts[internal]; h != nil {
		return h.external, true
	}
	if len(t.options.External) == 0 { // it blocks
		return netip.Addr{}, false
	}
	return t.pair(), true
}

// forget ends what is kept of a host that has no mappings.
func (t *Table) forget(internal netip.Addr, h *host) {
	if h.mappings == 0 {
		delete(t.hosts, internal)
	}
}

// Bind is the external address of an internal one under OneToOne, which it has from then on for good; false: none is left. Hosts that
// are to be reached before they send anything are bound so. Otherwise it is false.
func (t *Table) Bind(internal netip.Addr) (netip.Addr, bool) {
	if t.options.Kind != OneToOne {
		return netip.Addr{}, false
	}
	for _, a := range t.options.External {
		if t.bound[a] == internal {
			return a, true
		}
	}
	for _, a := range t.options.External {
		if _, taken := t.bound[a]; !taken && a.Is4() == internal.Is4() {
			t.bound[a] = internal
			return a, true
		}
	}
	return netip.Addr{}, false
}

// identity is the source of what leaves when no port is translated and no filter asks.
func (t *Table) identity(src netip.AddrPort) (netip.AddrPort, Verdict) {
	if t.options.Kind == Plain {
		return src, Passed
	}
	a, ok := t.Bind(src.Addr())
	if !ok {
		return netip.AddrPort{}, NoAddressLeft
	}
	return netip.AddrPortFrom(a, src.Port()), Passed
}
