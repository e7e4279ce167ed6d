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
	maxBacklog = 128 // connections that wait to be accepted; more are not answered

	// As Linux has it: a SYN is repeated after 1, 2, 4, … s, six times; an absent neighbour is given up after 3 s.
	firstResend = time.Second
	maxResends  = 6
	absentAfter = 3 * time.Second
)

// Dial connects to address. See Net. A host that does not answer is asked again as Linux does, until ctx ends or after
// 127 s (ETIMEDOUT); an address on the wire that nobody holds fails with EHOSTUNREACH after 3 s.
func (h *Host) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	local = canonical(netip.AddrPortFrom(local, 0)).Addr()
	dst, err := parseAddress(network, address)
	var addr net.Addr
	if err == nil {
		switch network {
		case "tcp", "tcp4", "tcp6":
			addr = net.TCPAddrFromAddrPort(dst)
			var c *tcpConn
			if c, err = h.dialTCP(ctx, local, dst); err == nil {
				return c, nil
			}
		case "udp", "udp4", "udp6":
			addr = net.UDPAddrFromAddrPort(dst)
			var c *packetConn
			if c, err = h.dialPacket(ctx, local, dst); err == nil {
				return dialedPacket{c}, nil
			}
		default:
			err = net.UnknownNetworkError(network)
		}
	}
	call := "connect"
	if err == syscall.EADDRNOTAVAIL {
		call = "bind"
	}
	return nil, opError("dial", call, network, nil, addr, err)
}

func (h *Host) dialTCP(ctx context.Context, local netip.Addr, dst netip.AddrPort) (*tcpConn, error) {
	if local.IsValid() && local.Is4() != dst.Addr().Is4() {
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: local.String()}
	}
	var port uint16
	var waited time.Duration
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := h.connect(ctx, local, &port, dst)
		if err != syscall.ETIMEDOUT && (err != syscall.EHOSTUNREACH || waited >= absentAfter) {
			return c, err
		}
		pause := time.NewTimer(firstResend << i)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		case <-pause.C:
		}
		if i == maxResends {
			return nil, err
		}
		waited += firstResend << i
	}
}

// connect sends one SYN from *port, which it chooses when it is 0. ETIMEDOUT means that it was not answered, EHOSTUNREACH that
// nobody is there.
func (h *Host) connect(ctx context.Context, local netip.Addr, port *uint16, dst netip.AddrPort) (*tcpConn, error) {
	near, a, err := h.handshake(ctx, local, port, dst)
	if err != nil {
		return nil, err
	}
	for _, w := range a.watch {
		w.begun(crossing{near})
	}
	return near, nil
}

func (h *Host) handshake(ctx context.Context, local netip.Addr, port *uint16, dst netip.AddrPort) (*tcpConn, arrival, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	if h.closed || h.network.closed {
		return nil, arrival{}, net.ErrClosed
	}
	if dst.Port() == 0 || dst.Addr().IsMulticast() {
		return nil, arrival{}, syscall.ECONNREFUSED
	}
	free := func(port uint16) bool { return h.ports.used[port] == 0 && len(h.ports.listeners[port]) == 0 }
	if *port == 0 || !free(*port) {
		var err error
		if *port, err = h.ports.ephemeral(free); err != nil {
			return nil, arrival{}, syscall.EADDRNOTAVAIL
		}
	}
	a, err := h.travel(packet{protocol: tcp, src: netip.AddrPortFrom(netip.Addr{}, *port), dst: dst}, local)
	if err == nil && !a.answers() {
		err = syscall.ETIMEDOUT
	}
	if err == nil {
		err = a.wait(ctx, h.network)
	}
	if err != nil {
		return nil, a, err
	}
	if h.closed || a.host.closed { // while the lock was open
		return nil, a, net.ErrClosed
	}
	l := a.host.ports.listenerFor(a.dst)
	if l == nil {
		return nil, a, syscall.ECONNREFUSED
	}
	near := &tcpConn{host: h, local: a.local, remote: dst, linger: -1}
	if len(a.via) == 0 {
		near.remote = a.dst // 0.0.0.0 is one's own host
	}
	far := &tcpConn{host: a.host, local: a.dst, remote: a.src, linger: -1}
	join(near, far)
	near.link.via, near.link.watch = a.via, a.watch
	if !l.offer(far) {
		return nil, a, syscall.ETIMEDOUT
	}
	h.ports.addConn(near)
	a.host.ports.addConn(far)
	for _, w := range a.via {
		w.host.crossing = append(w.host.crossing, near)
	}
	return near, a, nil
}

