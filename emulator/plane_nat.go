package emulator

import (
	"net/netip"

	"github.com/igdkit/igdkit/emulator/nat"
)

// udpNAT decides about each datagram of UDP that crosses a gateway, whatever carries it: by the mapping table first, with the faults of
// the layer forward, and by what Plane.NAT says about the rest. The gateway's lock guards it.
type udpNAT struct {
	plane *plane

	// astray tells whether what the gateway sends to an internal client leaves by the interface that a peer is at; nil: never.
	astray func(client netip.Addr, by string) bool

	outside map[ways]*datagrams // through entries, from the peer to the external address
	inside  map[ways]*datagrams // and from the internal client to the peer
	sides   []*natSide
	static  map[*entry]staticPort
}

// ways are the ends of a session on one side of the gateway.
type ways struct{ src, dst netip.AddrPort }

// datagrams are a session by UDP.
type datagrams struct {
	*session
	external netip.AddrPort
	hidden   netip.AddrPort // what the internal client takes for the peer; zero: the peer itself
	back     ways           // of the internal client's answers
}

func newUDPNAT(p *plane) *udpNAT {
	return &udpNAT{plane: p, outside: map[ways]*datagrams{}, inside: map[ways]*datagrams{}, static: map[*entry]staticPort{}}
}

// behaviour is that of the NAT. Without one nothing that hosts begin gets out.
func (n *udpNAT) behaviour() *nat.Behaviour { return n.plane.options.NAT }

// hairpins tells what the NAT does with what is sent to its own addresses from inside.
func (n *udpNAT) hairpins() nat.Hairpin {
	if n.behaviour() == nil {
		return nat.NoHairpin
	}
	return n.behaviour().Hairpin
}

// fromOutside decides about a datagram that came from the Internet: to an external address, or, where there is no NAT, to a host that has
// an address of its own there.
func (n *udpNAT) fromOutside(s *state, p packet) decision {
	if b := n.behaviour(); b != nil && b.Kind == nat.Plain && n.side(p.dst.Addr()) == nil && len(n.sides) > 0 {
		return n.main(s).in(s, p)
	}
	return n.inward(s, p, "")
}

// outward decides about a datagram from inside. It leaves by exit unless that is nil or it is an answer.
func (n *udpNAT) outward(s *state, p packet, exit *natSide) decision {
	if b := n.behaviour(); b != nil && b.Kind == nat.Blocking {
		return decision{fate: vanished}
	}
	home := n.side(p.dst.Addr())
	q := p
	if x := n.inside[ways{p.src, p.dst}]; x != nil {
		q = x.answer(p)
	} else {
		if home != nil {
			exit = home
		}
		if exit == nil || home != nil && n.hairpins() == nat.NoHairpin {
			return decision{}
		}
		out, v := exit.table.Leave(s.now, nat.Packet{Src: p.src, Dst: p.dst})
		if v != nat.Passed {
			return decision{fate: vanished}
		}
		q.src = out.Src
	}
	if home == nil {
		return decision{fate: passedOn, to: q}
	}
	d := n.inward(s, q, "")
	if d.fate == passedOn && n.hairpins() == nat.InternalSource {
		d.to.src = p.src
	}
	return d
}

// inward decides about a datagram to an external address, or with a NAT that is none, to a host inside. by is the interface that it came
// by; "": none, it comes from inside. Of several connections with one address, the first that has the port takes it; before one that has
// all ports comes what answers hosts.
func (n *udpNAT) inward(s *state, p packet, by string) decision {
	if b := n.behaviour(); b != nil && b.Kind == nat.Blocking {
		return decision{fate: vanished}
	}
	known := n.outside[ways{p.src, p.dst}]
	if known != nil && known.entry.ExternalPort != 0 {
		return n.carry(known, p, known.meet(s, false))
	}
	if x := n.inside[ways{p.src, p.dst}]; x != nil {
		return decision{fate: passedOn, to: x.answer(p)}
	}
	d := n.enter(s, p, by, p.dst.Port())
	if d.fate != notMine {
		return d
	}
	if side := n.side(p.dst.Addr()); side != nil {
		if d = side.in(s, p); d.fate == passedOn {
			return d
		}
	}
	if known != nil {
		return n.carry(known, p, known.meet(s, false))
	}
	if all := n.enter(s, p, by, 0); all.fate != notMine {
		return all
	}
	return d
}

// enter lets a peer's first datagram in by an entry for that external port, if there is one; 0 is for all.
func (n *udpNAT) enter(s *state, p packet, by string, port uint16) decision {
	for _, c := range s.connections {
		if c.address != p.dst.Addr() || c.status != connected {
			continue
		}
		e := c.receiverAt(udp, port, p.src.Addr())
		if e == nil {
			continue
		}
		x, d := n.plane.begins(s, c, e, p.dst.Port(), p.src)
		if x == nil {
			return decision{fate: vanished}
		}
		return n.carry(n.remember(s, x, p, by), p, d)
	}
	return decision{}
}

// carry lets a datagram through to the internal client, or does what d says instead. The latest way in is the way out.
func (n *udpNAT) carry(x *datagrams, p packet, d deed) decision {
	if wordOf(d) != pass {
		return decision{fate: vanished}
	}
	if x.place >= 0 && n.inside[x.back] != x {
		n.inside[x.back] = x
	}
	x.passing(true, p.size)
	p.dst = x.target
	if x.hidden.IsValid() {
		p.src = x.hidden
	}
	return decision{fate: passedOn, to: p, delay: d.delay}
}

// remember makes x known.
func (n *udpNAT) remember(s *state, x *session, p packet, by string) *datagrams {
	u := &datagrams{session: x, external: p.dst, hidden: n.hide(x, p, by), back: ways{x.target, p.src}}
	if u.hidden.IsValid() {
		u.back.dst = u.hidden
	}
	out := ways{p.src, p.dst}
	if n.plane.add(s, x, func() {
		delete(n.outside, out)
		if n.inside[u.back] == u {
			delete(n.inside, u.back)
		}
	}) {
		n.outside[out] = u
	}
	return u
}

// hide is what stands for a peer towards an internal client that is no host of the LAN but out there too, by the interface that the
// peer is at: as routers masquerade all that leaves them, it is the router itself, or the answers would not come back to it.
func (n *udpNAT) hide(x *session, p packet, by string) netip.AddrPort {
	if by == "" || n.astray == nil || !n.astray(x.target.Addr(), by) {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(x.via, p.src.Port())
}

// answer is an answer as the peer gets it: from the mapped port.
func (x *datagrams) answer(p packet) packet {
	x.passing(false, p.size)
	p.src, p.dst = x.external, x.peer
	return p
}
