package http1

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Server is a connection loop: it reads requests leniently, hands them to Handle and writes each reply in one Write.
type Server struct {
	Limits      Limits
	ReadTimeout time.Duration // for one request from its first byte, and for writing one reply; 0 = 30 s
	IdleTimeout time.Duration // for the first byte of the next request, 0 = 30 s
	MaxConns    int           // connections at once, more are closed unread; 0 = 512

	// Handle answers one request; a connection has one at a time. ctx ends with Serve's. A nil Reply closes the connection
	// without an answer.
	Handle func(ctx context.Context, req *Request) *Reply
}

// Serve accepts connections until ctx ends, when it returns nil, or until l fails, when it returns the error. Either way it
// closes l and every connection, and returns after all of them have ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	v := &serving{
		srv:   s,
		read:  cmp.Or(s.ReadTimeout, 30*time.Second),
		idle:  cmp.Or(s.IdleTimeout, 30*time.Second),
		conns: make(map[net.Conn]struct{}),
	}
	stop := context.AfterFunc(ctx, func() {
		l.Close()
		v.closeAll()
	})
	err := v.accept(ctx, l)
	if ctx.Err() != nil {
		err = nil
	}
	cancel()
	if stop() {
		l.Close()
		v.closeAll()
	}
	v.wg.Wait()
	return err
}

// serving is one run of Serve.
type serving struct {
	srv        *Server
	read, idle time.Duration
	wg         sync.WaitGroup
	scratch    sync.Pool // of *scratch

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil once closed
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
		if !v.add(c) {
			c.Close()
			continue
		}
		v.wg.Go(func() {
			defer v.remove(c)
			v.serve(ctx, c)
		})
	}
}

func (v *serving) add(c net.Conn) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conns == nil || len(v.conns) >= cmp.Or(v.srv.MaxConns, 512) {
		return false
	}
	v.conns[c] = struct{}{}
	return true
}

func (v *serving) remove(c net.Conn) {
	c.Close()
	v.mu.Lock()
	delete(v.conns, c)
	v.mu.Unlock()
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

// serve runs one connection.
func (v *serving) serve(ctx context.Context, c net.Conn) {
	buf, _ := v.scratch.Get().(*scratch)
	if buf == nil {
		buf = &scratch{in: make([]byte, 0, bufferSize)}
	}
	r := NewReader(c, v.srv.Limits)
	r.buf = buf.in[:0]
	r.onContinue = func() error {
		_, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		return err
	}
	defer func() {
		if cap(r.buf) <= 4*bufferSize {
			buf.in = r.buf
		}
		v.scratch.Put(buf)
	}()
	remote, local := addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())
	for {
		if err := v.await(c, r); err != nil {
			return
		}
		req, err := r.ReadRequest()
		if err != nil {
			// Nothing arrived on an idle connection: there is no request to refuse.
			idle := isTimeout(err) && len(r.buf) == 0
			if reply := refusal(err); reply != nil && !idle {
				c.SetDeadline(time.Now().Add(v.read))
				if _, err := c.Write(reply.Append(nil)); err == nil {
					linger(c)
				}
			}
			return
		}
		req.Remote, req.Local = remote, local
		reply := v.srv.Handle(ctx, req)
		if reply == nil {
			return
		}
		buf.out = reply.Append(buf.out[:0])
		c.SetWriteDeadline(time.Now().Add(v.read))
		_, err = c.Write(buf.out)
		if reply.Sent != nil {
			reply.Sent()
		}
		if cap(buf.out) > 16*bufferSize {
			buf.out = nil
		}
		if err != nil || reply.Close || !keepAlive(req) {
			return
		}
	}
}

// await waits for the first byte of the next request and starts the clock of that request.
func (v *serving) await(c net.Conn, r *Reader) error {
	if r.pos < len(r.buf) {
		return c.SetReadDeadline(time.Now().Add(v.read))
	}
	if v.idle == v.read {
		// One deadline for both is nearly the same and saves a timer on every request.
		return c.SetReadDeadline(time.Now().Add(v.read))
	}
	c.SetReadDeadline(time.Now().Add(v.idle))
	r.buf, r.pos = r.buf[:0], 0
	if err := r.fill(); err != nil {
		return err
	}
	return c.SetReadDeadline(time.Now().Add(v.read))
}

// keepAlive reports whether the connection outlives the request, by its version and Connection field (RFC 9112 §9.3).
func keepAlive(q *Request) bool {
	conn := q.Fields.Get("Connection")
	if strings.EqualFold(q.Version, "HTTP/1.0") {
		return hasToken(conn, "keep-alive")
	}
	return !hasToken(conn, "close")
}

// refusal is the answer to a request that could not be read, nil when there is nobody or nothing to answer.
func refusal(err error) *Reply {
	status := http.StatusBadRequest
	var limit *LimitError
	var syntax *SyntaxError
	switch {
	case errors.As(err, &limit) && limit.What == "body":
		status = http.StatusRequestEntityTooLarge
	case errors.As(err, &limit):
		status = http.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &syntax), err == io.ErrUnexpectedEOF:
	case isTimeout(err):
		status = http.StatusRequestTimeout
	default:
		return nil
	}
	return NewReply(status, Fields{{"Connection", "close"}}, nil)
}

// linger lets the peer read the refusal of a request that it is still sending: closing at once would reset the connection
// and lose it.
func linger(c net.Conn) {
	h, ok := c.(interface{ CloseWrite() error })
	if !ok || h.CloseWrite() != nil {
		return
	}
	c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	io.CopyN(io.Discard, c, 1<<20)
}

func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
