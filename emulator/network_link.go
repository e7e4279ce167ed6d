package emulator

import (
	"slices"
	"sync"
)

// link is one TCP connection. One lock guards both ends, so that closing and resetting are seen whole.
type link struct {
	mu sync.Mutex
	// blocked: nothing crosses. What is written waits in the buffer, a FIN too, as if TCP kept resending;
	// a reset is sent once and lost.
	blocked bool

	// Forwarders on the way, set when it is made, and whether one of them holds it up (guarded by network.mu).
	via   []waypoint
	watch []watcher
	held  bool
}

// join makes a and b the ends of one connection.
func join(a, b *tcpConn) {
	l := &link{}
	for _, c := range []*tcpConn{a, b} {
		c.link = l
		c.readable.L, c.writable.L = &l.mu, &l.mu
	}
	a.peer, b.peer = b, a
	a.dialled = true
}

// block stops everything on the link of c, or lets it go on.
func (c *tcpConn) block(on bool) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.link.blocked == on {
		return
	}
	c.link.blocked = on
	if on {
		return
	}
	for _, end := range []*tcpConn{c, c.peer} {
		if end.closed && len(end.in.segments) > 0 {
			end.in = flow{}
			end.peer.hearReset() // bytes for an end that is gone
			continue
		}
		end.in.catchUp()
		end.readable.Broadcast()
		end.writable.Broadcast()
	}
}

// recheck blocks the connections of h whose two ends no longer reach each other, and lets the others go on.
// network.mu is held.
func (h *Host) recheck() {
	for _, c := range h.ports.conns {
		c.block(!c.reaches())
	}
	for _, c := range h.crossing {
		c.block(!c.reaches())
	}
}

func (c *tcpConn) reaches() bool {
	if c.link.held || slices.ContainsFunc(c.link.via, func(w waypoint) bool { return !w.holds() }) {
		return false
	}
	for _, end := range []*tcpConn{c, c.peer} {
		f := end.host.owner(end.local.Addr())
		if f == nil || c.host != c.peer.host && (!f.up() || end.host.dead) {
			return false
		}
	}
	return true
}
