package emulator

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// How long a session may stand without a word, by the gateway's clock: the least that RFC 4787 REQ-5 and RFC 5382 REQ-5 allow. Of UDP,
// Plane.NAT says it.
const (
	idleUDP = 2 * time.Minute
	idleTCP = 2*time.Hour + 4*time.Minute
)

// session is a TCP connection, or the datagrams to and from one peer, through one mapping (RFC 2663 §2.3).
type session struct {
	plane  *plane
	entry  *entry
	wan    *connection
	peer   netip.AddrPort
	via    netip.Addr     // the external address
	target netip.AddrPort // the internal client
	last   atomic.Int64   // when something passed, by the gateway's clock, in ns since 1970

	// Guarded by the gateway's lock.
	place int    // in plane.sessions; -1: not there
	end   func() // stops what carries it; does not block, nor come back here
}

// word is what the forward layer says about the next bytes of a session.
type word int

const (
	pass word = iota
	hold
	cut
)

// ask is the word on what x is about to carry, after its beginning.
func (x *session) ask() word {
	g := x.plane.gateway
	if g.faults.on(onForward) == nil {
		return pass
	}
	var d deed
	g.do(func(s *state) { d = x.meet(s, true) })
	return wordOf(d)
}

// meet asks the forward layer. again says that x is a connection that has begun.
func (x *session) meet(s *state, again bool) deed {
	inFlight := len(x.plane.sessions)
	if x.place < 0 {
		inFlight++
	}
	return s.meet(&occasion{layer: onForward, peer: x.peer, connection: x.wan, mapping: &x.entry.Mapping, inFlight: inFlight, again: again})
}

// wordOf is what d means for a connection or a datagram.
func wordOf(d deed) word {
	switch {
	case d.verb == nil:
		return pass
	case d.verb.Close != "":
		return cut
	}
	return hold
}

// knock is the arrival of a peer's first packet for a port of c. There is no session when no mapping wants it. The session begins
// with start, if d lets it.
func (p *plane) knock(s *state, c *connection, protocol string, port uint16, peer netip.AddrPort) (x *session, d deed) {
	if e := c.receiver(protocol, port, peer.Addr()); e != nil {
		return p.begins(s, c, e, port, peer)
	}
	return nil, d
}

// begins is knock for an entry that wants the packet. There is no session when there are too many.
func (p *plane) begins(s *state, c *connection, e *entry, port uint16, peer netip.AddrPort) (x *session, d deed) {
	x = &session{plane: p, entry: e, wan: c, peer: peer, via: c.address, target: e.target(port), place: -1}
	x.touch(s.now)
	note := Entry{Time: s.now, Kind: "forward.open", Peer: peer, Name: e.String()}
	if len(p.sessions) >= p.options.MaxSessions {
		note.Kind, note.Details = "forward.refused", Details{{"because", "too many sessions"}}
		p.gateway.journal.add(note)
		return nil, d
	}
	p.gateway.journal.add(note)
	return x, x.meet(s, false)
}

// receiver is the entry that takes what peer sends to a port: one for this remote host before one for any, and one for any port
// last (WANIPConnection:1 §2.2, ExternalPort).
func (c *connection) receiver(protocol string, port uint16, peer netip.Addr) *entry {
	if e := c.receiverAt(protocol, port, peer); e != nil {
		return e
	}
	return c.receiverAt(protocol, 0, peer)
}

// receiverAt is that among the entries of one external port, of which 0 stands for all.
func (c *connection) receiverAt(protocol string, port uint16, peer netip.Addr) *entry {
	if c.mappings.first(port, protocol) == nil {
		return nil
	}
	for _, remote := range [...]string{peer.String(), ""} {
		if e := c.mappings.get(key{remote, port, protocol}); e != nil && e.carries() {
			return e
		}
	}
	return nil
}

// carries tells whether e leads anywhere. Its client may be nobody: faults and routers write 0.0.0.0.
func (e *entry) carries() bool {
	return e.Enabled && !e.barred && !e.flushed && exact(e.InternalClient)
}

