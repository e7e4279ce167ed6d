package emulator

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// multicastTTL is how far SSDP may travel: UDA 1.1 §1.1.2 says 2.
const multicastTTL = 2

// SystemNet returns the sockets of this machine.
func SystemNet() Net { return systemNet{} }

type systemNet struct{}

func (systemNet) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	d := &net.Dialer{}
	switch {
	case !local.IsValid():
	case strings.HasPrefix(network, "udp"):
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	default:
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	return d.DialContext(ctx, network, address)
}

func (systemNet) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, family("tcp", local.Addr()), listenAddress(local))
}

func (systemNet) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := new(net.ListenConfig).ListenPacket(ctx, family("udp", local.Addr()), listenAddress(local))
	if err != nil {
		return nil, err
	}
	if addr := local.Addr(); addr.IsValid() && !addr.IsUnspecified() {
		ifi, err := interfaceOf(addr)
		if err == nil {
			err = setMulticastSource(c, addr, ifi)
		}
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("emulator: listen on %v: %w", local, err)
		}
	}
	return c, nil
}

// family narrows network to addr's family, because a wildcard socket of both families reports IPv4 sources in
// their mapped form and cannot join IPv4 groups everywhere.
func family(network string, addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return network
	case addr.Unmap().Is4():
		return network + "4"
	}
	return network + "6"
}

func listenAddress(local netip.AddrPort) string {
	if !local.Addr().IsValid() {
		return fmt.Sprintf(":%d", local.Port())
	}
	return local.String()
}

// interfaceOf finds the interface that holds addr. Loopback addresses are found by their prefix: all of 127/8 is
// this machine's, though only 127.0.0.1 is listed.
func interfaceOf(addr netip.Addr) (*net.Interface, error) {
	addr = addr.Unmap().WithZone("")
	ifis, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, ifi := range ifis {
		addrs, err := ifi.Addrs()
		if err != nil {
			continue // an interface that went away says nothing about the others
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			if p.Addr() == addr || addr.IsLoopback() && p.Contains(addr) {
				return &ifi, nil
			}
		}
	}
	return nil, fmt.Errorf("no interface holds address %v", addr)
}

// setMulticastSource makes what c sends to groups leave by ifi, and come back to members on this machine.
func setMulticastSource(c net.PacketConn, local netip.Addr, ifi *net.Interface) error {
	if local.Unmap().Is4() {
		p := ipv4.NewPacketConn(c)
		if err := p.SetMulticastInterface(ifi); err != nil {
			return err
		}
		if err := p.SetMulticastLoopback(true); err != nil {
			return err
		}
		return p.SetMulticastTTL(multicastTTL)
	}
	p := ipv6.NewPacketConn(c)
	if err := p.SetMulticastInterface(ifi); err != nil {
		return err
	}
	if err := p.SetMulticastLoopback(true); err != nil {
		return err
	}
	return p.SetMulticastHopLimit(multicastTTL)
}
