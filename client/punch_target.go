package client

import (
	"net/netip"
	"slices"
	"time"
)

// pathEnd is an address that is tried.
type pathEnd struct {
	addr    netip.AddrPort
	host    bool // on our own network
	guessed bool // nobody has told it
	learnt  bool // the peer was seen to come from there

	check     [12]byte       // the id of our checks to it
	nominates [12]byte       // the id of our nominations, which is known to nobody before
	due       time.Time      // of the next check
	sent      int            // checks
	valid     bool           // it has answered a check of ours
	seen      netip.AddrPort // our address, as it said

	nominated time.Time // when we did it
	answered  time.Time // when the peer had last, and we agreed
	answers   limiter
}

const (
	maxLearnt    = 16
	checkSpacing = 20 * time.Millisecond // between two datagrams of ours: RFC 8445 §14.2 wants 5 ms at least
	lingering    = time.Second           // for a nomination that comes again, because our answer was lost
)

// resend is how long a target waits until its next check: often at first, when the peer begins at about the same time, then every second.
func resend(sent int) time.Duration {
	switch {
	case sent < 10:
		return 200 * time.Millisecond
	case sent < 20:
		return 500 * time.Millisecond
	}
	return time.Second
}

// targets are what is tried of a peer from the start, in order. The order matters to NATs that take a port for each: what is guessed of them is
// the port for the first datagram that we send, so ours goes first to where it has to be.
func (p *puncher) candidates() (all []*pathEnd) {
	add := func(at netip.AddrPort, t pathEnd) {
		if callable(at) && !slices.ContainsFunc(all, func(x *pathEnd) bool { return x.addr == at }) {
			t.addr = at
			all = append(all, &t)
		}
	}
	near := p.near()
	for _, c := range p.peer.Candidates {
		switch {
		case c.Kind == HostCandidate && p.own(c.Addr):
			// Its LAN is as ours, and its host is at our address: it cannot be sent to.
		case c.Kind == HostCandidate && p.onLink(c.Addr.Addr()):
			add(c.Addr, pathEnd{host: true})
		case c.Kind == IGDCandidate && (near || p.peer.outside(c)), c.Kind == HostCandidate && p.peer.outside(c):
			add(c.Addr, pathEnd{})
		}
	}
	for _, c := range p.peer.Candidates {
		if c.Kind != MappedCandidate {
			continue
		}
		for i := range p.guesses() {
			if c.Addr.Port() < 65535-uint16(i) {
				add(netip.AddrPortFrom(c.Addr.Addr(), c.Addr.Port()+uint16(1+i)), pathEnd{guessed: true})
			}
		}
		add(c.Addr, pathEnd{})
	}
	return all
}

// guesses is how many ports after the known one are tried.
func (p *puncher) guesses() int {
	switch {
	case p.o.Guess < 0:
		return 0
	case p.o.Guess == 0 && p.peer.NAT.Next && p.peer.NAT.hides():
		return pathGuesses
	}
	return p.o.Guess
}

// near tells whether the peer may be behind the NAT that we are behind. The private address of its gateway means something else elsewhere, and what is
// sent there would make our NATs take ports.
func (p *puncher) near() bool {
	ours, its := p.o.Self.find(MappedCandidate), p.peer.find(MappedCandidate)
	return !ours.IsValid() || !its.IsValid() || ours.Addr() == its.Addr()
}

// own tells whether at is where conn itself is.
func (p *puncher) own(at netip.AddrPort) bool {
	local, ok := addrPortOf(p.conn.LocalAddr())
	return ok && local.Port() == at.Port() && p.linked(func(x netip.Prefix) bool { return x.Addr().Unmap() == at.Addr() })
}

// onLink tells whether a is on a network that this host is on.
func (p *puncher) onLink(a netip.Addr) bool {
	return p.linked(func(x netip.Prefix) bool { return x.Contains(a) })
}

// linked tells whether is is true of an address that this host has, with its network.
func (p *puncher) linked(is func(netip.Prefix) bool) bool {
	ifis, err := p.o.Net.Interfaces()
	if err != nil {
		return false
	}
	for _, ifi := range ifis {
		prefixes, _ := p.o.Net.Addrs(ifi) // an interface that is gone has none
		if slices.ContainsFunc(prefixes, is) {
			return true
		}
	}
	return false
}

// learn makes an address that the peer was seen to come from a target. nil: there are too many.
func (p *puncher) learn(from netip.AddrPort) *pathEnd {
	if t := p.at(from); t != nil {
		return t
	}
	if p.learnt >= maxLearnt || !callable(from) {
		return nil
	}
	p.learnt++
	t := &pathEnd{addr: from, learnt: true, check: newID(), nominates: newID()}
	p.targets = append(p.targets, t)
	return t
}

func (p *puncher) at(a netip.AddrPort) *pathEnd {
	i := slices.IndexFunc(p.targets, func(t *pathEnd) bool { return t.addr == a })
	if i < 0 {
		return nil
	}
	return p.targets[i]
}

// method is how the path to t was opened.
func (p *puncher) method(t *pathEnd) Method {
	switch {
	case t.host || p.peer.open() || p.o.Self.open():
		return DirectMethod
	case t.guessed:
		return GuessMethod
	}
	return PunchMethod
}
