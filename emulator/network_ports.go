package emulator

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

// firstEphemeral is where the ports begin that a host hands out (RFC 6335 §6).
const firstEphemeral = 49152

// portTable holds the sockets of one host by port. Ephemeral ports come in turn and not by chance, so that a
// seeded run is repeatable.
type portTable struct {
	turn      uint16
	listeners map[uint16][]*listener
	packets   map[uint16][]*packetConn
	conns     []*tcpConn
	used      map[uint16]int // connections by local port
}

// bindable is addr as a socket of h is bound to it, if it may be. network.mu is held.
func (h *Host) bindable(addr netip.AddrPort) (netip.AddrPort, error) {
	if h.closed || h.network.closed {
		return addr, net.ErrClosed
	}
	if !exact(addr.Addr()) {
		return addr, nil
	}
	f := h.owner(addr.Addr())
	if f == nil {
		return addr, syscall.EADDRNOTAVAIL
	}
	return netip.AddrPortFrom(f.zoned(addr.Addr()), addr.Port()), nil
}

// ephemeral is the next port for which free says yes.
func (t *portTable) ephemeral(free func(port uint16) bool) (uint16, error) {
	const count = 1<<16 - firstEphemeral
	for range count {
		port := firstEphemeral + t.turn
		t.turn = (t.turn + 1) % count
		if free(port) {
			return port, nil
		}
	}
	return 0, syscall.EADDRINUSE
}

// clash tells whether two sockets cannot both be bound to one port with these addresses. The zero Addr is every
// address of both families.
func clash(a, b netip.Addr) bool {
	switch {
	case !a.IsValid() || !b.IsValid() || a == b:
		return true
	case a.IsUnspecified() || b.IsUnspecified():
		return a.Is4() == b.Is4()
	}
	return false
}

// accepts tells whether a socket bound to bound receives what is sent to dst.
func accepts(bound, dst netip.Addr) bool {
	return !bound.IsValid() || bound == dst || bound.IsUnspecified() && bound.Is4() == dst.Is4()
}

func exact(bound netip.Addr) bool { return bound.IsValid() && !bound.IsUnspecified() }

// canonical is the form in which addresses are compared: IPv4 is not mapped, and only link-local addresses have zones.
func canonical(a netip.AddrPort) netip.AddrPort {
	addr := a.Addr().Unmap()
	if !addr.IsLinkLocalUnicast() && !addr.IsMulticast() {
		addr = addr.WithZone("")
	}
	return netip.AddrPortFrom(addr, a.Port())
}

// cutWires stops all connections of h.
func (h *Host) cutWires() {
	h.network.mu.Lock()
	conns := slices.Clone(h.ports.conns)
	h.network.mu.Unlock()
	for _, c := range conns {
		c.block(true)
	}
}

// closeSockets closes everything that is open on h.
func (h *Host) closeSockets() {
	h.network.mu.Lock()
	var open []interface{ Close() error }
	for _, ls := range h.ports.listeners {
		for _, l := range ls {
			open = append(open, l)
		}
	}
	for _, cs := range h.ports.packets {
		for _, c := range cs {
			open = append(open, c)
		}
	}
	for _, c := range slices.Clone(h.ports.conns) {
		open = append(open, c)
	}
	h.network.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// parseAddress reads an IP literal with a port, and "localhost". There is no name service.
func parseAddress(network, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "localhost" {
		host = "127.0.0.1"
		if strings.HasSuffix(network, "6") {
			host = "::1"
		}
	}
	addr, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		if _, hostErr := netip.ParseAddr(host); hostErr == nil {
			return netip.AddrPort{}, &net.AddrError{Err: "invalid port", Addr: port}
		}
		return netip.AddrPort{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	addr = canonical(addr)
	if strings.HasSuffix(network, "4") && !addr.Addr().Is4() || strings.HasSuffix(network, "6") && addr.Addr().Is4() {
		return netip.AddrPort{}, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return addr, nil
}

// opError dresses err as package net does: an errno gets the name of the system call, so that errors.Is and the text
// are those of a real socket.
func opError(op, call, network string, source, addr net.Addr, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError(call, errno)
	}
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}
