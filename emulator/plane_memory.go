package emulator

import (
	"net/netip"
	"slices"
)

// translation is the plane in memory: the gateway's host forwards what comes to mapped ports, and rewrites its addresses.
type translation struct {
	plane *plane
	host  *Host

	// Guarded by the gateway's lock.
	attached  bool
	externals externals
	outside   map[ways]*datagrams // by UDP, from the peer to the external address
	inside    map[ways]*datagrams // and from the internal client to the peer
	masks     masks
}

// ways are the ends of a session on one side of the gateway.
type ways struct{ src, dst netip.AddrPort }

// datagrams are a session by UDP.
type datagrams struct {
	*session
	external netip.AddrPort
	hidden   netip.AddrPort // what the internal client takes for the peer; zero: the peer itself
}

func newTranslation(p *plane, h *Host) *translation {
	return &translation{plane: p, host: h, externals: externals{host: h}}
}

// admits everybody: there is nobody else in memory.
func (t *translation) admits(*entry) error { return nil }

func (t *translation) open(e *entry) netip.AddrPort {
	c := t.plane.gateway.state.connections[e.WAN]
	if e.ExternalPort == 0 || t.externals.find(c.address) == nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(c.address, e.ExternalPort)
}

func (t *translation) shut(*entry) {}

func (t *translation) count() {}

// readdress gives the host the addresses that the connections have.
func (t *translation) readdress(s *state) bool {
	if !t.attached {
		t.attached = true
		t.host.addForwarder(t)
	}
	want := make([]netip.Addr, 0, 4)
	for _, c := range s.connections {
		if c.address.IsValid() && !c.address.IsUnspecified() && !slices.Contains(want, c.address) {
			want = append(want, c.address)
		}
	}
	if !t.externals.become(want) {
		return false
	}
	for _, x := range t.externals.held {
		if x.err != nil {
			t.plane.gateway.journal.add(Entry{Time: s.now, Kind: "forward.failed", Name: x.err.Error()})
		}
	}
	return true
}

func (t *translation) close() {
	t.host.removeForwarder(t)
	t.externals.close()
}

// forward decides about a packet that has come to the host.
func (t *translation) forward(p packet, by string) (d decision) {
	t.plane.gateway.do(func(s *state) {
		switch x := t.externals.find(p.dst.Addr()); {
		case t.plane.over:
		case x != nil && x.ifname == by && t.plane.off:
			d.fate = vanished
		case x != nil && x.ifname == by:
			d = t.inward(s, p, by)
		case p.protocol == udp:
			if d = t.outward(s, p); d.fate == notMine {
				d = t.masquerade(s, p, by)
			}
		default:
			d = t.masquerade(s, p, by)
		}
	})
	return d
}

// inward decides about what the Internet sends to an external address. Of several connections with one address, the first that has
// the port takes it.
func (t *translation) inward(s *state, p packet, by string) decision {
	if p.protocol == udp {
		if x := t.outside[ways{p.src, p.dst}]; x != nil {
			return t.carry(x, p, x.meet(s, false))
		}
		if x := t.inside[ways{p.src, p.dst}]; x != nil {
			return x.answer(p)
		}
		if d := t.unmask(s, p); d.fate != notMine {
			return d
		}
	}
	up := false
	for _, c := range s.connections {
		if c.address != p.dst.Addr() || c.status != connected {
			continue
		}
		up = true
		x, d := t.plane.knock(s, c, p.protocol, p.dst.Port(), p.src)
		switch {
		case x == nil:
			continue
		case p.protocol == tcp:
			return t.connect(x, p, d, by)
		}
		return t.carry(t.remember(s, x, p, by), p, d)
	}
	if !up || t.plane.options.Stealth {
		return decision{fate: vanished}
	}
	return decision{}
}

// connect lets a connection through to the internal client, or does what d says instead.
func (t *translation) connect(x *session, p packet, d deed, by string) decision {
	hung := d.verb != nil && d.verb.Hang
	switch wordOf(d) {
	case cut:
		return decision{fate: refused}
	case hold:
		if !hung {
			return decision{fate: vanished}
		}
	}
	p.dst = x.target
	if hidden := t.hide(x, p, by); hidden.IsValid() {
		p.src = hidden
	}
	return decision{fate: passedOn, to: p, delay: d.delay, watch: &stream{session: x, hung: hung}}
}

// hide is what stands for a peer towards an internal client that is no host of the LAN but out there too, by the interface that the
// peer is at: as routers masquerade all that leaves them, it is the router itself, or the answers would not come back to it.
func (t *translation) hide(x *session, p packet, by string) netip.AddrPort {
	if !t.host.leavesBy(x.target.Addr(), by) {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(x.via, p.src.Port())
}

// carry lets a datagram through to the internal client, or does what d says instead.
func (t *translation) carry(x *datagrams, p packet, d deed) decision {
	if wordOf(d) != pass {
		return decision{fate: vanished}
	}
	x.passing(true, p.size)
	p.dst = x.target
	if x.hidden.IsValid() {
		p.src = x.hidden
	}
	return decision{fate: passedOn, to: p, delay: d.delay}
}

// remember makes x known in both directions.
func (t *translation) remember(s *state, x *session, p packet, by string) *datagrams {
	u := &datagrams{x, p.dst, t.hide(x, p, by)}
	out, in := ways{p.src, p.dst}, ways{x.target, p.src}
	if u.hidden.IsValid() {
		in.dst = u.hidden
	}
	if !t.plane.add(s, x, func() {
		delete(t.outside, out)
		if t.inside[in] == u {
			delete(t.inside, in)
		}
	}) {
		return u
	}
	if t.outside == nil {
		t.outside, t.inside = map[ways]*datagrams{}, map[ways]*datagrams{}
	}
	t.outside[out], t.inside[in] = u, u
	return u
}

// outward sends an answer to a peer from the mapped port. What is no answer is not the plane's: it finds no way.
func (t *translation) outward(s *state, p packet) decision {
	x := t.inside[ways{p.src, p.dst}]
	if x == nil {
		return decision{}
	}
	return x.answer(p)
}

// answer lets an answer through to the peer.
func (x *datagrams) answer(p packet) decision {
	x.passing(false, p.size)
	p.src, p.dst = x.external, x.peer
	return decision{fate: passedOn, to: p}
}
