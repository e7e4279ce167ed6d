package emulator

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	maxDatagram = 65507 // over IPv4: 65535 less 20 of IP and 8 of UDP
	maxQueue    = 256   // datagrams that wait in one socket, about what Linux's default buffer holds
)

// ListenPacket opens a UDP socket. See Net.
func (h *Host) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := h.listenPacket(ctx, canonical(local), false)
	if err != nil {
		return nil, opError("listen", "bind", "udp", nil, net.UDPAddrFromAddrPort(local), err)
	}
	return c, nil
}

// ListenGroup joins a group. See Net.
func (h *Host) ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error) {
	fail := func(call string, err error) (net.PacketConn, error) {
		return nil, opError("listen", call, "udp", nil, net.UDPAddrFromAddrPort(group), err)
	}
	local, group = local.Unmap(), canonical(group)
	if !group.Addr().IsMulticast() || !exact(local) || group.Addr().Is4() != local.Is4() {
		return fail("setsockopt", syscall.EINVAL)
	}
	c, err := h.listenPacket(ctx, netip.AddrPortFrom(local, group.Port()), true)
	if err != nil {
		return fail("bind", err)
	}
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	c.iface = h.owner(local)
	if c.iface == nil { // gone since the socket was bound
		h.ports.removePacket(c)
		return fail("setsockopt", syscall.ENODEV)
	}
	c.group = netip.AddrPortFrom(group.Addr().WithZone(""), group.Port())
	if c.iface.groups == nil {
		c.iface.groups = make(map[netip.AddrPort][]*packetConn)
	}
	c.iface.groups[c.group] = append(c.iface.groups[c.group], c)
	return c, nil
}

func (h *Host) listenPacket(ctx context.Context, local netip.AddrPort, shared bool) (*packetConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	local, err := h.bindable(local)
	if err != nil {
		return nil, err
	}
	free := func(port uint16) bool {
		return !slices.ContainsFunc(h.ports.packets[port], func(o *packetConn) bool {
			return clash(o.local.Addr(), local.Addr()) && !(shared && o.shared)
		})
	}
	port := local.Port()
	if port == 0 {
		if port, err = h.ports.ephemeral(free); err != nil {
			return nil, err
		}
	} else if !free(port) {
		return nil, syscall.EADDRINUSE
	}
	c := &packetConn{host: h, local: netip.AddrPortFrom(local.Addr(), port), shared: shared}
	c.readable.L = &c.mu
	if h.ports.packets == nil {
		h.ports.packets = make(map[uint16][]*packetConn)
	}
	h.ports.packets[port] = append(h.ports.packets[port], c)
	return c, nil
}

func (t *portTable) removePacket(c *packetConn) {
	port := c.local.Port()
	rest := slices.DeleteFunc(t.packets[port], func(o *packetConn) bool { return o == c })
	if t.packets[port] = rest; len(rest) == 0 {
		delete(t.packets, port)
	}
}

// dialPacket opens a socket that speaks to dst only.
func (h *Host) dialPacket(ctx context.Context, local netip.Addr, dst netip.AddrPort) (*packetConn, error) {
	h.network.mu.Lock()
	source := local
	if !dst.Addr().IsMulticast() {
		r, err := h.route(local, dst.Addr())
		if err != nil && err != syscall.EHOSTUNREACH { // an absent neighbour is found out later, if at all
			h.network.mu.Unlock()
			return nil, err
		}
		if err == nil {
			source = r.source
		}
	}
	h.network.mu.Unlock()
	c, err := h.listenPacket(ctx, netip.AddrPortFrom(source, 0), false)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.peer = dst
	c.mu.Unlock()
	return c, nil
}

// packetConn is a UDP socket.
type packetConn struct {
	host   *Host
	local  netip.AddrPort
	shared bool           // the port may be shared with others of the kind
	group  netip.AddrPort // the one that it joined, on iface
	iface  *iface

	mu       sync.Mutex
	readable sync.Cond
	peer     netip.AddrPort // of a connected socket
	queue    []datagram
	closed   bool
	rd       deadline
	until    time.Time // write deadline
}

