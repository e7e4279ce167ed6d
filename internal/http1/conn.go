package http1

import (
	"context"
	"io"
	"net"
	"strings"
	"time"
)

// conn is one connection that is served.
type conn struct {
	net.Conn
	*serving
	peer    Peer
	out     []byte // the message that is sent
	request uint64 // number of the one in flight; 0: none
}

// serve sends first, if any, and answers requests until the connection ends.
func (c *conn) serve(ctx context.Context, first *Reply) {
	if first != nil && !c.deliver(ctx, first) {
		if first.End == FIN {
			linger(c.Conn) // the peer's first request is on its way
		}
		return
	}
	buf, _ := c.scratch.Get().(*scratch)
	if buf == nil {
		buf = &scratch{in: make([]byte, 0, bufferSize)}
	}
	r := NewReader(c.Conn, c.srv.Limits)
	r.buf, c.out = buf.in[:0], buf.out
	r.onBegin = c.begin
	r.onContinue = func() error {
		_, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		return err
	}
	defer func() {
		c.finish()
		if cap(r.buf) <= 4*bufferSize {
			buf.in = r.buf
		}
		buf.out = c.out
		c.scratch.Put(buf)
	}()
	for c.await(r) == nil && !c.retired.Load() && c.exchange(ctx, r) {
	}
}

// await waits for the first byte of the next request and starts the clock of that request.
func (c *conn) await(r *Reader) error {
	if r.pos < len(r.buf) {
		return c.SetReadDeadline(time.Now().Add(c.read))
	}
	if c.idle == c.read {
		// One deadline for both is nearly the same and saves a timer on every request.
		return c.SetReadDeadline(time.Now().Add(c.read))
	}
	c.SetReadDeadline(time.Now().Add(c.idle))
	r.buf, r.pos = r.buf[:0], 0
	if err := r.fill(); err != nil {
		return err
	}
	return c.SetReadDeadline(time.Now().Add(c.read))
}

// exchange reads one request and answers it. It reports whether another may follow.
func (c *conn) exchange(ctx context.Context, r *Reader) bool {
	req, err := r.ReadRequest()
	if err != nil {
		// Nothing arrived on an idle connection: there is no request to refuse.
		idle := isTimeout(err) && len(r.buf) == 0
		if reply := refusal(err); reply != nil && !idle {
			c.finish()
			c.SetDeadline(time.Now().Add(c.read))
			if _, err := c.Write(reply.Append(nil)); err == nil {
				linger(c.Conn)
			}
		}
		return false
	}
	req.Remote, req.Local, req.Conn = c.peer.Remote, c.peer.Local, c.peer.Conn
	req.InFlight = c.ahead() + 1
	req.awaitEnd = func(d time.Duration) bool { return c.ends(r, d) }
	reply := c.srv.Handle(ctx, req)
	return reply != nil && c.deliver(ctx, reply) && keepAlive(req)
}

// ends reports whether the peer says no more after the message that was read last, waiting no longer than d. What it says instead is the
// start of the next message.
func (c *conn) ends(r *Reader, d time.Duration) bool {
	if r.pos < len(r.buf) {
		return false
	}
	r.buf, r.pos = r.buf[:0], 0
	c.SetReadDeadline(time.Now().Add(d))
	return r.fill() == io.EOF
}

// keepAlive reports whether the connection outlives the request, by its version and Connection field (RFC 9112 §9.3).
func keepAlive(q *Request) bool {
	conn := q.Fields.Get("Connection")
	if strings.EqualFold(q.Version, "HTTP/1.0") {
		return hasToken(conn, "keep-alive")
	}
	return !hasToken(conn, "close")
}
