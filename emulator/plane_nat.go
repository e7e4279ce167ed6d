package emulator

import (
	"net/netip"
	"slices"
	"time"

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

// natSide is the gateway's NAT at one of its external addresses, and at those of the pool if it is the first connection's.
type natSide struct {
	addrs []netip.Addr
	table *nat.Table
}

// staticPort is what the table of a side knows of an entry.
type staticPort struct {
	side *natSide
	is   nat.Static
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

// readdress keeps a NAT at each address of a connection that is up. What it remembered of an address that is lost is gone.
func (n *udpNAT) readdress(s *state, held func(netip.Addr) bool) {
	if n.behaviour() == nil {
		return
	}
	old := n.sides
	n.sides = nil
	for i, c := range s.connections {
		if c.status != connected || !exact(c.address) || !held(c.address) || n.side(c.address) != nil {
			continue
		}
		addrs := []netip.Addr{c.address}
		if i == 0 {
			for _, a := range n.plane.options.Pool {
				if a != c.address && held(a) {
					addrs = append(addrs, a)
				}
			}
		}
		kept := slices.IndexFunc(old, func(x *natSide) bool { return slices.Equal(x.addrs, addrs) })
		if kept >= 0 {
			n.sides = append(n.sides, old[kept])
		} else if side := n.newSide(s, addrs); side != nil {
			n.sides = append(n.sides, side)
		}
	}
}

func (n *udpNAT) newSide(s *state, addrs []netip.Addr) *natSide {
	g := n.plane.gateway
	o := nat.Options{
		Behaviour: *n.behaviour(), External: addrs, Seed: g.options.seed(),
		FirstPort: n.plane.options.Ports.First, LastPort: n.plane.options.Ports.Last,
		MaxMappings: n.plane.options.MaxMappings, MaxPerHost: n.plane.options.MaxPerHost,
		Observe: func(e nat.Event) {
			if e.Kind == nat.Capped || e.Kind == nat.Exhausted { // of others there are too many
				g.journal.add(Entry{Time: e.Time, Kind: "nat." + string(e.Kind), Peer: e.Mapping.Internal, Name: addrs[0].String()})
			}
		},
	}
	if o.Kind == nat.Plain {
		o.External = nil
	}
	table, err := nat.New(o)
	if err != nil {
		n.plane.failed(addrs[0].String(), err)
		return nil
	}
	table.Expire(s.now)
	return &natSide{addrs, table}
}

// side is the NAT at an external address; nil: there is none.
func (n *udpNAT) side(addr netip.Addr) *natSide {
	for _, x := range n.sides {
		if slices.Contains(x.addrs, addr) {
			return x
		}
	}
	return nil
}

// main is the NAT of the connection that DefaultConnectionService names, or else the first of one that is up; nil: there is none.
func (n *udpNAT) main(s *state) *natSide {
	if x := n.side(s.main().address); x != nil {
		return x
	}
	if len(n.sides) > 0 {
		return n.sides[0]
	}
	return nil
}

// fromOutside decides about a datagram that came from the Internet: to an external address, or, where there is no NAT, to a host that has
// an address of its own there.
func (n *udpNAT) fromOutside(s *state, p packet) decision {
	if b := n.behaviour(); b != nil && b.Kind == nat.Plain && n.side(p.dst.Addr()) == nil && len(n.sides) > 0 {
		return n.main(s).in(s, p)
	}
	return n.inward(s, p, "")
}

// open makes the port of an entry that carries one that the NAT gives to nobody else.
func (n *udpNAT) open(e *entry) {
	s := n.plane.gateway.state
	side := n.side(s.connections[e.WAN].address)
	if e.Protocol != udp || e.ExternalPort == 0 || side == nil || n.behaviour().Kind == nat.Plain || n.behaviour().Kind == nat.Blocking {
		n.shut(e)
		return
	}
	is := nat.Static{External: netip.AddrPortFrom(s.connections[e.WAN].address, e.ExternalPort), Internal: e.target(0)}
	if e.RemoteHost != "" {
		var err error
		if is.Remote, err = netip.ParseAddr(e.RemoteHost); err != nil {
			n.shut(e)
			return // nobody can have that address
		}
	}
	want := staticPort{side, is}
	if n.static[e] == want {
		return
	}
	n.shut(e)
	if err := side.table.Map(s.now, is); err != nil {
		n.plane.failed(e.String(), err)
		return
	}
	n.static[e] = want
}

func (n *udpNAT) shut(e *entry) {
	if p, ok := n.static[e]; ok {
		delete(n.static, e)
		p.side.table.Unmap(n.plane.gateway.state.now, p.is)
	}
}

// forget ends what hosts have begun, as a reboot does.
func (n *udpNAT) forget(now time.Time) {
	for _, x := range n.sides {
		x.table.Reset(now)
	}
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

// in decides about a datagram that no entry takes.
func (x *natSide) in(s *state, p packet) decision {
	in, v := x.table.In(s.now, nat.Packet{Src: p.src, Dst: p.dst})
	switch v {
	case nat.Passed:
		p.dst = in.Dst
		return decision{fate: passedOn, to: p}
	case nat.NoMapping, nat.NotExternal, nat.OtherRemote:
		return decision{}
	}
	return decision{fate: vanished}
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

// NATMappings are copies of the mappings that datagrams from inside have made and that have not expired, by external address and port.
// It is empty where Plane.NAT is nil, or needs none.
func (g *Gateway) NATMappings() []nat.Mapping {
	var all []nat.Mapping
	g.do(func(s *state) {
		if g.plane == nil || g.plane.access.nat() == nil {
			return
		}
		for _, x := range g.plane.access.nat().sides {
			x.table.Expire(s.now)
			for _, m := range x.table.Mappings() {
				if !m.Static {
					all = append(all, m)
				}
			}
		}
	})
	return all
}
