package emulator

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// speaker is the gateway for which an ssdpServer speaks. All may be called from any goroutine, and take locks of the gateway.
type speaker struct {
	allowed       func(netip.Addr) bool // who is answered
	advertisement func() advertisement  // what to say now
	meet          func(*occasion) deed  // what faults do
	quietly       func(func())          // keeps Options.OnEvent, which may want locks of this server, until the end
	note          func(kind string, peer netip.AddrPort, name string, details ...Detail)
}

// ssdpServer answers searches and announces the gateway for one presence of it (UDA 1.1 §1). In a group, and once an answer had to
// wait, it has a goroutine which waits for what is due. The methods of a nil server do nothing.
type ssdpServer struct {
	speaker
	socket     *ssdpSocket
	conn       net.PacketConn // of the socket, as are local, group and searchPort
	local      netip.AddrPort
	source     netip.Addr     // from which it speaks instead; zero: local
	group      netip.AddrPort // zero when nobody is told without asking
	searchPort *uint32
	closed     <-chan struct{} // when the socket's reader has ended, if this was the last to leave it

	wg   sync.WaitGroup
	done chan struct{} // closed by leave
	kick chan struct{} // something became due earlier than what the goroutine waits for

	speaking sync.Mutex // one set of announcements at a time: no alive in the midst of a byebye, or after the last

	mu      sync.Mutex // guards what follows; the gateway is called without it
	rand    *rand.Rand
	pending []pendingSend // soonest first
	running bool          // run is
	left    bool
	next    time.Time // when to announce again; zero: not now
}

// start begins to answer searches.
func (s *ssdpServer) start() {
	if s == nil {
		return
	}
	s.socket.add(s)
	if s.group.IsValid() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = true
		s.wg.Go(s.run)
	}
}

// leave ends it. What is under way is waited for by wait. It is called once.
func (s *ssdpServer) leave() {
	if s == nil {
		return
	}
	s.end()
	s.closed = s.socket.leave(s)
}

// wait returns when every goroutine has ended, after leave.
func (s *ssdpServer) wait() {
	if s == nil {
		return
	}
	s.wg.Wait()
	<-s.closed
}

// addr is where unicast searches are answered.
func (s *ssdpServer) addr() netip.AddrPort {
	if s == nil {
		return netip.AddrPort{}
	}
	return s.local
}
