package emulator

import (
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// translation is the plane in memory: the gateway's host forwards what comes to mapped ports and what its NAT lets pass, and rewrites
// its addresses.
type translation struct {
	plane *plane
	host  *Host

	// Guarded by the gateway's lock.
	attached  bool
	externals externals
	udp       *udpNAT
}

func newTranslation(p *plane, h *Host) *translation {
	t := &translation{plane: p, host: h, externals: externals{host: h}, udp: newUDPNAT(p)}
	t.udp.astray = func(client netip.Addr, by string) bool { return h.leavesBy(netip.Addr{}, client, by) }
	return t
}

// admits everybody: there is nobody else in memory.
func (t *translation) admits(*entry) error { return nil }

func (t *translation) open(e *entry) netip.AddrPort {
	t.udp.open(e)
	c := t.plane.gateway.state.connections[e.WAN]
	if e.ExternalPort == 0 || t.externals.find(c.address) == nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(c.address, e.ExternalPort)
}

func (t *translation) shut(e *entry) { t.udp.shut(e) }

func (t *translation) count() {}

func (t *translation) forget(now time.Time) { t.udp.forget(now) }

func (t *translation) nat() *udpNAT { return t.udp }

// readdress gives the host the addresses that the connections have.
func (t *translation) readdress(s *state, _ []addressed, moved bool) bool {
	if !t.attached {
		t.attached = true
		t.host.addForwarder(t)
	}
	if !moved {
		return false
	}
	changed := t.externals.become(t.plane.addresses(t.plane.seen))
	before := slices.Clone(t.udp.sides)
	t.udp.readdress(s, func(a netip.Addr) bool { return t.externals.find(a) != nil })
	if !changed {
		return !slices.Equal(before, t.udp.sides)
	}
	for _, x := range t.externals.held {
		if x.err != nil {
			t.plane.gateway.journal.add(Entry{Time: s.now, Kind: "forward.failed", Name: x.err.Error()})
		}
	}
	t.route()
	return true
}

// route makes the hosts of the LAN known out there, where nothing translates their addresses.
func (t *translation) route() {
	o := &t.plane.gateway.options
	if !t.plain() {
		return
	}
	lan, ok := t.host.placeOf(o.LAN)
	if !ok || len(t.externals.held) == 0 || t.externals.held[0].err != nil {
		return
	}
	t.host.unproxy()
	if err := t.host.proxy(t.externals.held[0].ifname, lan.prefix.Masked()); err != nil {
		t.plane.failed(lan.prefix.Masked().String(), err)
	}
}

func (t *translation) plain() bool {
	return t.plane.options.NAT != nil && t.plane.options.NAT.Kind == nat.Plain
}

func (t *translation) close() {
	t.host.removeForwarder(t)
	t.host.unproxy()
	g := t.plane.gateway // forward may be at work still
	g.mu.Lock()
	defer g.mu.Unlock()
	t.externals.close()
}

// forward decides about a packet that has come to the host.
func (t *translation) forward(p packet, by string) (d decision) {
	t.plane.gateway.do(func(s *state) {
		side, outside := t.outside(p.dst.Addr(), by)
		switch {
		case t.plane.over:
		case t.plane.off && (outside || t.plane.options.NAT != nil && !t.own(p.dst.Addr())):
			d.fate = vanished
		case t.plane.off:
		case outside && p.protocol == udp && side != nil:
			d = side.in(s, p)
		case outside && p.protocol == udp:
			d = t.orNobody(s, p, t.udp.inward(s, p, by))
		case outside && side != nil:
			d = t.pastFilter(p)
		case outside:
			d = t.orNobody(s, p, t.connect(s, p, by))
		case p.protocol == udp:
			d = t.udp.outward(s, p, t.exit(s, p.dst.Addr(), by))
		default:
			d = t.leave(s, p, t.exit(s, p.dst.Addr(), by))
		}
	})
	return d
}

// outside tells whether what came by an interface for dst comes from the Internet: for an external address, or, where there is no NAT,
// for a host of the LAN, past the firewall of side.
func (t *translation) outside(dst netip.Addr, by string) (side *natSide, outside bool) {
	if x := t.externals.find(dst); x != nil {
		return nil, x.ifname == by
	}
	if !t.plain() || t.own(dst) {
		return nil, false
	}
	for i := range t.externals.held {
		if x := &t.externals.held[i]; x.err == nil && x.ifname == by {
			side = t.udp.side(x.addr)
			return side, side != nil
		}
	}
	return nil, false
}

func (t *translation) own(addr netip.Addr) bool {
	_, own := t.host.placeOf(addr)
	return own
}

// exit is the NAT at the external address that what is sent to dst leaves by: of the connections that are up and lead there, that which
// DefaultConnectionService names, or else the first. It is nil when nothing gets out.
func (t *translation) exit(s *state, dst netip.Addr, by string) *natSide {
	if len(t.udp.sides) == 0 || t.own(dst) {
		return nil
	}
	leads := func(c *connection) *natSide {
		x := t.externals.find(c.address)
		if x == nil || x.ifname == by || c.status != connected || !t.host.leavesBy(x.addr, dst, x.ifname) {
			return nil
		}
		return t.udp.side(c.address)
	}
	if side := leads(s.main()); side != nil {
		return side
	}
	for _, c := range s.connections {
		if side := leads(c); side != nil {
			return side
		}
	}
	return nil
}

// orNobody is d, or when nobody wanted the packet, what becomes of those.
func (t *translation) orNobody(s *state, p packet, d decision) decision {
	up := slices.ContainsFunc(s.connections, func(c *connection) bool { return c.status == connected && c.address == p.dst.Addr() }) ||
		slices.Contains(t.plane.options.Pool, p.dst.Addr())
	if d.fate == notMine && (!up || t.plane.options.Stealth) {
		d.fate = vanished
	}
	return d
}
