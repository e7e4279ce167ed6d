package client

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// multicastTTL is what UDA 1.1 §1.3.2 advises for searches.
const multicastTTL = 2

// host is this machine's network. Its DefaultGateways is in one file per operating system.
type host struct{}

var (
	_ Net       = host{}
	_ listenNet = host{}
)

func (host) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	var d net.Dialer
	if local.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: local.AsSlice(), Zone: local.Zone()}
	}
	return d.DialContext(ctx, network, address)
}

// Listen opens a TCP port: for what a gateway sends about its changes (GENA), and for [Diagnose].
func (host) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", local.String())
}

func (h host) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	network := "udp4"
	if local.Addr().Is6() {
		network = "udp6"
	}
	c, err := new(net.ListenConfig).ListenPacket(ctx, network, local.String())
	if err != nil {
		return nil, err
	}
	if ifi := h.holder(local.Addr()); ifi != nil && ifi.Flags&net.FlagMulticast != 0 {
		if err := multicastBy(c, ifi, network == "udp6"); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// multicastBy sends c's multicast by ifi: the routing table would choose one interface for all sockets.
func multicastBy(c net.PacketConn, ifi *net.Interface, v6 bool) error {
	if v6 {
		p := ipv6.NewPacketConn(c)
		if err := p.SetMulticastInterface(ifi); err != nil {
			return err
		}
		return p.SetMulticastHopLimit(multicastTTL)
	}
	p := ipv4.NewPacketConn(c)
	if err := p.SetMulticastInterface(ifi); err != nil {
		return err
	}
	return p.SetMulticastTTL(multicastTTL)
}

// holder gives the interface that holds addr, nil when none does.
func (h host) holder(addr netip.Addr) *net.Interface {
	ifis, err := h.Interfaces()
	if err != nil || !addr.IsValid() || addr.IsUnspecified() {
		return nil
	}
	for _, ifi := range ifis {
		prefixes, err := h.Addrs(ifi)
		if err == nil && slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == addr }) {
			return &ifi
		}
	}
	return nil
}

func (host) Interfaces() ([]net.Interface, error) {
	ifis, err := net.Interfaces()
	return slices.DeleteFunc(ifis, func(ifi net.Interface) bool { return ifi.Flags&net.FlagUp == 0 }), err
}

func (host) Addrs(ifi net.Interface) ([]netip.Prefix, error) {
	addrs, err := ifi.Addrs()
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(n.IP)
		if !ok {
			continue
		}
		addr = addr.Unmap()
		ones, bits := n.Mask.Size()
		if addr.Is4() && bits == 128 {
			ones -= 96
		}
		if p := netip.PrefixFrom(addr, ones); p.IsValid() {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes, nil
}

func (host) DefaultGateways(ifi net.Interface) ([]netip.Addr, error) { return defaultGateways(ifi) }
