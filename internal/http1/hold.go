package http1

import (
	"context"
	"io"
	"net"
	"time"
)

// Hold discards what c receives until the peer has closed or reset it, or ctx ends. A peer that only ends its own half, as
// shutdown(2) does, still waits for an answer: c stays open. A peer that closes looks the same until its system refuses a
// keepalive probe.
func Hold(ctx context.Context, c net.Conn) { hold(ctx, c, func() {}) }

// probeEvery is how often it is looked whether the peer of a connection, which has nothing more to say, is still there.
const probeEvery = time.Second

// hold is Hold; halfClosed is called when the peer says no more.
func hold(ctx context.Context, c net.Conn, halfClosed func()) {
	c.SetDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := io.Copy(io.Discard, c); err != nil {
		return
	}
	halfClosed()
	for Pause(ctx, probeEvery) {
		// Nothing is sent by that, but an error that the connection has had meanwhile is told.
		if _, err := c.Write(nil); err != nil {
			return
		}
	}
}

// hanging is a connection that hangs.
type hanging struct {
	end        context.CancelFunc
	halfClosed bool
}

// hold keeps the connection until the peer closes it, time is up, or Serve ends.
func (c *conn) hold(ctx context.Context) {
	ctx, end := context.WithTimeout(ctx, c.hang)
	defer end()
	h := &hanging{end: end}
	if !c.hangs(h) {
		return
	}
	defer c.hangsNoMore(h)
	hold(ctx, c.Conn, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		h.halfClosed = true
	})
}

// hangs reports whether there is room for one more connection that hangs. A peer that has probably gone makes room.
func (v *serving) hangs(h *hanging) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.retired.Load() {
		return false
	}
	if len(v.hanging) >= max(v.max/4, 1) && !v.evict() {
		return false
	}
	v.hanging = append(v.hanging, h)
	return true
}

// evict ends the connection that hangs longest of those whose peers say no more. v.mu is held.
func (v *serving) evict() bool {
	for i, h := range v.hanging {
		if h.halfClosed {
			h.end()
			v.hanging = append(v.hanging[:i:i], v.hanging[i+1:]...)
			return true
		}
	}
	return false
}

func (v *serving) hangsNoMore(h *hanging) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, other := range v.hanging {
		if other == h {
			v.hanging = append(v.hanging[:i:i], v.hanging[i+1:]...)
			return
		}
	}
}
