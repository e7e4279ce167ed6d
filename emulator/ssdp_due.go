package emulator

import (
	"net/netip"
	"slices"
	"time"
)

// run waits for what is due, replies and the next announcement, until close.
func (s *ssdpServer) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-s.kick:
		case <-timer.C:
		}
		timer.Reset(time.Until(s.doDue()))
	}
}

// wake makes run look again at what is due.
func (s *ssdpServer) wake() {
	select {
	case s.kick <- struct{}{}:
	default: // it will look anyway
	}
}

// idle is how far away the next look is when nothing waits.
const idle = time.Hour

// doDue does what is due and returns when to look again.
func (s *ssdpServer) doDue() time.Time {
	for {
		s.mu.Lock()
		now := time.Now()
		next := now.Add(idle)
		announce := false
		if !s.next.IsZero() {
			announce = !s.next.After(now)
			next = s.next
		}
		n := s.waiting(now)
		due := slices.Clone(s.pending[:n])
		s.pending = slices.Delete(s.pending, 0, n)
		if len(s.pending) > 0 && s.pending[0].at.Before(next) {
			next = s.pending[0].at
		}
		s.mu.Unlock()
		if !announce && len(due) == 0 {
			return next
		}
		for _, p := range due {
			s.answer(p.to, []reply{p.reply})
		}
		if announce {
			s.repeat()
		}
	}
}

// pendingReply is sent when its moment comes.
type pendingReply struct {
	at    time.Time
	to    netip.AddrPort
	reply reply
}

// waiting counts the pending replies up to and including t; they are sorted. s.mu is held.
func (s *ssdpServer) waiting(t time.Time) int {
	n, _ := slices.BinarySearchFunc(s.pending, t, func(p pendingReply, t time.Time) int {
		if p.at.After(t) {
			return 1
		}
		return -1
	})
	return n
}

// enqueue puts p behind those of the same moment. s.mu is held.
func (s *ssdpServer) enqueue(p pendingReply) {
	s.pending = slices.Insert(s.pending, s.waiting(p.at), p)
}
