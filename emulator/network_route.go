package emulator

import (
	"net/netip"
	"syscall"
)

// passage is the way of a packet: out by one interface, in by another. Both are lo when a host speaks to itself.
type passage struct {
	source   netip.Addr // as the sender sees it
	from, to *iface
	dst      netip.Addr // as to sees it
}

// silent tells whether what is sent along r vanishes.
func (r *passage) silent() bool {
	return r.from.host != r.to.host && (r.from.host.dead || r.to.host.dead)
}

// owner is the interface of h that holds addr, or nil.
func (h *Host) owner(addr netip.Addr) *iface {
	for _, f := range h.ifaces {
		if f.holds(addr) && (addr.Zone() == "" || addr.Zone() == f.link.Name) {
			return f
		}
	}
	return nil
}

// route finds the way from h to dst, whose source is local when that is an address. The errors are those of connect(2):
// EADDRNOTAVAIL when local is not h's, ENETUNREACH without a way, EHOSTUNREACH when nobody on the wire holds dst. It ends at
// the next hop, which forwards or is dst itself: see travel. network.mu is held.
func (h *Host) route(local, dst netip.Addr) (passage, error) {
	var bound *iface
	if local.IsValid() && !local.IsUnspecified() {
		if bound = h.owner(local); bound == nil {
			return passage{}, syscall.EADDRNOTAVAIL
		}
	} else {
		local = netip.Addr{}
	}
	if dst.IsUnspecified() { // connecting to 0.0.0.0 reaches one's own host
		dst = loopbackOf(dst)
	}
	if own := h.owner(dst); own != nil {
		lo := h.ifaces[0]
		dst = own.zoned(dst)
		if !local.IsValid() {
			local = dst
		}
		return passage{source: local, from: lo, to: lo, dst: dst}, nil
	}
	from, next, err := h.outlet(bound, dst)
	if err != nil {
		return passage{}, err
	}
	to := from.segment.at(next.WithZone(""))
	if to == nil || !to.up() {
		return passage{}, syscall.EHOSTUNREACH
	}
	if next != dst && len(to.host.forwarders) == 0 {
		return passage{}, syscall.ENETUNREACH
	}
	if !local.IsValid() {
		local = from.sourceFor(next)
	}
	return passage{source: local, from: from, to: to, dst: to.zoned(dst.WithZone(""))}, nil
}

// outlet is the interface by which h sends to dst, and to whom there. network.mu is held.
func (h *Host) outlet(bound *iface, dst netip.Addr) (from *iface, next netip.Addr, err error) {
	if bound != nil && bound.loopback() {
		return nil, next, syscall.EINVAL
	}
	if from = h.onLink(bound, dst); from != nil {
		return from, dst, nil
	}
	if next = h.gateways[0]; dst.Is6() {
		next = h.gateways[1]
	}
	if next.IsValid() {
		from = h.onLink(bound, next)
	}
	if from == nil {
		return nil, next, syscall.ENETUNREACH
	}
	return from, next, nil
}

// leavesBy tells whether what h sends to dst, from an address of its own if local is one, goes out by the interface of that name,
// whether there is anybody or not.
func (h *Host) leavesBy(local, dst netip.Addr, ifname string) bool {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	var bound *iface
	if local.IsValid() {
		bound = h.owner(local)
	}
	if h.owner(dst) != nil {
		return false
	}
	from, _, err := h.outlet(bound, dst)
	return err == nil && from.link.Name == ifname
}

// onward is the way of what h passes on: of several ways as good as each other, that of the address that it has got as its source.
func (h *Host) onward(p packet) (passage, error) {
	local := p.src.Addr()
	if h.owner(local) == nil {
		local = netip.Addr{}
	}
	return h.route(local, p.dst.Addr())
}

// onLink is the interface with the longest prefix that covers addr; among equals, the one that holds the source.
func (h *Host) onLink(bound *iface, addr netip.Addr) *iface {
	var best *iface
	longest := -1
	for _, f := range h.ifaces[1:] {
		if !f.up() || addr.Zone() != "" && addr.Zone() != f.link.Name {
			continue
		}
		if bits := f.bits(addr); bits > longest || bits == longest && bits >= 0 && f == bound {
			best, longest = f, bits
		}
	}
	return best
}

// sourceFor is f's address in the prefix that covers addr.
func (f *iface) sourceFor(addr netip.Addr) netip.Addr {
	bits := f.bits(addr)
	for _, p := range f.addrs {
		if p.Bits() == bits && p.Contains(addr.WithZone("")) {
			return f.zoned(p.Addr())
		}
	}
	return netip.Addr{}
}

// zoned adds f's name to a link-local IPv6 address: without it the address means nothing.
func (f *iface) zoned(addr netip.Addr) netip.Addr {
	if addr.Is6() && addr.IsLinkLocalUnicast() {
		return addr.WithZone(f.link.Name)
	}
	return addr
}

// multicastBy is the interface by which h sends to a group: the one that holds local, else the one named by the
// group's zone, else that of the default route, else the first that is up.
func (h *Host) multicastBy(local, group netip.Addr) (*iface, error) {
	if local.IsValid() && !local.IsUnspecified() {
		switch f := h.owner(local); {
		case f == nil:
			return nil, syscall.EADDRNOTAVAIL
		case !f.up():
			return nil, syscall.ENETUNREACH
		default:
			return f, nil
		}
	}
	next := h.gateways[0]
	if group.Is6() {
		next = h.gateways[1]
	}
	var first *iface
	for _, f := range h.ifaces[1:] {
		if !f.up() || !f.speaks(group) || group.Zone() != "" && group.Zone() != f.link.Name {
			continue
		}
		if next.IsValid() && f.bits(next) >= 0 {
			return f, nil
		}
		if first == nil {
			first = f
		}
	}
	if first == nil {
		return nil, syscall.ENETUNREACH
	}
	return first, nil
}

// speaks tells whether f has an address of addr's family.
func (f *iface) speaks(addr netip.Addr) bool {
	for _, p := range f.addrs {
		if p.Addr().Is4() == addr.Is4() {
			return true
		}
	}
	return false
}

func loopbackOf(addr netip.Addr) netip.Addr {
	if addr.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}
