package emulator

import (
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// maxBuffer is how many bytes one direction of a connection holds before writers wait.
const maxBuffer = 64 << 10

// tcpConn is one end of a TCP connection. One Read returns bytes of one Write at most: what a peer sees of segments
// does then not depend on how goroutines are scheduled, and quirks of segmentation can be tested.
type tcpConn struct {
	link          *link
	peer          *tcpConn
	host          *Host
	local, remote netip.AddrPort
	dialled       bool // this end made the connection

	// Guarded by network.mu. An end stays in its host's table until both are closed: a blackhole of one host ends
	// for what the other still has to tell.
	index int // in the host's table
	gone  bool

	// Guarded by link.mu.
	in       flow
	shut     bool // CloseWrite was called
	closed   bool // Close or Reset was called
	reset    bool // a RST has arrived
	linger   int  // seconds as in SetLinger; -1 is the default
	rd, wr   deadline
	readable sync.Cond
	writable sync.Cond
}

// flow is what travels to one end.
type flow struct {
	segments [][]byte
	size     int
	arrived  int  // how many of segments are there; the rest is held up while the link is blocked
	fin      bool // sent
	finished bool // the FIN has arrived
}

func (f *flow) catchUp() {
	f.arrived = len(f.segments)
	f.finished = f.fin
}

func (c *tcpConn) Read(b []byte) (int, error) {
	n, err := c.read(b)
	if err != nil && err != io.EOF {
		err = opError("read", "read", "tcp", c.LocalAddr(), c.RemoteAddr(), err)
	}
	return n, err
}

// read gives queued bytes before it tells of a FIN or a reset, in this order, as Linux does.
func (c *tcpConn) read(b []byte) (int, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	for {
		switch in := &c.in; {
		case c.closed:
			return 0, net.ErrClosed
		case c.rd.expired:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case in.arrived > 0:
			n := copy(b, in.segments[0])
			in.size -= n
			if in.segments[0] = in.segments[0][n:]; len(in.segments[0]) == 0 {
				in.segments[0] = nil
				in.segments = in.segments[1:]
				if in.arrived--; len(in.segments) == 0 {
					in.segments = nil
				}
			}
			c.peer.writable.Broadcast()
			return n, nil
		case in.finished:
			return 0, io.EOF
		case c.reset:
			return 0, syscall.ECONNRESET
		}
		c.readable.Wait()
	}
}

func (c *tcpConn) Write(b []byte) (int, error) {
	for _, w := range c.link.watch {
		w.passing(c.dialled, len(b))
	}
	n, err := c.write(b)
	if err != nil {
		err = opError("write", "write", "tcp", c.LocalAddr(), c.RemoteAddr(), err)
	}
	return n, err
}

func (c *tcpConn) write(b []byte) (int, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	written := 0
	for {
		out := &c.peer.in
		left := b[written:]
		switch room := maxBuffer - out.size; {
		case c.closed:
			return written, net.ErrClosed
		case c.wr.expired:
			return written, os.ErrDeadlineExceeded
		case c.shut, c.reset && c.in.finished:
			return written, syscall.EPIPE
		case c.reset:
			return written, syscall.ECONNRESET
		case len(left) == 0:
			return written, nil
		case c.peer.closed && !c.link.blocked:
			// The kernel takes the bytes; the peer's answer to them is a RST.
			c.hearReset()
			return len(b), nil
		case room >= min(len(left), maxBuffer/4):
			n := min(room, len(left))
			out.segments = append(out.segments, slices.Clone(left[:n]))
			out.size += n
			written += n
			if !c.link.blocked {
				out.arrived++
				c.peer.readable.Broadcast()
			}
			continue
		}
		c.writable.Wait()
	}
}

// hearReset marks c as reset by its peer. link.mu is held.
func (c *tcpConn) hearReset() {
	c.reset = true
	c.readable.Broadcast()
	c.writable.Broadcast()
}

// CloseWrite sends a FIN after what was written: the peer reads io.EOF and can go on sending.
func (c *tcpConn) CloseWrite() error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	switch {
	case c.closed:
		return opError("close", "shutdown", "tcp", c.LocalAddr(), c.RemoteAddr(), net.ErrClosed)
	case c.reset:
		return opError("close", "shutdown", "tcp", c.LocalAddr(), c.RemoteAddr(), syscall.ENOTCONN)
	}
	c.shut = true
	c.sendFIN()
	c.writable.Broadcast()
	return nil
}

func (c *tcpConn) sendFIN() {
	out := &c.peer.in
	out.fin = true
	if !c.link.blocked {
		out.finished = true
		c.peer.readable.Broadcast()
	}
}

// Close ends the connection. The peer reads what was written and then io.EOF; but when c leaves bytes unread, or
// SetLinger(0) was called, it is reset, as Linux does: a server that answers before it has read the whole request
// can cost its client the answer.
func (c *tcpConn) Close() error { return c.close(false) }

// Reset ends the connection with a RST.
func (c *tcpConn) Reset() error { return c.close(true) }

func (c *tcpConn) close(reset bool) error {
	c.link.mu.Lock()
	if c.closed {
		c.link.mu.Unlock()
		return opError("close", "close", "tcp", c.LocalAddr(), c.RemoteAddr(), net.ErrClosed)
	}
	c.closed = true
	switch {
	case c.reset: // the peer has forgotten us
	case reset || c.linger == 0 || c.in.arrived > 0:
		if !c.link.blocked {
			c.peer.hearReset()
		}
	default:
		c.sendFIN()
	}
	c.in = flow{segments: c.in.segments[c.in.arrived:]} // what is still under way comes to an end that is gone
	c.rd.stop()
	c.wr.stop()
	c.readable.Broadcast()
	c.writable.Broadcast()
	c.peer.writable.Broadcast()
	c.link.mu.Unlock()

	if c.leave() {
		for _, w := range c.link.watch {
			w.ended()
		}
	}
	return nil
}

// leave takes c out of the tables of the hosts on the way, and tells whether it was the last end to go.
func (c *tcpConn) leave() bool {
	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	c.host.ports.release(c.local.Port())
	if c.gone = true; !c.peer.gone {
		return false
	}
	c.host.ports.removeConn(c)
	c.peer.host.ports.removeConn(c.peer)
	for _, w := range c.link.via {
		w.host.crossing = slices.DeleteFunc(w.host.crossing, func(o *tcpConn) bool { return o == c || o == c.peer })
	}
	return true
}

// SetLinger decides what Close does to bytes that were not delivered: 0 resets the connection, any other value leaves
// them to the peer.
func (c *tcpConn) SetLinger(sec int) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return opError("set", "setsockopt", "tcp", c.LocalAddr(), c.RemoteAddr(), net.ErrClosed)
	}
	c.linger = sec
	return nil
}

func (c *tcpConn) LocalAddr() net.Addr  { return tcpAddr(c.local) }
func (c *tcpConn) RemoteAddr() net.Addr { return tcpAddr(c.remote) }

func (c *tcpConn) SetDeadline(t time.Time) error      { return c.setDeadlines(t, true, true) }
func (c *tcpConn) SetReadDeadline(t time.Time) error  { return c.setDeadlines(t, true, false) }
func (c *tcpConn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, false, true) }

func (c *tcpConn) setDeadlines(t time.Time, read, write bool) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return opError("set", "setdeadline", "tcp", c.LocalAddr(), c.RemoteAddr(), net.ErrClosed)
	}
	if read {
		c.rd.set(t, &c.link.mu, &c.readable)
	}
	if write {
		c.wr.set(t, &c.link.mu, &c.writable)
	}
	return nil
}
