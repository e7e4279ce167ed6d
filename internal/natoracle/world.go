package natoracle

import (
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// Target is an address that a side can name.
type Target uint8

// The targets: addresses of the other side.
const (
	Known     Target = iota // what the rendezvous saw; Alone: its external address with the port of its socket inside
	Source                  // where the last datagram from it came from
	Mapped                  // by IGD
	Inside                  // of its socket
	Next                    // Known with the next port
	AfterNext               // Known with the one after that, which is next where parity is kept
)

// String is a target in words.
func (t Target) String() string {
	return []string{"the known address", "where it came from", "the IGD mapping", "the address inside", "the next port", "the next port but one"}[t]
}

// world is two hosts, the gateways before them and an Internet, in which time stands still, because what expires can be renewed.
type world struct {
	now      time.Time
	server   netip.AddrPort
	gateways []*gateway
	sides    [2]side
}

// gateway is a NAT. Inside it is a network of hosts, or of other gateways.
type gateway struct {
	table *nat.Table
	wan   []netip.Addr
	up    *gateway // on whose network it stands; nil: the Internet
}

// side is one of the two hosts.
type side struct {
	gateway        *gateway
	inside         netip.AddrPort // the host's socket
	known, mapped  netip.AddrPort
	sent, received []netip.AddrPort // without repeats, but that the last received is last
}

// newWorld builds the place of p. Addresses are as in the emulator: the homes have 203.0.113.0/24 outside, or a carrier's 100.64.0.0/10.
func newWorld(p *Pair, seed uint64) *world {
	w := &world{now: time.Unix(0, 0), server: netip.MustParseAddrPort("198.51.100.1:3478")}
	homes := [2]Home{p.A, p.B}
	var carriers [2]*gateway
	for i := range homes {
		s := &w.sides[i]
		host := byte(1 + i)
		outside := netip.AddrFrom4([4]byte{203, 0, 113, host})
		if c := homes[i].Carrier; c != nil && p.Place == SameCarrier && i > 0 {
			carriers[i] = carriers[0]
		} else if c != nil {
			carriers[i] = w.add(*c, seed+16, nil, outside)
		}
		if carriers[i] != nil {
			outside = netip.AddrFrom4([4]byte{100, 64, 0, 1 + host})
		}
		if p.Place == SameHome && i > 0 {
			s.gateway = w.sides[A].gateway
		} else {
			wan := []netip.Addr{outside}
			if homes[i].NAT.Kind == nat.OneToOne && p.Place == SameHome {
				wan = append(wan, netip.AddrFrom4([4]byte{203, 0, 113, 2}))
			}
			s.gateway = w.add(homes[i].NAT, seed, carriers[i], wan...)
		}
		s.inside = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, host, 10}), uint16(5000+1000*i))
		if p.Place == SameHome {
			s.inside = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, 1, 10 * host}), s.inside.Port())
		}
		if homes[i].NAT.Kind == nat.Plain { // the host itself has the address
			s.inside = netip.AddrPortFrom(outside, s.inside.Port())
		}
		external := outside
		if homes[i].NAT.Kind == nat.OneToOne {
			external, _ = s.gateway.table.Bind(s.inside.Addr())
		}
		if homes[i].IGD && homes[i].NAT.Kind != nat.Blocking {
			s.mapped = netip.AddrPortFrom(external, s.inside.Port()) // the port that clients ask for first
			if err := s.gateway.table.Map(w.now, nat.Static{External: s.mapped, Internal: s.inside}); err != nil {
				panic(err)
			}
		}
	}
	for i := range w.sides {
		s := &w.sides[i]
		switch p.Meeting {
		case Alone:
			s.known = netip.AddrPortFrom(w.outermost(s), s.inside.Port())
		case Rendezvous:
			if seen, on := w.climb(s.gateway, nat.Packet{Src: s.inside, Dst: w.server}); on == nil && seen.Src.IsValid() {
				s.known = seen.Src
			}
		}
	}
	return w
}

// add is a new gateway on the network of another.
func (w *world) add(b nat.Behaviour, seed uint64, up *gateway, wan ...netip.Addr) *gateway {
	if b.Kind == nat.Plain {
		wan = nil
	}
	table, err := nat.New(nat.Options{Behaviour: b, External: wan, Seed: 2*seed + uint64(len(w.gateways))})
	if err != nil {
		panic(err) // a behaviour that Check refuses
	}
	g := &gateway{table: table, wan: wan, up: up}
	w.gateways = append(w.gateways, g)
	return g
}

// outermost is the address by which the Internet sees a side.
func (w *world) outermost(s *side) netip.Addr {
	a := s.inside.Addr()
	for g := s.gateway; g != nil; g = g.up {
		switch {
		case g.table.Behaviour().Kind == nat.OneToOne:
			a, _ = g.table.Bind(a)
		case len(g.wan) > 0:
			a = g.wan[0]
		}
	}
	return a
}

