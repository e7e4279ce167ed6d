package emulator

import (
	"fmt"
	"net/netip"
)

// Forwarding forwards ports as routers do, outside of this process, by rewriting the addresses of what comes to them: the kernel of a lab's
// gateway is one.
type Forwarding interface {
	// Map sends what comes by protocol, "TCP" or "UDP", from remote (from anybody when that is zero) to external (to any port of it
	// when that is 0) on to internal, whose port is kept when it is 0. It returns a number for it. Of several that fit, one for the
	// remote goes before one for anybody, and one for any port comes last.
	Map(protocol string, remote netip.Addr, external, internal netip.AddrPort) (number uint32, err error)

	// Unmap ends that, and the connections through it.
	Unmap(number uint32) error

	// Passed tells what has passed since Map, each way.
	Passed(tell func(number uint32, inward bool, packets, bytes uint64)) error
}

// portForward is what a NAT does for an entry.
type portForward struct {
	number             uint32
	remote             netip.Addr
	external, internal netip.AddrPort

	entry *entry
	wan   *connection
	seen  [2]struct{ packets, bytes uint64 } // outward and inward
}

// forwarding is what forwards mapped ports now: nil when sockets do. Faults on the layer forward have to be asked about each
// connection, which a NAT cannot do.
func (ds *doors) forwarding() Forwarding {
	if !ds.ports() || ds.plane.gateway.faults.on(onForward) != nil {
		return nil
	}
	return ds.plane.options.Forwarding
}

// reroute reports whether the ways of all entries are to be found anew: a NAT takes over, or sockets do.
func (ds *doors) reroute(s *state) bool {
	by := ds.forwarding() != nil
	if by == ds.routed {
		return false
	}
	ds.routed = by
	ds.plane.reset()
	for _, c := range s.connections {
		for e := range c.mappings.order.all {
			ds.shut(e)
		}
	}
	return true
}

// route is open by way of n. What the NAT does already is not disturbed.
func (ds *doors) route(n Forwarding, e *entry) netip.AddrPort {
	at := netip.AddrPortFrom(ds.plane.seen[e.WAN].addr, e.ExternalPort)
	old, want := ds.forwards[e], ds.portForward(e)
	if old == nil || want == nil || old.remote != want.remote || old.external != want.external || old.internal != want.internal {
		ds.unroute(e)
		if err := ds.forward(n, e, want); err != nil {
			ds.plane.failed(e.String(), err)
			return netip.AddrPort{}
		}
	}
	if at.Port() == 0 || !exact(at.Addr()) {
		return netip.AddrPort{}
	}
	return at
}

// portForward is what e needs; nil when nothing gets through for now, or nobody can have the address of its remote host.
func (ds *doors) portForward(e *entry) *portForward {
	c := ds.plane.gateway.state.connections[e.WAN]
	remote, err := netip.ParseAddr(e.RemoteHost)
	if c.status != connected || !exact(c.address) || err != nil && e.RemoteHost != "" {
		return nil
	}
	at := netip.AddrPortFrom(c.address, e.ExternalPort)
	return &portForward{remote: remote, external: at, internal: e.target(0), entry: e, wan: c}
}

func (ds *doors) forward(n Forwarding, e *entry, want *portForward) (err error) {
	if want == nil {
		return nil
	}
	if len(ds.forwards) >= ds.plane.options.MaxPorts {
		return fmt.Errorf("%d ports are open", len(ds.forwards))
	}
	if want.number, err = n.Map(e.Protocol, want.remote, want.external, want.internal); err == nil {
		ds.forwards[e] = want
	}
	return err
}

// unroute ends what the NAT does for e, if anything.
func (ds *doors) unroute(e *entry) {
	p := ds.forwards[e]
	if p == nil {
		return
	}
	ds.count()
	delete(ds.forwards, e)
	if err := ds.plane.options.Forwarding.Unmap(p.number); err != nil {
		ds.plane.failed(e.String(), err)
	}
}

// count takes over what the NAT has counted since it was last asked.
func (ds *doors) count() {
	if len(ds.forwards) == 0 {
		return
	}
	byNumber := make(map[uint32]*portForward, len(ds.forwards))
	for _, p := range ds.forwards {
		byNumber[p.number] = p
	}
	err := ds.plane.options.Forwarding.Passed(func(number uint32, inward bool, packets, bytes uint64) {
		p, way := byNumber[number], 0
		if p == nil {
			return // another gateway's
		}
		if inward {
			way = 1
		}
		seen := &p.seen[way]
		if packets == seen.packets {
			return
		}
		p.entry.used.Store(true)
		p.wan.traffic.add(inward, packets-seen.packets, bytes-seen.bytes)
		seen.packets, seen.bytes = packets, bytes
	})
	if err != nil {
		ds.plane.failed("traffic", err)
	}
}
