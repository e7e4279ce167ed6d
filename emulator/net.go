package emulator

import (
	"context"
	"net"
	"net/netip"
)

// Net is the network that a gateway stands in: this machine's (SystemNet) or one in memory (Host).
// Every method is safe for use by several goroutines. Errors are those of package net: errors.Is reaches
// syscall.ECONNREFUSED and its like, and errors.As reaches net.Error.
type Net interface {
	// Dial connects to address, an IP literal with a port, over "tcp" or "udp" (or the forms with 4 and 6).
	// A valid local is the source address; the zero Addr leaves the choice to the routes.
	Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error)
	// ListenPacket opens a UDP socket bound to local; port 0 is any free one. Datagrams it sends to a
	// multicast group leave with TTL 2 by the interface that holds local's address.
	ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
	// Listen opens a TCP listener bound to local; port 0 is any free one.
	Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error)
	// ListenGroup opens a UDP socket that receives what arrives for group on the interface that holds local,
	// and what is sent to local at group's port. Several sockets may share a group and its port.
	// What it sends comes from local and group's port; to a multicast group with TTL 2.
	ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error)
}

// Via tells how a datagram came. A search by multicast and one by unicast have different rules (UDA 1.1 §1.3.2), and
// gateways exist that answer only one of them.
type Via string

const (
	viaUnknown   Via = ""
	viaMulticast Via = "multicast"
	viaUnicast   Via = "unicast"
)

// viaReader is what the sockets of ListenGroup add to net.PacketConn here.
type viaReader interface {
	readVia(b []byte) (n int, from net.Addr, by Via, err error)
}
