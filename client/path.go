package client

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// Path is an open way between two nodes: a [net.Conn] on which each Read gives one datagram of the peer's, and each Write sends one. NATs on the way
// let it close when nothing is sent, after 30 s to some minutes; it is kept open as [PunchOptions] say until Close.
//
// The peer's last checks may come late: Read answers them, so somebody should read. Its methods may be called by several goroutines.
type Path struct {
	conn    net.PacketConn
	remote  netip.AddrPort
	seen    netip.AddrPort
	method  Method
	key     []byte
	tie     uint64
	other   func([]byte, netip.AddrPort)
	quit    chan struct{}
	wg      sync.WaitGroup
	closing sync.Once

	mu      sync.Mutex
	early   [][]byte
	answers limiter
	reading int
	idle    sync.Cond // reading is 0
	closed  bool
	heard   time.Time
	until   time.Time // the deadline for writing; zero: none
}

func newPath(p *puncher, t *pathEnd) *Path {
	path := &Path{
		conn: p.conn, remote: t.addr, seen: t.seen, method: p.method(t), key: p.o.Key, tie: p.o.tie, other: p.o.Other,
		early: p.early, answers: t.answers, quit: make(chan struct{}), heard: time.Now(),
	}
	path.idle.L = &path.mu
	if p.o.KeepAlive > 0 {
		path.wg.Go(func() { path.keep(p.o.KeepAlive) })
	}
	return path
}

// Remote is the peer's address.
func (p *Path) Remote() netip.AddrPort { return p.remote }

// Seen is our address as the peer saw it when it answered a check: a port mapping of our gateway may have taken over since.
func (p *Path) Seen() netip.AddrPort { return p.seen }

// Method is how the path was opened.
func (p *Path) Method() Method { return p.method }

// LocalAddr is that of the socket.
func (p *Path) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// RemoteAddr is Remote.
func (p *Path) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(p.remote) }

// Heard is when the peer's last datagram was read, were it only one that keeps the path alive; before, when the path was opened. A peer that
// keeps its path alive and has not been heard for some [PunchOptions.KeepAlive] is gone, or the path is.
func (p *Path) Heard() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

// SetDeadline sets both.
func (p *Path) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline is that of the socket, until Close.
func (p *Path) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed // the one by which Close ends reads stands, and after it they are the owner's
	}
	return p.conn.SetReadDeadline(t)
}

// SetWriteDeadline is for Write only, which looks at it before it sends: UDP does not wait. The socket has none, by which what keeps the path alive
// could not be sent either.
func (p *Path) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	p.until = t
	return nil
}

// Write sends b to the peer. Errors are the socket's, [net.ErrClosed] or [os.ErrDeadlineExceeded].
func (p *Path) Write(b []byte) (int, error) {
	p.mu.Lock()
	closed, until := p.closed, p.until
	p.mu.Unlock()
	switch {
	case closed:
		return 0, net.ErrClosed
	case !until.IsZero() && !time.Now().Before(until):
		return 0, os.ErrDeadlineExceeded
	}
	return p.conn.WriteTo(b, net.UDPAddrFromAddrPort(p.remote))
}

// Read gives the next datagram of the peer, cut to b; on Windows one that is longer than b and than 1500 bytes is lost. Errors are the socket's, or
// [net.ErrClosed].
func (p *Path) Read(b []byte) (int, error) {
	if n, ok, err := p.begin(b); ok {
		return n, err
	}
	defer p.end()
	whole := b
	if len(b) < maxSTUN { // a check is read whole
		whole = make([]byte, maxSTUN)
	}
	for !p.isClosed() {
		n, from, err := readFrom(p.conn, whole)
		switch {
		case err != nil && p.isClosed():
			return 0, net.ErrClosed
		case err != nil:
			return 0, err
		}
		switch _, check := parseCheck(whole[:n], nil); {
		case check:
			p.answer(whole[:n], from)
		case from == p.remote:
			p.hear()
			return copy(b, whole[:n]), nil
		case p.other != nil:
			p.other(whole[:n], from)
		}
	}
	return 0, net.ErrClosed
}

// hear takes note that the peer was heard.
func (p *Path) hear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
}

// begin is what there is already.
func (p *Path) begin(b []byte) (int, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, true, net.ErrClosed
	}
	if len(p.early) > 0 {
		n := copy(b, p.early[0])
		p.early = p.early[1:]
		return n, true, nil
	}
	p.reading++
	return 0, false, nil
}

// end lets Close go on.
func (p *Path) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reading--; p.reading == 0 {
		p.idle.Broadcast()
	}
}

// answer answers a check of the peer, which may not have heard our last answer.
func (p *Path) answer(b []byte, from netip.AddrPort) {
	c, ok := parseCheck(b, p.key)
	if !ok || c.tie == p.tie || from != p.remote {
		return
	}
	p.mu.Lock()
	p.heard = time.Now()
	ok = c.class == stun.ClassRequest && p.answers.allows(p.heard)
	p.mu.Unlock()
	if ok {
		check{class: stun.ClassSuccessResponse, id: c.id, tie: p.tie, mapped: from}.send(p.conn, p.key, from) // it asks again
	}
}

func (p *Path) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// Close ends the keeping alive, and reads that wait: when it returns none of them is left, and the socket, which stays open, is the caller's without
// a deadline. A datagram that a read has taken by then is given as always. Not to be called by [PunchOptions.Other], which it waits for.
func (p *Path) Close() error {
	p.closing.Do(func() {
		close(p.quit)
		p.wg.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.closed = true
		p.conn.SetReadDeadline(time.Unix(1, 0))
		for p.reading > 0 {
			p.idle.Wait()
		}
		p.conn.SetReadDeadline(time.Time{}) // once: later ones are the owner's
	})
	return nil
}

// keep keeps the path open by binding indications, which nobody answers (RFC 8445 §11).
func (p *Path) keep(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-ticker.C:
			c := check{class: stun.ClassIndication, id: newID(), tie: p.tie}
			if errors.Is(c.send(p.conn, p.key, p.remote), net.ErrClosed) {
				return // what else it says now may pass
			}
		}
	}
}
