package emulator

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxDelayed is how many datagrams of one door may wait for the end of their delay; more are lost.
const maxDelayed = 256

// receiver is a door of UDP. Each peer has a socket of its own towards the internal client, which so tells them apart.
type receiver struct {
	*doors
	door    *door
	socket  net.PacketConn
	delayed atomic.Int64

	mu    sync.Mutex
	peers map[netip.AddrPort]*peerSocket
}

// peerSocket is one peer's session.
type peerSocket struct {
	*session
	inner net.Conn
	over  atomic.Bool // the session has ended; answer has yet to notice
}

func (r *receiver) run() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := r.socket.ReadFrom(b)
		switch {
		case err == nil:
			r.receive(addrPortOf(from), b[:n])
		case errors.Is(err, net.ErrClosed):
			return
		case !sleep(r.ctx, time.Millisecond): // what is wrong may pass
			return
		}
	}
}

// receive sends b on to the internal client. Nobody is told when that is not possible: an unprivileged socket cannot say that a port
// is unreachable.
func (r *receiver) receive(from netip.AddrPort, b []byte) {
	r.mu.Lock()
	p := r.peers[from]
	r.mu.Unlock()
	var d deed
	if p == nil || p.over.Load() {
		if p, d = r.welcome(from); p == nil {
			return
		}
	} else if g := r.plane.gateway; g.faults.on(onForward) != nil {
		g.do(func(s *state) { d = p.meet(s, false) })
	}
	if wordOf(d) != pass {
		return
	}
	if d.delay <= 0 {
		p.send(b)
		return
	}
	if r.delayed.Add(1) > maxDelayed {
		r.delayed.Add(-1)
		return
	}
	b = slices.Clone(b)
	time.AfterFunc(d.delay, func() {
		defer r.delayed.Add(-1)
		p.send(b)
	})
}

func (p *peerSocket) send(b []byte) {
	if _, err := p.inner.Write(b); err == nil {
		p.passing(true, len(b))
	}
}

// welcome begins the session of a new peer; nil when there is to be none.
func (r *receiver) welcome(from netip.AddrPort) (*peerSocket, deed) {
	x, d := r.knock(r.door, from)
	if x == nil || wordOf(d) != pass {
		return nil, d
	}
	inner, err := r.plane.gateway.options.Net.Dial(r.ctx, "udp", netip.Addr{}, x.target.String())
	if err != nil {
		return nil, d
	}
	p := &peerSocket{session: x, inner: inner}
	end := func() {
		p.over.Store(true)
		inner.Close()
	}
	if !r.plane.start(x, end) {
		inner.Close()
		return nil, d
	}
	r.mu.Lock()
	if r.peers == nil {
		r.peers = map[netip.AddrPort]*peerSocket{}
	}
	r.peers[from] = p
	r.mu.Unlock()
	r.wg.Go(func() { r.answer(p) })
	return p, d
}

// answer sends to the peer what the internal client answers, until the session ends.
func (r *receiver) answer(p *peerSocket) {
	defer func() {
		r.plane.finish(p.session)
		p.inner.Close()
		r.mu.Lock()
		if r.peers[p.peer] == p {
			delete(r.peers, p.peer)
		}
		r.mu.Unlock()
	}()
	to := net.UDPAddrFromAddrPort(p.peer)
	for b := make([]byte, maxDatagram); ; {
		n, err := p.inner.Read(b)
		switch {
		case err == nil:
			p.passing(false, n)
			_, _ = r.socket.WriteTo(b[:n], to) // lost, as datagrams may be
		case errors.Is(err, net.ErrClosed):
			return
		case !sleep(r.ctx, time.Millisecond): // the client's port was closed when something was sent to it
			return
		}
	}
}
