package emulator

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

func (systemNet) ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error) {
	local = local.Unmap()
	c, err := listenGroup(ctx, local, group)
	if err != nil {
		return nil, fmt.Errorf("emulator: join %v on %v: %w", group, local, err)
	}
	return c, nil
}

func listenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (*groupConn, error) {
	if !group.Addr().IsMulticast() || group.Addr().Is4() != local.Is4() {
		return nil, fmt.Errorf("%v is no multicast group of %v's family", group.Addr(), local)
	}
	ifi, err := interfaceOf(local)
	if err != nil {
		return nil, err
	}
	// A socket bound to local hears no multicast on most systems, and Windows cannot bind to a group: every
	// system can bind to the wildcard, so the destination is checked datagram by datagram.
	wildcard := netip.IPv6Unspecified()
	if local.Is4() {
		wildcard = netip.IPv4Unspecified()
	}
	c, err := sharing(local.Is4()).ListenPacket(ctx, family("udp", local), netip.AddrPortFrom(wildcard, group.Port()).String())
	if err != nil {
		return nil, err
	}
	g := &groupConn{PacketConn: c, local: local, group: group, index: ifi.Index}
	if err := g.join(ifi); err != nil {
		c.Close()
		return nil, err
	}
	return g, nil
}

// listenBeside opens a socket at one address although the sockets of groups hold its port on all of them: the system gives it what is sent
// to that address.
func (systemNet) listenBeside(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	return sharing(local.Addr().Is4()).ListenPacket(ctx, family("udp", local.Addr()), local.String())
}

// sharing is how sockets are opened that share their port.
func sharing(is4 bool) *net.ListenConfig {
	return &net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		if err := c.Control(func(fd uintptr) { failed = shareGroupPort(fd, is4) }); err != nil {
			return err
		}
		return failed
	}}
}

// groupConn is a wildcard socket that behaves as if it were bound to one address and one group on one interface.
type groupConn struct {
	net.PacketConn
	local netip.Addr
	group netip.AddrPort
	index int
	p4    *ipv4.PacketConn // one of p4 and p6 is set
	p6    *ipv6.PacketConn
}

func (g *groupConn) join(ifi *net.Interface) error {
	if err := setMulticastSource(g.PacketConn, g.local, ifi); err != nil {
		return err
	}
	group := net.UDPAddrFromAddrPort(g.group)
	if g.local.Is4() {
		g.p4 = ipv4.NewPacketConn(g.PacketConn)
		// Windows has no control messages in x/net: there the responder's source filter has to do.
		_ = g.p4.SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
		return g.p4.JoinGroup(ifi, group)
	}
	g.p6 = ipv6.NewPacketConn(g.PacketConn)
	_ = g.p6.SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	return g.p6.JoinGroup(ifi, group)
}

// LocalAddr is the address that g stands for, not the wildcard it is bound to.
func (g *groupConn) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(g.local, g.group.Port()))
}

func (g *groupConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, _, err := g.readVia(b)
	return n, from, err
}

func (g *groupConn) readVia(b []byte) (int, net.Addr, Via, error) {
	for {
		n, to, from, err := g.read(b)
		if err != nil || g.meant(to) {
			return n, from, to.via(), err
		}
	}
}

// destination is where a datagram went and where it came in; zero fields are unknown.
type destination struct {
	addr  netip.Addr
	index int
}

func (d destination) via() Via {
	switch {
	case !d.addr.IsValid():
		return viaUnknown
	case d.addr.IsMulticast():
		return viaMulticast
	}
	return viaUnicast
}

func (g *groupConn) read(b []byte) (int, destination, net.Addr, error) {
	var to destination
	if g.p4 != nil {
		n, cm, from, err := g.p4.ReadFrom(b)
		if cm != nil {
			to.index = cm.IfIndex
			to.addr, _ = netip.AddrFromSlice(cm.Dst)
		}
		return n, to, from, err
	}
	n, cm, from, err := g.p6.ReadFrom(b)
	if cm != nil {
		to.index = cm.IfIndex
		to.addr, _ = netip.AddrFromSlice(cm.Dst)
	}
	return n, to, from, err
}

// meant tells whether a datagram is for this socket. What an address on this machine sends to another arrives by
// the loopback interface, so the interface counts for groups only.
func (g *groupConn) meant(to destination) bool {
	switch addr := to.addr.Unmap(); {
	case !addr.IsValid():
		return true
	case addr.IsMulticast():
		return addr == g.group.Addr().WithZone("") && (to.index == 0 || to.index == g.index)
	default:
		return addr == g.local.WithZone("")
	}
}

// WriteTo sends from local: a reply whose source is another address of this machine is dropped by clients that
// connected their socket, and tells the others a wrong gateway.
func (g *groupConn) WriteTo(b []byte, addr net.Addr) (int, error) { return g.write(b, g.local, addr) }

// writeFrom sends from another address of this host.
func (g *groupConn) writeFrom(b []byte, source netip.Addr, to netip.AddrPort) error {
	_, err := g.write(b, source, net.UDPAddrFromAddrPort(to))
	return err
}

func (g *groupConn) write(b []byte, source netip.Addr, addr net.Addr) (int, error) {
	if g.p4 != nil {
		return g.p4.WriteTo(b, &ipv4.ControlMessage{Src: source.Unmap().AsSlice()}, addr)
	}
	m := &ipv6.ControlMessage{Src: source.WithZone("").AsSlice()}
	if source.IsLinkLocalUnicast() { // which Linux takes only with its interface, and a group does not tell that
		m.IfIndex = g.index
	}
	return g.p6.WriteTo(b, m, addr)
}
