package emulator

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// segment is one wire: who is attached hears every group it joined, and finds the others by address.
type segment struct {
	ifaces []*iface // in the order of joining, which is the order of delivery
	owners map[netip.Addr]*iface

	proxied map[netip.Prefix]*iface // who takes what is for others behind it
}

// addressRange says which segment a range of addresses lives on. The ranges of a network are disjoint and sorted,
// so that ten thousand small wires are found as quickly as one.
type addressRange struct {
	prefix  netip.Prefix // masked
	segment *segment
}

// attach puts f with addrs on the segment of that name, or when the name is empty, on the one that its prefixes
// overlap. Prefixes of one interface are one wire, whatever they were before. n.mu is held.
func (n *Network) attach(f *iface, addrs []netip.Prefix) {
	var s *segment
	if f.wire != "" {
		s = n.named[f.wire]
		if s == nil {
			s = &segment{}
			if n.named == nil {
				n.named = make(map[string]*segment)
			}
			n.named[f.wire] = s
		}
	} else {
		for _, p := range addrs {
			// fe80::/64 is on every wire and so tells none.
			if p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
				continue
			}
			s = n.claim(p.Masked(), s)
		}
		if s == nil {
			s = &segment{}
		}
	}
	s.add(f, addrs)
}

// claim gives p to a segment: to s when it is set, else to one that p overlaps, else to a new one. Segments that meet
// through p become one.
func (n *Network) claim(p netip.Prefix, s *segment) *segment {
	from, found := slices.BinarySearchFunc(n.ranges, p.Addr(), func(r addressRange, a netip.Addr) int {
		return r.prefix.Addr().Compare(a)
	})
	if !found && from > 0 && n.ranges[from-1].prefix.Overlaps(p) {
		from--
	}
	to := from
	for to < len(n.ranges) && n.ranges[to].prefix.Overlaps(p) {
		if n.ranges[to].prefix.Bits() < p.Bits() {
			p = n.ranges[to].prefix
		}
		to++
	}
	for _, r := range n.ranges[from:to] {
		switch {
		case s == nil:
			s = r.segment
		case s != r.segment:
			n.merge(s, r.segment)
		}
	}
	if s == nil {
		s = &segment{}
	}
	n.ranges = slices.Replace(n.ranges, from, to, addressRange{prefix: p, segment: s})
	return s
}

// merge moves everything of old to s.
func (n *Network) merge(s, old *segment) {
	for i := range n.ranges {
		if n.ranges[i].segment == old {
			n.ranges[i].segment = s
		}
	}
	for _, f := range old.ifaces {
		s.add(f, f.addrs)
	}
}

// add panics when an address is taken, before it changes anything.
func (s *segment) add(f *iface, addrs []netip.Prefix) {
	for _, p := range addrs {
		if o := s.owners[p.Addr()]; o != nil {
			panic(fmt.Sprintf("emulator: %v of host %s is taken by host %s on the same wire", p.Addr(), f.host.name, o.host.name))
		}
	}
	if s.owners == nil {
		s.owners = make(map[netip.Addr]*iface)
	}
	for _, p := range addrs {
		s.owners[p.Addr()] = f
	}
	s.ifaces = append(s.ifaces, f)
	f.segment, f.addrs = s, addrs
}

// at is who takes what is sent to addr on this wire: who has it, or is in front of those who do; nil: nobody.
func (s *segment) at(addr netip.Addr) *iface {
	if f := s.owners[addr]; f != nil || len(s.proxied) == 0 {
		return f
	}
	for bits := addr.BitLen(); bits > 0; bits-- {
		if p, err := addr.Prefix(bits); err == nil && s.proxied[p] != nil {
			return s.proxied[p]
		}
	}
	return nil
}

func (s *segment) remove(f *iface) {
	maps.DeleteFunc(s.proxied, func(_ netip.Prefix, by *iface) bool { return by == f })
	for _, p := range f.addrs {
		delete(s.owners, p.Addr())
	}
	if i := slices.Index(s.ifaces, f); i >= 0 {
		s.ifaces = slices.Delete(s.ifaces, i, i+1)
	}
	f.segment, f.addrs = nil, nil
}
