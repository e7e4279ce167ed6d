package emulator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

const (
	dialTime   = 30 * time.Second // for an internal client that does not answer
	pumpBuffer = 32 << 10
	hangTime   = 10 * time.Minute // of a connection on which nothing is ever said
	maxPause   = time.Second      // before accepting again, when there are no more sockets to be had
)

// accept lets peers in by a door until it is closed.
func (ds *doors) accept(d *door, l net.Listener) {
	pause := 5 * time.Millisecond
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			ds.wg.Go(func() { ds.serve(d, c) })
		case errors.Is(err, net.ErrClosed):
			return
		case !sleep(ds.ctx, pause):
			return
		default:
			pause = min(2*pause, maxPause)
		}
	}
}

// serve carries one connection. A peer is connected already when it is found out that it may not be: then it is reset.
func (ds *doors) serve(d *door, c net.Conn) {
	x, what := ds.knock(d, addrPortOf(c.RemoteAddr()))
	if x == nil || wordOf(what) == cut {
		reset(c)
		return
	}
	r := &relay{session: x}
	r.ctx, r.cancel = context.WithCancel(ds.ctx)
	defer r.cancel()
	r.join(c)
	if !ds.plane.start(x, r.reset) {
		r.reset()
		return
	}
	defer ds.plane.finish(x)
	if what.verb != nil && what.verb.Hang {
		held, end := context.WithTimeout(r.ctx, hangTime)
		defer end()
		http1.Hold(held, c)
		r.reset()
		return
	}
	if wordOf(what) == hold && !r.wait(firstAgain) || !sleep(r.ctx, what.delay) {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, dialTime)
	defer cancel()
	inner, err := ds.plane.gateway.options.Net.Dial(ctx, "tcp", netip.Addr{}, x.target.String())
	if err != nil {
		r.reset()
		return
	}
	r.join(inner)
	r.run(c, inner)
}

// reset closes c so that the other side reads a reset.
func reset(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // a connection that is gone needs none
	}
	c.Close()
}

// sleep waits for d and reports whether ctx has lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// relay is a TCP connection through a door: two, one of which is sent what the other received.
type relay struct {
	*session
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex
	conns []net.Conn
	over  bool
}

// join hands c to r, which closes it.
func (r *relay) join(c net.Conn) {
	r.mu.Lock()
	r.conns = append(r.conns, c)
	over := r.over
	r.mu.Unlock()
	if over {
		reset(c)
	}
}

// reset ends both connections at once.
func (r *relay) reset() {
	r.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	for _, c := range r.conns {
		reset(c)
	}
}

// run returns when both sides have said all that they have to say, or one was reset, or r.
func (r *relay) run(outer, inner net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { r.pump(inner, outer, true) })
	r.pump(outer, inner, false)
	wg.Wait()
	outer.Close()
	inner.Close()
}

// pump sends to what from sends, its end too. A failure of either resets both. It reads no more than can be written.
func (r *relay) pump(to, from net.Conn, inward bool) {
	for b := make([]byte, pumpBuffer); ; {
		n, err := from.Read(b)
		if n > 0 {
			if !r.wait(0) {
				return
			}
			r.passing(inward, n)
			if _, err := to.Write(b[:n]); err != nil {
				r.reset()
				return
			}
		}
		if err == io.EOF {
			if c, ok := to.(interface{ CloseWrite() error }); !ok || c.CloseWrite() != nil {
				r.reset()
			}
			return
		}
		if err != nil {
			r.reset()
			return
		}
	}
}

// wait returns when the forward layer lets bytes pass, false when they never will. It is asked after pause, and then as often as TCP
// would send them again.
func (r *relay) wait(pause time.Duration) bool {
	for sleep(r.ctx, pause) {
		switch r.ask() {
		case pass:
			return true
		case cut:
			r.reset()
			return false
		}
		pause = min(max(2*pause, firstAgain), lastAgain)
	}
	return false
}