// target is where e leads what came to port. A mapping of all ports keeps them, whatever its internal port says
// (WANIPConnection:1 §2.2, ExternalPort).
func (e *entry) target(port uint16) netip.AddrPort {
	if e.ExternalPort == 0 {
		return netip.AddrPortFrom(e.InternalClient, port)
	}
	return netip.AddrPortFrom(e.InternalClient, e.InternalPort)
}

// leadsTo tells whether e still carries to target.
func (e *entry) leadsTo(target netip.AddrPort) bool {
	return e.carries() && e.InternalClient == target.Addr() && (e.ExternalPort == 0 || e.InternalPort == target.Port())
}

// start makes x one of the sessions, unless its mapping has gone meanwhile. end is called when it is to end from here.
func (p *plane) start(x *session, end func()) (ok bool) {
	p.gateway.do(func(s *state) { ok = p.add(s, x, end) })
	return ok
}

func (p *plane) add(s *state, x *session, end func()) bool {
	if p.over || s.connections[x.entry.WAN].mappings.get(x.entry.key()) != x.entry || !x.entry.leadsTo(x.target) {
		return false
	}
	x.end, x.place = end, len(p.sessions)
	p.sessions = append(p.sessions, x)
	return true
}

// finish is told that x is over.
func (p *plane) finish(x *session) {
	p.gateway.mu.Lock()
	defer p.gateway.mu.Unlock()
	p.remove(x)
}

func (p *plane) remove(x *session) {
	if x.place < 0 {
		return
	}
	last := len(p.sessions) - 1
	p.sessions[x.place] = p.sessions[last]
	p.sessions[x.place].place = x.place
	p.sessions[last] = nil
	p.sessions = p.sessions[:last]
	x.place = -1
}

// endIf ends the sessions for which over holds.
func (p *plane) endIf(over func(*session) bool) {
	for i := len(p.sessions) - 1; i >= 0; i-- {
		if x := p.sessions[i]; over(x) {
			p.remove(x)
			x.end()
		}
	}
}

// cutOff tells whether the Internet no longer reaches x where it began.
func (x *session) cutOff() bool { return x.wan.status != connected || x.wan.address != x.via }

// passing counts bytes that go through.
func (x *session) passing(inward bool, n int) {
	x.entry.used.Store(true)
	if x.entry.Protocol != udp || x.plane.renews(inward) {
		x.touch(x.plane.gateway.options.Clock.Now())
	}
	if inward {
		x.wan.traffic.received(n)
	} else {
		x.wan.traffic.sent(n)
	}
}

func (x *session) touch(now time.Time) { x.last.Store(now.UnixNano()) }

// idleUntil is when x has been silent for too long.
func (x *session) idleUntil() time.Time {
	idle := idleTCP
	if x.entry.Protocol == udp {
		idle = x.plane.idleUDP()
	}
	return time.Unix(0, x.last.Load()).Add(idle)
}

func (p *plane) idleUDP() time.Duration {
	if b := p.options.NAT; b != nil {
		return b.Lasts()
	}
	return idleUDP
}

// renews tells whether a datagram of that direction keeps its session alive.
func (p *plane) renews(inward bool) bool {
	way := nat.Outbound
	if inward {
		way = nat.Inbound
	}
	return p.options.NAT == nil || p.options.NAT.Renews(way)
}

// lapse ends the sessions that nothing has passed through for too long.
func (p *plane) lapse(now time.Time) {
	if p == nil || p.sweep.IsZero() || now.Before(p.sweep) {
		return
	}
	p.endIf(func(x *session) bool { return !x.idleUntil().After(now) })
	p.sweep = time.Time{}
}

// next is when the next session may have been silent for too long; zero when there is none.
func (p *plane) next() time.Time {
	if p == nil || len(p.sessions) == 0 {
		return time.Time{}
	}
	if p.sweep.IsZero() {
		for _, x := range p.sessions {
			p.sweep = firstOf(p.sweep, x.idleUntil())
		}
	}
	return p.sweep
}
