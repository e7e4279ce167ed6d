package http1

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a connection loop: it reads requests leniently, hands them to Handle and sends each reply as it is told.
type Server struct {
	Limits      Limits
	ReadTimeout time.Duration // for one request from its first byte, and for writing one reply; 0 = 30 s
	IdleTimeout time.Duration // for the first byte of the next request, 0 = 30 s
	HangTimeout time.Duration // of a connection that ends in [Hang], 0 = 10 min
	Grace       time.Duration // for requests that are being answered when Serve ends; 0 = none
	MaxConns    int           // connections at once, more are closed unread; 0 = 512. A quarter of them may hang; more are closed instead, unless a peer that says no more can make room

	// Handle answers one request; a connection has one at a time. ctx ends with Serve's, or Grace later. A nil Reply closes the
	// connection without an answer.
	Handle func(ctx context.Context, req *Request) *Reply
	// Accept meets each connection before anything is read, in the order they were accepted; it must not block. Its Reply is
	// delivered at once, and unless that ends the connection requests follow. nil, as a func or as a Reply: requests follow.
	Accept func(Peer) *Reply
}

// Peer is the other side of a connection that was accepted.
type Peer struct {
	Conn          uint64 // as in [Request]
	Remote, Local netip.AddrPort
	Open          int // connections at this moment, this one included
}

// Serve accepts connections until ctx ends, when it returns nil, or until l fails, when it returns the error. Either way it
// closes l and every connection, those with a request in flight when it is answered, but no later than Grace. It returns after all of
// them have ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	alive, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	v := &serving{
		srv:   s,
		read:  cmp.Or(s.ReadTimeout, 30*time.Second),
		idle:  cmp.Or(s.IdleTimeout, 30*time.Second),
		hang:  cmp.Or(s.HangTimeout, 10*time.Minute),
		max:   cmp.Or(s.MaxConns, 512),
		conns: make(map[net.Conn]struct{}),
	}
	end := sync.OnceFunc(func() {
		l.Close()
		v.retire()
		if s.Grace <= 0 {
			kill()
			v.closeAll()
		}
	})
	stop := context.AfterFunc(ctx, end)
	defer stop()
	err := v.accept(alive, l)
	if ctx.Err() != nil {
		err = nil
	}
	end()
	if s.Grace > 0 {
		late := time.AfterFunc(s.Grace, func() {
			kill()
			v.closeAll()
		})
		defer late.Stop()
	}
	v.wg.Wait()
	return err
}

// serving is one run of Serve.
type serving struct {
	srv              *Server
	read, idle, hang time.Duration
	max              int
	wg               sync.WaitGroup
	scratch          sync.Pool // of *scratch
	retired          atomic.Bool

	mu       sync.Mutex
	conns    map[net.Conn]struct{} // nil once closed
	accepted uint64
	hanging  []*hanging // oldest first
	begun    uint64     // requests so far
	inFlight []uint64   // those that are not yet answered, by their number, oldest first
}

// scratch are the buffers of one connection, kept for the next.
type scratch struct{ in, out []byte }

func (v *serving) accept(ctx context.Context, l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			// Out of descriptors, or a connection that was gone before it was accepted: the listener is still good.
			var t interface{ Temporary() bool }
			if !errors.As(err, &t) || !t.Temporary() {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(5 * time.Millisecond):
			}
			continue
		}
		p, ok := v.add(c)
		if !ok {
			c.Close()
			continue
		}
		var first *Reply
		if v.srv.Accept != nil {
			first = v.srv.Accept(p)
		}
		v.wg.Go(func() {
			defer v.remove(c)
			(&conn{Conn: c, serving: v, peer: p}).serve(ctx, first)
		})
	}
}

func (v *serving) add(c net.Conn) (Peer, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conns == nil || v.retired.Load() || len(v.conns) >= v.max {
		return Peer{}, false
	}
	v.conns[c] = struct{}{}
	v.accepted++
	return Peer{v.accepted, addrPort(c.RemoteAddr()), addrPort(c.LocalAddr()), len(v.conns)}, true
}

func (v *serving) remove(c net.Conn) {
	c.Close()
	v.mu.Lock()
	delete(v.conns, c)
	v.mu.Unlock()
}

// retire lets no more requests begin.
func (v *serving) retire() {
	v.retired.Store(true)
	v.mu.Lock()
	defer v.mu.Unlock()
	for c := range v.conns {
		c.SetReadDeadline(time.Unix(1, 0))
	}
	for _, h := range v.hanging {
		h.end()
	}
}

func (v *serving) closeAll() {
	v.mu.Lock()
	conns := v.conns
	v.conns = nil
	v.mu.Unlock()
	for c := range conns {
		c.Close()
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
