package emulator

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// doors is the plane of real sockets: each mapped port is listened on, and what comes in is sent on by another socket.
type doors struct {
	plane  *plane
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	// Guarded by the gateway's lock.
	doors   map[doorKey]*door
	started bool

	forwards map[*entry]*portForward // by a NAT, in PlanePorts
	routed   bool                    // a NAT forwards

	udp *udpNAT // of the wire; nil: there is none
}

// doorKey is what a door stands for. Mappings of one port for several remote hosts share it.
type doorKey struct {
	wan      int
	port     uint16
	protocol string
}

// door is one socket for peers.
type door struct {
	doorKey
	users  int // entries
	reach  netip.AddrPort
	socket io.Closer
}

func newDoors(p *plane) *doors {
	ctx, cancel := context.WithCancel(context.Background())
	ds := &doors{plane: p, ctx: ctx, cancel: cancel, doors: map[doorKey]*door{}, forwards: map[*entry]*portForward{}}
	if ds.ports() && p.options.Wire != nil {
		ds.udp = newUDPNAT(p)
	}
	return ds
}

func (ds *doors) ports() bool { return ds.plane.options.Mode == PlanePorts }

func (ds *doors) open(e *entry) netip.AddrPort {
	if ds.udp != nil && e.Protocol == udp {
		return ds.onWire(e)
	}
	if n := ds.forwarding(); n != nil {
		return ds.route(n, e)
	}
	if e.door != nil {
		return e.door.reach
	}
	if e.ExternalPort == 0 {
		return netip.AddrPort{} // all ports have no door of their own
	}
	k := doorKey{e.WAN, e.ExternalPort, e.Protocol}
	d := ds.doors[k]
	if d == nil {
		var err error
		if d, err = ds.build(k); err != nil {
			ds.plane.failed(e.String(), err)
			return netip.AddrPort{}
		}
		ds.doors[k] = d
	}
	d.users++
	e.door = d
	return d.reach
}

// admits keeps what comes in by a door from third parties, whatever policy or faults have put into the table: connections are made here,
// and a scenario must not aim them at others. A mapping leads to who called for it, or stays on this machine with a gateway that does;
// in PlanePorts the network is the lab's own.
func (ds *doors) admits(e *entry) error {
	g, to := ds.plane.gateway, e.InternalClient
	switch {
	case !exact(to):
		return nil // it leads nowhere
	case !g.allowed(to):
		return fmt.Errorf("%v is none of the gateway's clients", to)
	case ds.ports(), to == e.asker, to.IsLoopback() && g.options.LAN.IsLoopback():
		return nil
	}
	return fmt.Errorf("%v did not ask for it", to)
}

// build opens the socket of k.
func (ds *doors) build(k doorKey) (*door, error) {
	g := ds.plane.gateway
	if len(ds.doors) >= ds.plane.options.MaxPorts {
		return nil, fmt.Errorf("%d ports are open", len(ds.doors))
	}
	at := netip.AddrPortFrom(ds.plane.options.Doors, 0)
	if ds.ports() {
		if at = netip.AddrPortFrom(ds.plane.seen[k.wan].addr, k.port); !exact(at.Addr()) {
			return nil, fmt.Errorf("there is no external address")
		}
	}
	d := &door{doorKey: k}
	if k.protocol == tcp {
		l, err := g.options.Net.Listen(ds.ctx, at)
		if err != nil {
			return nil, err
		}
		d.socket, d.reach = l, ds.reach(l.Addr())
		ds.wg.Go(func() { ds.accept(d, l) })
		return d, nil
	}
	c, err := g.options.Net.ListenPacket(ds.ctx, at)
	if err != nil {
		return nil, err
	}
	d.socket, d.reach = c, ds.reach(c.LocalAddr())
	ds.wg.Go(func() { (&receiver{doors: ds, door: d, socket: c}).run() })
	return d, nil
}

// reach is the address of a door as peers use it: where it stands on every address, at the host that clients are told.
func (ds *doors) reach(a net.Addr) netip.AddrPort {
	at := addrPortOf(a)
	if !at.Addr().IsUnspecified() {
		return at
	}
	host, _, _ := net.SplitHostPort(ds.plane.gateway.presence.advertised())
	addr, err := netip.ParseAddr(host)
	if err != nil {
		addr = loopbackOf(netip.IPv4Unspecified())
	}
	return netip.AddrPortFrom(addr, at.Port())
}

func addrPortOf(a net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch a := a.(type) {
	case *net.TCPAddr:
		at = a.AddrPort()
	case *net.UDPAddr:
		at = a.AddrPort()
	}
	return canonical(at)
}

func (ds *doors) shut(e *entry) {
	if ds.udp != nil {
		ds.udp.shut(e)
	}
	ds.unroute(e)
	d := e.door
	if d == nil {
		return
	}
	e.door = nil
	if d.users--; d.users == 0 {
		delete(ds.doors, d.doorKey)
		d.socket.Close()
	}
}

// readdress opens the ports on a new external address. Doors do not care.
func (ds *doors) readdress(s *state, old []addressed, moved bool) (changed bool) {
	changed = !ds.started
	if !ds.ports() {
		ds.started = true
		return changed
	}
	ds.begin()
	changed = ds.reroute(s) || changed
	if !moved {
		return changed
	}
	if ds.udp != nil {
		ds.udp.readdress(s, exact)
	}
	was, is := ds.plane.addresses(old), ds.plane.addresses(ds.plane.seen)
	ds.hold(was, is, false)
	ds.hold(is, was, true)
	for i, c := range s.connections {
		if i < len(old) && old[i].addr == c.address {
			continue
		}
		ds.plane.endIf(func(x *session) bool { return x.wan == c })
		for e := range c.mappings.order.all {
			ds.shut(e)
		}
	}
	return true
}

// hold calls Hold for the addresses that are not among the others.
func (ds *doors) hold(addrs, others []netip.Addr, on bool) {
	if ds.plane.options.Hold == nil {
		return
	}
	for _, addr := range addrs {
		if slices.Contains(others, addr) {
			continue
		}
		if err := ds.plane.options.Hold(addr, on); err != nil {
			ds.plane.failed(addr.String(), err)
		}
	}
}

// close ends every door, and returns when all goroutines have ended. The sessions have been told to.
func (ds *doors) close() {
	ds.plane.gateway.mu.Lock()
	for k, d := range ds.doors {
		delete(ds.doors, k)
		d.socket.Close()
	}
	for e := range ds.forwards {
		ds.unroute(e)
	}
	ds.plane.gateway.mu.Unlock()
	ds.cancel()
	ds.wg.Wait()
}

// knock is the arrival of a peer at d.
func (ds *doors) knock(d *door, peer netip.AddrPort) (x *session, what deed) {
	g := ds.plane.gateway
	if !ds.ports() && !peer.Addr().IsLoopback() && !g.allowed(peer.Addr()) {
		return nil, what
	}
	g.do(func(s *state) {
		if c := s.connections[d.wan]; c.status == connected && !ds.plane.over {
			x, what = ds.plane.knock(s, c, d.protocol, d.port, peer)
		}
	})
	return x, what
}
