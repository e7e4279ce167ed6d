package emulator

import (
	"net/netip"

	"github.com/igdkit/igdkit/emulator/nat"
)

// connect lets a connection to an external address through to the internal client of the entry that takes it, or does what the faults
// say instead. Of several connections to the Internet with one address, the first that has the port takes it.
func (t *translation) connect(s *state, p packet, by string) decision {
	for _, c := range s.connections {
		if c.address != p.dst.Addr() || c.status != connected {
			continue
		}
		if x, d := t.plane.knock(s, c, tcp, p.dst.Port(), p.src); x != nil {
			return t.through(x, p, d, by)
		}
	}
	if side := t.udp.side(p.dst.Addr()); side != nil && t.plane.options.NAT.Stateless() {
		return side.in(s, p) // without state, the table of UDP says where any protocol goes
	}
	return decision{}
}

func (t *translation) through(x *session, p packet, d deed, by string) decision {
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
	if hidden := t.udp.hide(x, p, by); hidden.IsValid() {
		p.src = hidden
	}
	return decision{fate: passedOn, to: p, delay: d.delay, watch: &stream{session: x, hung: hung}}
}

// pastFilter decides about a connection to a host that has an address of its own on the Internet. A firewall lets in nobody: filters by
// what was sent are for UDP, and what answers a connection needs no leave.
func (t *translation) pastFilter(p packet) decision {
	if t.plane.options.NAT.Filtering != nat.EndpointIndependent {
		return decision{fate: vanished}
	}
	return decision{fate: passedOn, to: p}
}

// leave lets out a connection that a host inside begins. It keeps its port, because connections of the memory network are told apart
// without them.
func (t *translation) leave(s *state, p packet, exit *natSide) decision {
	home := t.udp.side(p.dst.Addr())
	if home != nil {
		exit = home
	}
	if exit == nil || home != nil && t.udp.hairpins() == nat.NoHairpin {
		return decision{}
	}
	addr, ok := exit.table.Address(p.src.Addr())
	if !ok {
		return decision{fate: vanished}
	}
	q := p
	q.src = netip.AddrPortFrom(addr, p.src.Port())
	if home == nil {
		return decision{fate: passedOn, to: q}
	}
	d := t.connect(s, q, "")
	if d.fate == passedOn && t.udp.hairpins() == nat.InternalSource {
		d.to.src = p.src
	}
	return d
}
