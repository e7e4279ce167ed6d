package client

import (
	"context"
	"net"
	"net/netip"
)

// Net is the network a client stands in. A nil Net in [Options] means this machine's; tests give a network in memory. Only
// types of the standard library appear, so that an implementation need not import this package.
type Net interface {
	// Dial connects from local (the zero Addr: any) to address ("host:port"). By UDP it sends nothing; the connection has the local address that
	// datagrams to there are sent from.
	Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error)
	// ListenPacket opens a UDP socket bound to local. Datagrams it sends to a multicast group leave by the interface that
	// holds local's address, with TTL 2. Its ReadFrom gives a *net.UDPAddr.
	ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
	// Interfaces lists the interfaces that are up.
	Interfaces() ([]net.Interface, error)
	// Addrs lists the addresses of one interface with their prefix lengths.
	Addrs(ifi net.Interface) ([]netip.Prefix, error)
	// DefaultGateways lists the next hops of default routes that leave by ifi, best first.
	DefaultGateways(ifi net.Interface) ([]netip.Addr, error)
}
