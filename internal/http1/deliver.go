package http1

import (
	"context"
	"time"
)

// deliver sends reply and brings about its end. It reports whether the connection goes on.
func (c *conn) deliver(ctx context.Context, reply *Reply) bool {
	whole, err := c.send(ctx, reply)
	if reply.Sent != nil {
		reply.Sent()
	}
	if cap(c.out) > 16*bufferSize {
		c.out = nil
	}
	switch {
	case err != nil:
		return false
	case reply.End == RST:
		if l, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
			l.SetLinger(0) // the close that follows is then a reset
		}
	case reply.End == Hang:
		c.hold(ctx)
	}
	return reply.End == Usual && whole
}

// send writes the bytes of reply. It reports whether that was the whole message.
func (c *conn) send(ctx context.Context, reply *Reply) (whole bool, err error) {
	if !Pause(ctx, reply.Delay) {
		return false, ctx.Err()
	}
	c.out = reply.Append(c.out[:0])
	left := c.out
	for i, p := range reply.Pieces {
		piece := left[:min(max(p.Bytes, 0), len(left))]
		left = left[len(piece):]
		last := i == len(reply.Pieces)-1
		if err := c.write(ctx, piece, p, last && reply.End != Hang); err != nil {
			return false, err
		}
	}
	if reply.Pieces != nil {
		return len(left) == 0, nil
	}
	return true, c.write(ctx, left, Piece{}, reply.End != Hang)
}

// write sends one piece. The request is over when its last byte leaves, and not a moment later: whoever has read the answer
// may be on another connection with the next one already.
func (c *conn) write(ctx context.Context, b []byte, p Piece, last bool) error {
	for {
		if !Pause(ctx, p.After) {
			return ctx.Err()
		}
		n := len(b)
		if p.Each > 0 {
			n = min(n, p.Each)
		}
		if last && n == len(b) {
			c.finish()
		}
		if n > 0 {
			c.SetWriteDeadline(time.Now().Add(c.read))
			if _, err := c.Write(b[:n]); err != nil {
				return err
			}
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
	}
}

// Pause waits and reports whether ctx still holds.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
