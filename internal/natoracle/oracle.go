// Package natoracle says whether two hosts behind NATs can open a path of UDP to each other. It knows no rules of thumb: it searches
// all schedules of who sends what where, up to a length, over the tables of package nat. What carries bytes, in memory or in a lab,
// and what punches holes, is to agree with it.
//
// A path is open when each side sends to an address from which it sees the other's datagrams come, as ICE and sockets that are connected
// want it. That both can send by some other way does not count. Schedules are searched in which each side has one socket and sends to addresses that it can know: see [Meeting]. Random ports are
// unknown to all: a schedule counts only if it opens a path in several worlds, with other ports in each. So what works by luck, as
// sending to thousands of ports does, counts as impossible.
package natoracle

import (
	"fmt"
	"slices"

	"github.com/igdkit/igdkit/emulator/nat"
)

// Home is one side: a host behind the NAT of a home.
type Home struct {
	NAT nat.Behaviour

	// IGD: a static mapping of the home's NAT, with the port of the host's socket, leads there, and the other side knows it.
	IGD bool

	// Carrier is the NAT that the home's stands behind, in a network of 100.64.0.0/10 (RFC 6598). No mapping can be asked of it. nil: the
	// home's is on the Internet.
	Carrier *nat.Behaviour
}

// String writes h as "symmetric" or "symmetric with IGD behind full-cone".
func (h Home) String() string {
	s := h.NAT.String()
	if h.IGD {
		s += " with IGD"
	}
	if h.Carrier != nil {
		s += " behind " + h.Carrier.String()
	}
	return s
}

// Place is where the two sides are to each other.
type Place uint8

// The places.
const (
	Apart       Place = iota // each in a home of its own, behind a carrier of its own if any
	SameCarrier              // two homes behind one carrier's NAT: that of A
	SameHome                 // two hosts of one LAN, behind the NAT of A
)

// Pair is two sides that want to be connected.
type Pair struct {
	A, B    Home
	Place   Place
	Meeting Meeting

	// Inside: under SameHome, each knows the address of the other's socket in the LAN.
	Inside bool
}

// Meeting is how the sides know each other's address.
type Meeting uint8

// The meetings. A side with an IGD mapping tells the mapped address under both.
const (
	// Rendezvous: both have sent to one server on the Internet, which has told each what it saw of the other.
	Rendezvous Meeting = iota

	// Alone: each knows the other's external address and the port of its socket inside, but no port outside, as chownat does.
	Alone
)

// Method is what it takes to open a path. A lower one is preferred.
type Method uint8

// The methods.
const (
	Direct     Method = iota // one side sends to an address it knows
	Punch                    // both send to addresses they know
	Guess                    // one has to guess the port that comes next
	Impossible               // no schedule does it
)

// String is one word.
func (m Method) String() string { return []string{"direct", "punch", "guess", "impossible"}[m] }

// Side is one of two.
type Side uint8

// The sides.
const (
	A Side = iota
	B
)

// String is "A" or "B".
func (s Side) String() string { return "AB"[s : s+1] }

// Step is one datagram of a schedule.
type Step struct {
	From Side
	To   Target
}

// String is a step in words.
func (s Step) String() string { return fmt.Sprintf("%v sends to %v", s.From, s.To) }

// Verdict is what the search has found.
type Verdict struct {
	Method   Method
	Schedule []Step // a shortest one; the last step's datagram is answered
}

// MaxSteps is how long the schedules are that Judge searches. Longer ones open no path that none of these does: a test goes on to five
// steps.
const MaxSteps = 3

// Judge searches for a path.
func Judge(p Pair) Verdict { return JudgeUpTo(MaxSteps, p) }

// JudgeUpTo is Judge with schedules up to a length.
func JudgeUpTo(steps int, p Pair) Verdict {
	g := newGame(p)
	known := []Target{Known, Source}
	if p.A.IGD || p.B.IGD {
		known = append(known, Mapped)
	}
	if p.Inside {
		known = append(known, Inside)
	}
	if s := g.search(known, steps); len(s) == 1 {
		return Verdict{Direct, s}
	} else if s != nil {
		return Verdict{Punch, s}
	}
	if p.Meeting == Rendezvous {
		if s := g.search(append(known, Next, AfterNext), steps); s != nil {
			return Verdict{Guess, s}
		}
	}
	return Verdict{Method: Impossible}
}

// game is what is searched.
type game struct {
	pair   Pair
	worlds int
}

func newGame(p Pair) *game {
	if p.Place != Apart {
		p.B.Carrier = p.A.Carrier
	}
	if p.Place == SameHome {
		p.B.NAT = p.A.NAT
	}
	g := &game{pair: p, worlds: 1}
	for _, h := range []Home{p.A, p.B} {
		if h.NAT.Ports == nat.Random || h.Carrier != nil && h.Carrier.Ports == nat.Random {
			g.worlds = 2
		}
	}
	return g
}

// search is a shortest schedule that opens a path, nil when none of that length does. It goes through all schedules by length, but goes
// on from only one of those after which nobody could tell a difference.
func (g *game) search(targets []Target, steps int) []Step {
	level, seen := [][]Step{nil}, map[string]bool{}
	for n := range steps {
		var longer [][]Step
		for _, before := range level {
			for _, from := range []Side{A, B} {
				for _, to := range targets {
					schedule := append(slices.Clip(before), Step{from, to})
					state, open := g.play(schedule, n < steps-1)
					if open {
						return schedule
					}
					if state != "" && !seen[state] {
						seen[state] = true
						longer = append(longer, schedule)
					}
				}
			}
		}
		level = longer
	}
	return nil
}

// play plays a schedule in all worlds: whether its last step opens a path in each, and, when that is wanted, what has become of them,
// "" when a step was not possible.
func (g *game) play(schedule []Step, want bool) (state string, open bool) {
	open = true
	for i := range g.worlds {
		w := newWorld(&g.pair, uint64(i))
		got := false
		for _, s := range schedule {
			to, ok := w.address(s)
			if !ok {
				return "", false
			}
			got = w.send(s.From, to)
		}
		if want {
			state += w.String()
		}
		if open = open && got && w.settles(schedule[len(schedule)-1].From); !open && !want {
			return "", false
		}
	}
	return state, open
}
