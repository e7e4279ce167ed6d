package natoracle

import (
	"fmt"
	"slices"

	"github.com/igdkit/igdkit/emulator/nat"
)

// Reason is why no schedule opens a path. First and Second say which side is meant: the one that is to blame, if only one is, is First.
type Reason struct {
	First Side
	Text  string
}

// Why is the reason of an impossible pair. Whether a side's port can be known is found out by letting it send.
func Why(p Pair) Reason {
	g := newGame(p)
	p, g.worlds = g.pair, 2
	g.pair.Place = Apart // where nothing that leaves is dropped
	hidden := [2]bool{g.hides(A), g.hides(B)}
	is := [2]nat.Behaviour{p.A.seen(), p.B.seen()}
	blocked := func(b nat.Behaviour) bool { return b.Kind == nat.Blocking }
	lax := func(b nat.Behaviour) bool { return b.Filtering == nat.EndpointIndependent }
	switch {
	case blocked(is[A]), blocked(is[B]):
		return Reason{sideWhere(is, blocked), "no UDP passes the first's gateway"}
	case p.Place == SameHome && p.A.NAT.Hairpin == nat.NoHairpin:
		return Reason{A, "the gateway drops what its own hosts send to its external address"}
	case p.Place == SameCarrier && p.A.Carrier.Hairpin == nat.NoHairpin:
		return Reason{A, "the carrier's NAT drops what comes from its own network to its external address"}
	case p.Meeting == Alone && hidden[A] && hidden[B]:
		return Reason{A, "neither knows a port of the other: none is preserved, and nobody tells it"}
	case hidden[A] && hidden[B] && lax(is[A]) != lax(is[B]):
		return Reason{sideWhere(is, lax), "what gets to the first is answered from a port that the second cannot know and has not sent to, so its filter drops the answer"}
	case hidden[A] && hidden[B] && lax(is[A]):
		return Reason{A, "each takes a new port for every new port of the other, without end"}
	case hidden[A] && hidden[B]:
		return Reason{A, "each takes a port for the other that cannot be foretold, and keeps the one that is known for the server alone"}
	case hidden[A] || hidden[B]:
		first := A
		if hidden[B] {
			first = B
		}
		if second := is[1-first]; second.Filtering == nat.AddressAndPortDependent {
			return Reason{first, "the port that the first takes for the second cannot be known, and the second lets in only ports that it has sent to"}
		}
		return Reason{first, "the port that the first takes for the second cannot be known, and the second answers from yet another port, which the first has not sent to"}
	}
	return Reason{A, "unknown"} // a test fails on it
}

// seen is how the Internet sees the NAT of h and its carrier's, as if they were one: each is as strict as the stricter of the two.
func (h Home) seen() nat.Behaviour {
	b := h.NAT
	if h.Carrier == nil {
		return b
	}
	c := *h.Carrier
	switch {
	case b.Kind == nat.Blocking || c.Kind == nat.Blocking:
		return nat.Blocked()
	case b.Kind != nat.Translating:
		b.Kind, b.Mapping, b.Ports = c.Kind, c.Mapping, c.Ports
	case c.Kind == nat.Translating:
		if c.Mapping > b.Mapping || c.Mapping == b.Mapping && c.Ports == nat.Random {
			b.Ports = c.Ports
		}
		b.Mapping = max(b.Mapping, c.Mapping)
	}
	b.Filtering = max(b.Filtering, c.Filtering)
	b.Hairpin = c.Hairpin
	return b
}

func sideWhere(is [2]nat.Behaviour, f func(nat.Behaviour) bool) Side {
	return Side(slices.IndexFunc(is[:], f))
}

// hides tells whether a side sends to the other from an address that the other cannot name in some world.
func (g *game) hides(who Side) bool {
	for i := range g.worlds {
		w := newWorld(&g.pair, uint64(i))
		self, to := &w.sides[who], w.sides[1-who].known
		if !to.IsValid() {
			continue
		}
		p, _ := w.climb(self.gateway, nat.Packet{Src: self.inside, Dst: to})
		if !p.Src.IsValid() {
			return true
		}
		guesses := []Target{Known}
		if g.pair.Meeting == Rendezvous {
			guesses = append(guesses, Next, AfterNext)
		}
		if !slices.ContainsFunc(guesses, func(t Target) bool {
			a, ok := w.address(Step{1 - who, t})
			return ok && a == p.Src
		}) {
			return true
		}
	}
	return false
}

// Change is one thing about one side's NAT that could be otherwise.
type Change struct {
	Side Side
	What What
}

// What could be otherwise.
type What uint8

// The changes.
const (
	MapIndependently What = iota // one port for all
	Foretell                     // ports in sequence, or preserved where there is no rendezvous
	FilterByAddress
	FilterNothing
)

// String is a change in words, about the first side when that is A.
func (c Change) String() string {
	who := []string{"first: ", "second: "}[c.Side]
	return who + []string{"one port for all", "ports that can be foretold", "filter by address alone", "no filter"}[c.What]
}

// apply is h with a change; false: it is so already, or that makes no sense.
func (c Change) apply(h Home, m Meeting) (Home, bool) {
	was := h
	switch n := &h.NAT; {
	case n.Kind == nat.Blocking, n.Kind != nat.Translating && c.What < FilterByAddress:
	case c.What == MapIndependently:
		n.Mapping = nat.EndpointIndependent
	case c.What == Foretell && m == Rendezvous:
		n.Ports = nat.Sequential
	case c.What == Foretell:
		n.Ports = nat.Preserve
	case c.What == FilterByAddress:
		n.Filtering = min(n.Filtering, nat.AddressDependent)
	case c.What == FilterNothing:
		n.Filtering = nat.EndpointIndependent
	}
	return h, h != was
}

// Rescues are the single changes to the homes' NATs each of which would open a path; that UDP is blocked is never changed. Where it is enough
// to filter less, to filter nothing is not among them.
func Rescues(p Pair) []Change {
	var found []Change
	for _, s := range []Side{A, B} {
		for w := MapIndependently; w <= FilterNothing; w++ {
			homes := [2]Home{p.A, p.B}
			var ok bool
			if homes[s], ok = (Change{s, w}).apply(homes[s], p.Meeting); !ok || w == FilterNothing && slices.Contains(found, Change{s, FilterByAddress}) {
				continue
			}
			changed := p
			changed.A, changed.B = homes[A], homes[B]
			if Judge(changed).Method != Impossible {
				found = append(found, Change{s, w})
			}
		}
	}
	return found
}

// String writes a verdict as "punch: A sends to the known address, B sends to the known address".
func (v Verdict) String() string {
	s := v.Method.String()
	for i, step := range v.Schedule {
		s += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(step)
	}
	return s
}
