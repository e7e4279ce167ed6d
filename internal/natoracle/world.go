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
	Next                    // Known with the next port
	AfterNext               // Known with the one after that, which is next where parity is kept
)

// String is a target in words.
func (t Target) String() string {
	return []string{"the known address", "where it came from", "the IGD mapping", "the next port", "the next port but one"}[t]
}

// world is two homes and an Internet in which time stands still, because what expires can be renewed.
type world struct {
	now    time.Time
	server netip.AddrPort
	homes  [2]side
}

// side is one home of a world.
type side struct {
	table          *nat.Table
	inside         netip.AddrPort // the host's socket
	wan            netip.Addr
	known, mapped  netip.AddrPort
	sent, received []netip.AddrPort // without repeats, but that the last received is last
}

func newWorld(g *game, seed uint64) *world {
	w := &world{now: time.Unix(0, 0), server: netip.MustParseAddrPort("198.51.100.1:3478")}
	for i, h := range g.homes {
		s := &w.homes[i]
		s.wan = netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + i)})
		s.inside = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, byte(1 + i), 10}), uint16(5000+1000*i))
		o := nat.Options{Behaviour: h.NAT, External: []netip.Addr{s.wan}, Seed: 2*seed + uint64(i)}
		if h.NAT.Kind == nat.Plain {
			o.External = nil
			s.inside = netip.AddrPortFrom(s.wan, s.inside.Port())
		}
		var err error
		if s.table, err = nat.New(o); err != nil {
			panic(err) // a behaviour that Check refuses
		}
		s.table.Bind(s.inside.Addr())
		if h.IGD && h.NAT.Kind != nat.Blocking {
			s.mapped = netip.AddrPortFrom(s.wan, s.inside.Port())
			if h.NAT.Kind == nat.Translating {
				s.mapped = netip.AddrPortFrom(s.wan, 8000)
			}
			if err := s.table.Map(w.now, nat.Static{External: s.mapped, Internal: s.inside}); err != nil {
				panic(err)
			}
		}
		s.known = netip.AddrPortFrom(s.wan, s.inside.Port())
	}
	if g.meeting == Rendezvous {
		for i := range w.homes {
			s := &w.homes[i]
			p, v := s.table.Out(w.now, nat.Packet{Src: s.inside, Dst: w.server})
			if s.known = p.Src; v != nat.Passed {
				s.known = netip.AddrPort{}
			}
		}
	}
	return w
}

// address is where a step sends to; false: the sender does not know.
func (w *world) address(s Step) (netip.AddrPort, bool) {
	self, peer := &w.homes[s.From], &w.homes[1-s.From]
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
	self, peer := &w.homes[from], &w.homes[1-from]
	p, v := self.table.Out(w.now, nat.Packet{Src: self.inside, Dst: to})
	if v != nat.Passed {
		return false
	}
	if !slices.Contains(self.sent, to) {
		self.sent = append(self.sent, to)
	}
	in, v := peer.table.In(w.now, p)
	if v != nat.Passed || in.Dst != peer.inside {
		return false
	}
	peer.received = slices.DeleteFunc(peer.received, func(a netip.AddrPort) bool { return a == in.Src })
	peer.received = append(peer.received, in.Src)
	return true
}

// settles tells whether a path is open after a datagram from a side has got through: the other one answers, the side goes on to
// where the answer came from, and still comes from the same address.
func (w *world) settles(from Side) bool {
	first := w.homes[1-from].last()
	return w.answers(1-from) && w.answers(from) && w.homes[1-from].last() == first
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
	for i := range w.homes {
		s := &w.homes[i]
		sent := slices.SortedFunc(slices.Values(s.sent), netip.AddrPort.Compare) // the order has made a difference to mappings alone
		for _, a := range slices.Concat(sent, []netip.AddrPort{{}}, s.received) {
			text = append(a.AppendTo(text), ' ')
		}
		for _, m := range s.table.Mappings() {
			text = append(m.Remote.AppendTo(append(m.External.AppendTo(text), '>')), ' ')
		}
		text = append(text, '|')
	}
	return string(text)
}
