package emulator

import (
	"maps"
	"net/netip"
	"time"
)

// masks are the ports by which hosts of the LAN speak to the outside by UDP: one for each of their sockets, whomever it speaks to (RFC 4787
// REQ-1), open to those who were spoken to (address and port-dependent filtering, REQ-8), for idleUDP.
type masks struct {
	byClient   map[netip.AddrPort]*mask
	byExternal map[netip.AddrPort]*mask
}

type mask struct {
	client, external netip.AddrPort
	peers            map[netip.AddrPort]time.Time // when something passed last
}

// masquerade decides about what a host of the LAN begins: it leaves from the external address, by the host's own port when that is free.
// TCP keeps its port, because connections of the memory network are told apart without them.
func (t *translation) masquerade(s *state, p packet, by string) decision {
	if t.plane.options.NAT == nil || t.plane.off {
		return decision{}
	}
	if _, own := t.host.placeOf(p.dst.Addr()); own {
		return decision{}
	}
	for _, c := range s.connections {
		x := t.externals.find(c.address)
		if x == nil || x.ifname == by || c.status != connected || !t.host.leavesBy(p.dst.Addr(), x.ifname) {
			continue
		}
		port := p.src.Port()
		if p.protocol == udp {
			m := t.masks.of(p.src, c, s.now, t.plane.options.MaxSessions)
			if m == nil {
				return decision{fate: vanished}
			}
			m.peers[p.dst], port = s.now, m.external.Port()
		}
		p.src = netip.AddrPortFrom(c.address, port)
		return decision{fate: passedOn, to: p}
	}
	return decision{}
}

// unmask sends an answer on to the host of the LAN that it is for.
func (t *translation) unmask(s *state, p packet) decision {
	m := t.masks.byExternal[p.dst]
	if m == nil {
		return decision{}
	}
	last, spoken := m.peers[p.src]
	if !spoken || s.now.Sub(last) >= idleUDP {
		return decision{}
	}
	m.peers[p.src] = s.now
	p.dst = m.client
	return decision{fate: passedOn, to: p}
}

// of is the mask of a client towards c; nil when there are no more to be had.
func (ms *masks) of(client netip.AddrPort, c *connection, now time.Time, limit int) *mask {
	if m := ms.byClient[client]; m != nil && m.external.Addr() == c.address {
		return m
	}
	ms.lapse(now)
	if len(ms.byExternal) >= limit {
		return nil
	}
	if ms.byClient == nil {
		ms.byClient, ms.byExternal = map[netip.AddrPort]*mask{}, map[netip.AddrPort]*mask{}
	}
	for port, tries := client.Port(), 0; tries < 1<<16; port, tries = port+1, tries+1 {
		external := netip.AddrPortFrom(c.address, port)
		if port < 1024 && port != client.Port() || ms.byExternal[external] != nil || c.mappings.get(key{"", port, udp}) != nil {
			continue
		}
		m := &mask{client, external, map[netip.AddrPort]time.Time{}}
		ms.byClient[client], ms.byExternal[external] = m, m
		return m
	}
	return nil
}

// lapse forgets who has been silent for too long.
func (ms *masks) lapse(now time.Time) {
	maps.DeleteFunc(ms.byExternal, func(_ netip.AddrPort, m *mask) bool {
		maps.DeleteFunc(m.peers, func(_ netip.AddrPort, last time.Time) bool { return now.Sub(last) >= idleUDP })
		if len(m.peers) == 0 && ms.byClient[m.client] == m {
			delete(ms.byClient, m.client)
		}
		return len(m.peers) == 0
	})
}