// address is where a step sends to; false: the sender does not know.
func (w *world) address(s Step) (netip.AddrPort, bool) {
	self, peer := &w.sides[s.From], &w.sides[1-s.From]
	plus := func(n uint16) netip.AddrPort {
		if !peer.known.IsValid() || peer.known.Port() > 65535-n {
			return netip.AddrPort{}
		}
		return netip.AddrPortFrom(peer.known.Addr(), peer.known.Port()+n)
	}
	var to netip.AddrPort
	switch s.To {
	case Known:
		to = peer.known
	case Mapped:
		to = peer.mapped
	case Inside:
		to = peer.inside
	case Next:
		to = plus(1)
	case AfterNext:
		to = plus(2)
	case Source:
		if n := len(self.received); n > 0 {
			to = self.received[n-1]
		}
	}
	return to, to.IsValid()
}

// send tells whether a datagram gets to the other host.
func (w *world) send(from Side, to netip.AddrPort) bool {
	self, peer := &w.sides[from], &w.sides[1-from]
	if !slices.Contains(self.sent, to) {
		self.sent = append(self.sent, to)
	}
	p, on := w.climb(self.gateway, nat.Packet{Src: self.inside, Dst: to})
	if !p.Src.IsValid() {
		return false
	}
	p, ok := w.descend(on, p)
	if !ok || p.Dst != peer.inside {
		return false
	}
	peer.received = slices.DeleteFunc(peer.received, func(a netip.AddrPort) bool { return a == p.Src })
	peer.received = append(peer.received, p.Src)
	return true
}

// climb takes a packet from the network inside a gateway outwards to the first network where somebody has its destination, nil being the Internet.
// The zero packet is one that was dropped.
func (w *world) climb(on *gateway, p nat.Packet) (nat.Packet, *gateway) {
	for on != nil && !w.isOn(on, p.Dst.Addr()) {
		var v nat.Verdict
		p, v = on.table.Out(w.now, p)
		switch v {
		case nat.Passed:
			on = on.up
		case nat.Hairpinned:
			return p, on
		default:
			return nat.Packet{}, nil
		}
	}
	return p, on
}

// isOn tells whether a has its place on the network inside a gateway.
func (w *world) isOn(on *gateway, a netip.Addr) bool {
	for i := range w.sides {
		if s := &w.sides[i]; s.gateway == on && s.inside.Addr() == a {
			return true
		}
	}
	return w.within(on, a) != nil
}

// within is the gateway on a network that a leads to.
func (w *world) within(on *gateway, a netip.Addr) *gateway {
	for _, g := range w.gateways {
		if g.up == on && (slices.Contains(g.wan, a) || g.table.Behaviour().Kind == nat.Plain && w.isOn(g, a)) {
			return g
		}
	}
	return nil
}

// descend takes a packet from a network inwards to the host.
func (w *world) descend(on *gateway, p nat.Packet) (nat.Packet, bool) {
	for {
		for i := range w.sides {
			if s := &w.sides[i]; s.gateway == on && s.inside.Addr() == p.Dst.Addr() {
				return p, true
			}
		}
		g := w.within(on, p.Dst.Addr())
		if g == nil {
			return nat.Packet{}, false
		}
		var v nat.Verdict
		if p, v = g.table.In(w.now, p); v != nat.Passed {
			return nat.Packet{}, false
		}
		on = g
	}
}

// settles tells whether a path is open after a datagram from a side has got through: the other one answers, the side goes on to
// where the answer came from, and still comes from the same address.
func (w *world) settles(from Side) bool {
	first := w.sides[1-from].last()
	return w.answers(1-from) && w.answers(from) && w.sides[1-from].last() == first
}

// answers tells whether what a side sends to where the last datagram came from gets to the other one.
func (w *world) answers(from Side) bool {
	to, ok := w.address(Step{from, Source})
	return ok && w.send(from, to)
}

// last is where the last datagram came from.
func (s *side) last() netip.AddrPort { return s.received[len(s.received)-1] }

// String has all that later steps depend on.
func (w *world) String() string {
	var text []byte
	for i := range w.sides {
		s := &w.sides[i]
		sent := slices.SortedFunc(slices.Values(s.sent), netip.AddrPort.Compare) // the order has made a difference to mappings alone
		for _, a := range slices.Concat(sent, []netip.AddrPort{{}}, s.received) {
			text = append(a.AppendTo(text), ' ')
		}
	}
	for _, g := range w.gateways {
		for _, m := range g.table.Mappings() {
			text = append(m.Remote.AppendTo(append(m.External.AppendTo(text), '>')), ' ')
		}
		text = append(text, '|')
	}
	return string(text)
}