// datagram is what waits in a socket. Its bytes are shared by all receivers and never changed.
type datagram struct {
	data []byte
	from netip.AddrPort
	by   Via
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, _, err := c.readVia(b)
	return n, from, err
}

func (c *packetConn) readVia(b []byte) (int, net.Addr, Via, error) {
	d, err := c.receive()
	if err != nil {
		return 0, nil, viaUnknown, opError("read", "recvfrom", "udp", c.LocalAddr(), nil, err)
	}
	return copy(b, d.data), net.UDPAddrFromAddrPort(d.from), d.by, nil
}

func (c *packetConn) receive() (datagram, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return datagram{}, net.ErrClosed
		case c.rd.expired:
			return datagram{}, os.ErrDeadlineExceeded
		case len(c.queue) > 0:
			d := c.queue[0]
			c.queue[0] = datagram{}
			if c.queue = c.queue[1:]; len(c.queue) == 0 {
				c.queue = nil // idle sockets hold no memory
			}
			return d, nil
		}
		c.readable.Wait()
	}
}

// deliver queues d, or drops it as a full socket does.
func (c *packetConn) deliver(d datagram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.queue) >= maxQueue || c.peer.IsValid() && c.peer != d.from {
		return
	}
	c.queue = append(c.queue, d)
	c.readable.Signal()
}

func (c *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	dst, err := udpAddrPort(addr)
	if err == nil {
		err = c.writable(b)
	}
	if err == nil {
		err = c.host.send(c, dst, b)
	}
	if err != nil {
		return 0, opError("write", "sendto", "udp", c.LocalAddr(), addr, err)
	}
	return len(b), nil
}

func udpAddrPort(addr net.Addr) (netip.AddrPort, error) {
	u, ok := addr.(*net.UDPAddr)
	if !ok || u == nil {
		return netip.AddrPort{}, syscall.EINVAL
	}
	dst := canonical(u.AddrPort())
	if !dst.IsValid() || dst.Port() == 0 {
		return netip.AddrPort{}, syscall.EINVAL
	}
	return dst, nil
}

func (c *packetConn) writable(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case !c.until.IsZero() && !time.Now().Before(c.until):
		return os.ErrDeadlineExceeded
	case len(b) > maxDatagram:
		return syscall.EMSGSIZE
	}
	return nil
}

func (c *packetConn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return opError("close", "close", "udp", c.LocalAddr(), nil, net.ErrClosed)
	}
	c.closed, c.queue = true, nil
	c.rd.stop()
	c.readable.Broadcast()
	c.mu.Unlock()

	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	c.host.ports.removePacket(c)
	if c.iface != nil {
		rest := slices.DeleteFunc(c.iface.groups[c.group], func(o *packetConn) bool { return o == c })
		c.iface.groups[c.group] = rest
	}
	return nil
}

func (c *packetConn) LocalAddr() net.Addr {
	addr := c.local.Addr()
	if !addr.IsValid() {
		addr = netip.IPv6Unspecified()
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, c.local.Port()))
}

func (c *packetConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *packetConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return opError("set", "setdeadline", "udp", c.LocalAddr(), nil, net.ErrClosed)
	}
	c.rd.set(t, &c.mu, &c.readable)
	return nil
}

// SetWriteDeadline is for form's sake: a datagram never waits.
func (c *packetConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return opError("set", "setdeadline", "udp", c.LocalAddr(), nil, net.ErrClosed)
	}
	c.until = t
	return nil
}

// dialedPacket is a packetConn with a peer, as a net.Conn.
type dialedPacket struct{ *packetConn }

func (c dialedPacket) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.peer) }

func (c dialedPacket) Read(b []byte) (int, error) {
	n, _, err := c.ReadFrom(b)
	return n, err
}

func (c dialedPacket) Write(b []byte) (int, error) {
	return c.WriteTo(b, net.UDPAddrFromAddrPort(c.peer))
}
