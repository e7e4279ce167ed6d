package emulator

import (
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// natSide is the gateway's NAT at one of its external addresses, and at those of the pool if it is the first connection's.
type natSide struct {
	addrs []netip.Addr
	table *nat.Table
}

// staticPort is what the table of a side knows of an entry.
type staticPort struct {
	side *natSide
	is   nat.Static
}

// readdress keeps a NAT at each address of a connection that is up. What it remembered of an address that is lost is gone.
func (n *udpNAT) readdress(s *state, held func(netip.Addr) bool) {
	if n.behaviour() == nil {
		return
	}
	old := n.sides
	n.sides = nil
	for i, c := range s.connections {
		if c.status != connected || !exact(c.address) || !held(c.address) || n.side(c.address) != nil {
			continue
		}
		addrs := []netip.Addr{c.address}
		if i == 0 {
			for _, a := range n.plane.options.Pool {
				if a != c.address && held(a) {
					addrs = append(addrs, a)
				}
			}
		}
		kept := slices.IndexFunc(old, func(x *natSide) bool { return slices.Equal(x.addrs, addrs) })
		if kept >= 0 {
			n.sides = append(n.sides, old[kept])
		} else if side := n.newSide(s, addrs); side != nil {
			n.sides = append(n.sides, side)
		}
	}
}

func (n *udpNAT) newSide(s *state, addrs []netip.Addr) *natSide {
	g := n.plane.gateway
	o := nat.Options{
		Behaviour: *n.behaviour(), External: addrs, Seed: g.options.seed(),
		FirstPort: n.plane.options.Ports.First, LastPort: n.plane.options.Ports.Last,
		MaxMappings: n.plane.options.MaxMappings, MaxPerHost: n.plane.options.MaxPerHost,
		Observe: func(e nat.Event) {
			if e.Kind == nat.Capped || e.Kind == nat.Exhausted { // of others there are too many
				g.journal.add(Entry{Time: e.Time, Kind: "nat." + string(e.Kind), Peer: e.Mapping.Internal, Name: addrs[0].String()})
			}
		},
	}
	if o.Kind == nat.Plain {
		o.External = nil
	}
	table, err := nat.New(o)
	if err != nil {
		n.plane.failed(addrs[0].String(), err)
		return nil
	}
	table.Expire(s.now)
	return &natSide{addrs, table}
}

// side is the NAT at an external address; nil: there is none.
func (n *udpNAT) side(addr netip.Addr) *natSide {
	for _, x := range n.sides {
		if slices.Contains(x.addrs, addr) {
			return x
		}
	}
	return nil
}

// main is the NAT of the connection that DefaultConnectionService names, or else the first of one that is up; nil: there is none.
func (n *udpNAT) main(s *state) *natSide {
	if x := n.side(s.main().address); x != nil {
		return x
	}
	if len(n.sides) > 0 {
		return n.sides[0]
	}
	return nil
}

// open makes the port of an entry that carries one that the NAT gives to nobody else.
func (n *udpNAT) open(e *entry) {
	s := n.plane.gateway.state
	side := n.side(s.connections[e.WAN].address)
	if e.Protocol != udp || e.ExternalPort == 0 || side == nil || n.behaviour().Kind == nat.Plain || n.behaviour().Kind == nat.Blocking {
		n.shut(e)
		return
	}
	is := nat.Static{External: netip.AddrPortFrom(s.connections[e.WAN].address, e.ExternalPort), Internal: e.target(0)}
	if e.RemoteHost != "" {
		var err error
		if is.Remote, err = netip.ParseAddr(e.RemoteHost); err != nil {
			n.shut(e)
			return // nobody can have that address
		}
	}
	want := staticPort{side, is}
	if n.static[e] == want {
		return
	}
	n.shut(e)
	if err := side.table.Map(s.now, is); err != nil {
		n.plane.failed(e.String(), err)
		return
	}
	n.static[e] = want
}

func (n *udpNAT) shut(e *entry) {
	if p, ok := n.static[e]; ok {
		delete(n.static, e)
		p.side.table.Unmap(n.plane.gateway.state.now, p.is)
	}
}

// forget ends what hosts have begun, as a reboot does.
func (n *udpNAT) forget(now time.Time) {
	for _, x := range n.sides {
		x.table.Reset(now)
	}
}

// in decides about a datagram that no entry takes.
func (x *natSide) in(s *state, p packet) decision {
	in, v := x.table.In(s.now, nat.Packet{Src: p.src, Dst: p.dst})
	switch v {
	case nat.Passed:
		p.dst = in.Dst
		return decision{fate: passedOn, to: p}
	case nat.NoMapping, nat.NotExternal, nat.OtherRemote:
		return decision{}
	}
	return decision{fate: vanished}
}

// NATMappings are copies of the mappings that datagrams from inside have made and that have not expired, by external address and port.
// It is empty where Plane.NAT is nil, or needs none.
func (g *Gateway) NATMappings() []nat.Mapping {
	var all []nat.Mapping
	g.do(func(s *state) {
		if g.plane == nil || g.plane.access.nat() == nil {
			return
		}
		for _, x := range g.plane.access.nat().sides {
			x.table.Expire(s.now)
			for _, m := range x.table.Mappings() {
				if !m.Static {
					all = append(all, m)
				}
			}
		}
	})
	return all
}