// Listen opens a TCP listener. See Net.
func (h *Host) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	l, err := h.listen(ctx, canonical(local))
	if err != nil {
		return nil, opError("listen", "bind", "tcp", nil, net.TCPAddrFromAddrPort(local), err)
	}
	return l, nil
}

func (h *Host) listen(ctx context.Context, local netip.AddrPort) (*listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	local, err := h.bindable(local)
	if err != nil {
		return nil, err
	}
	t := &h.ports
	free := func(port uint16) bool {
		return !slices.ContainsFunc(t.listeners[port], func(o *listener) bool { return clash(o.local.Addr(), local.Addr()) })
	}
	port := local.Port()
	if port == 0 {
		if port, err = t.ephemeral(func(port uint16) bool { return t.used[port] == 0 && free(port) }); err != nil {
			return nil, err
		}
	} else if !free(port) {
		return nil, syscall.EADDRINUSE
	}
	l := &listener{host: h, local: netip.AddrPortFrom(local.Addr(), port)}
	l.offered.L = &l.mu
	if t.listeners == nil {
		t.listeners = make(map[uint16][]*listener)
	}
	t.listeners[port] = append(t.listeners[port], l)
	return l, nil
}

// listenerFor is the listener that answers for dst: one bound to the address rather than the wildcard.
func (t *portTable) listenerFor(dst netip.AddrPort) *listener {
	var best *listener
	for _, l := range t.listeners[dst.Port()] {
		if accepts(l.local.Addr(), dst.Addr()) && (best == nil || exact(l.local.Addr())) {
			best = l
		}
	}
	return best
}

func (t *portTable) addConn(c *tcpConn) {
	if t.used == nil {
		t.used = make(map[uint16]int)
	}
	t.used[c.local.Port()]++
	c.index = len(t.conns)
	t.conns = append(t.conns, c)
}

func (t *portTable) removeConn(c *tcpConn) {
	last := len(t.conns) - 1
	t.conns[c.index] = t.conns[last]
	t.conns[c.index].index = c.index
	t.conns[last] = nil
	t.conns = t.conns[:last]
}

// release gives up one use of a local port.
func (t *portTable) release(port uint16) {
	if t.used[port]--; t.used[port] == 0 {
		delete(t.used, port)
	}
}

// listener is a TCP listener.
type listener struct {
	host  *Host
	local netip.AddrPort

	mu      sync.Mutex
	offered sync.Cond
	queue   []*tcpConn
	closed  bool
	accept  deadline
}

// offer queues a connection, unless the listener is closed or its backlog full.
func (l *listener) offer(c *tcpConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.queue) >= maxBacklog {
		return false
	}
	l.queue = append(l.queue, c)
	l.offered.Signal()
	return true
}

func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, opError("accept", "accept", "tcp", nil, l.Addr(), net.ErrClosed)
		case l.accept.expired:
			return nil, opError("accept", "accept", "tcp", nil, l.Addr(), os.ErrDeadlineExceeded)
		case len(l.queue) > 0:
			c := l.queue[0]
			l.queue[0] = nil
			if l.queue = l.queue[1:]; len(l.queue) == 0 {
				l.queue = nil
			}
			return c, nil
		}
		l.offered.Wait()
	}
}

// SetDeadline bounds Accept, as that of net.TCPListener does.
func (l *listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return opError("set", "setdeadline", "tcp", nil, l.Addr(), net.ErrClosed)
	}
	l.accept.set(t, &l.mu, &l.offered)
	return nil
}

// Close resets the connections that nobody accepted.
func (l *listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return opError("close", "close", "tcp", nil, l.Addr(), net.ErrClosed)
	}
	l.closed = true
	waiting := l.queue
	l.queue = nil
	l.accept.stop()
	l.offered.Broadcast()
	l.mu.Unlock()

	l.host.network.mu.Lock()
	t := &l.host.ports
	port := l.local.Port()
	t.listeners[port] = slices.DeleteFunc(t.listeners[port], func(o *listener) bool { return o == l })
	if len(t.listeners[port]) == 0 {
		delete(t.listeners, port)
	}
	l.host.network.mu.Unlock()
	for _, c := range waiting {
		_ = c.Reset()
	}
	return nil
}

func (l *listener) Addr() net.Addr { return tcpAddr(l.local) }

func tcpAddr(a netip.AddrPort) net.Addr {
	addr := a.Addr()
	if !addr.IsValid() {
		addr = netip.IPv6Unspecified()
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, a.Port()))
}
