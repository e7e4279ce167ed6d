package emulator

import (
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// send carries one datagram from c to dst, at once. Nobody there, a blackhole, a full queue: it is lost, and the
// sender never knows.
func (h *Host) send(c *packetConn, dst netip.AddrPort, b []byte) error {
	n := h.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if dst.Addr().IsMulticast() {
		return h.sendGroup(c, dst, b)
	}
	p := packet{protocol: udp, src: netip.AddrPortFrom(netip.Addr{}, c.local.Port()), dst: dst, size: len(b)}
	a, err := h.travel(p, c.local.Addr())
	switch err {
	case nil:
	case syscall.EHOSTUNREACH, syscall.ETIMEDOUT, syscall.ECONNREFUSED:
		return nil
	default:
		return err
	}
	if a.delay > 0 {
		b = slices.Clone(b)
		n.later(a.delay, func() { a.deliver(b) })
	} else {
		a.deliver(b)
	}
	return nil
}

// deliver gives a datagram to the socket that it is for, if there is one. network.mu is held.
func (a *arrival) deliver(b []byte) {
	if to := a.host.ports.packetFor(a.dst); to != nil {
		to.deliver(datagram{slices.Clone(b), a.src, viaUnicast})
	}
}

// later calls f with network.mu held, after d. What is due together comes in the order in which it was sent. network.mu is held.
func (n *Network) later(d time.Duration, f func()) {
	n.lateSeq++
	n.late.add(&delivery{at: time.Now().Add(d), seq: n.lateSeq, f: f})
	time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		for now := time.Now(); !n.late.empty() && !n.late.first().at.After(now); {
			first := n.late.first()
			n.late.remove(first)
			first.f()
		}
	})
}

// delivery is one call that waits.
type delivery struct {
	at    time.Time
	seq   uint64
	f     func()
	index int // in the heap
}

func (d *delivery) before(o *delivery) bool {
	if !d.at.Equal(o.at) {
		return d.at.Before(o.at)
	}
	return d.seq < o.seq
}

func (d *delivery) place() *int { return &d.index }

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
