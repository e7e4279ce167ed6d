package emulator

import (
	"net/netip"
	"slices"
	"syscall"
)

// send carries one datagram from c to dst, at once. Nobody there, a blackhole, a full queue: it is lost, and the
// sender never knows.
func (h *Host) send(c *packetConn, dst netip.AddrPort, b []byte) error {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	if dst.Addr().IsMulticast() {
		return h.sendGroup(c, dst, b)
	}
	r, err := h.route(c.local.Addr(), dst.Addr())
	switch {
	case err == syscall.EHOSTUNREACH || err == nil && r.silent():
		return nil
	case err != nil:
		return err
	}
	if to := r.to.host.ports.packetFor(netip.AddrPortFrom(r.dst, dst.Port())); to != nil {
		to.deliver(datagram{slices.Clone(b), netip.AddrPortFrom(r.origin(), c.local.Port()), viaUnicast})
	}
	return nil
}

// packetFor is the socket that receives what arrives for dst: one bound to the address rather than the wildcard, and
// among those the one bound last, as Linux has it when several share a port.
func (t *portTable) packetFor(dst netip.AddrPort) *packetConn {
	var best *packetConn
	for _, c := range t.packets[dst.Port()] {
		if accepts(c.local.Addr(), dst.Addr()) && (best == nil || exact(c.local.Addr()) || !exact(best.local.Addr())) {
			best = c
		}
	}
	return best
}

// sendGroup reaches every member on the wire of the sending interface, this host's own included.
func (h *Host) sendGroup(c *packetConn, dst netip.AddrPort, b []byte) error {
	from, err := h.multicastBy(c.local.Addr(), dst.Addr())
	if err != nil {
		return err
	}
	source := c.local.Addr()
	if !exact(source) {
		for _, p := range from.addrs {
			if p.Addr().Is4() == dst.Addr().Is4() {
				source = p.Addr()
				break
			}
		}
	}
	source = source.WithZone("")
	data := slices.Clone(b)
	group := netip.AddrPortFrom(dst.Addr().WithZone(""), dst.Port())
	for _, f := range from.segment.ifaces {
		if !f.up() || f.host != h && (h.dead || f.host.dead) {
			continue
		}
		for _, m := range f.groups[group] {
			m.deliver(datagram{data, netip.AddrPortFrom(f.zoned(source), c.local.Port()), viaMulticast})
		}
	}
	return nil
}
