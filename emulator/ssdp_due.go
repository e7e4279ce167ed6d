package emulator

import (
	"slices"
	"time"
)

// maxPending bounds the datagrams that wait for their moment. A flood of searches gets no more than these.
const maxPending = 1024

// pendingSend is sent when its moment comes.
type pendingSend struct {
	at   time.Time
	send func()
}

// later calls send after a while, behind those of the same moment, unless too many wait already or a byebye comes first. In a group or
// within hear only.
func (s *ssdpServer) later(after time.Duration, send func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left || len(s.pending) >= maxPending {
		return
	}
	at := time.Now().Add(after)
	s.pending = slices.Insert(s.pending, s.waiting(at), pendingSend{at, send})
	if !s.running { // most gateways that are asked by unicast answer at once for ever
		s.running = true
		s.wg.Go(s.run)
	}
	s.wake()
}

// run waits for what is due, datagrams and the next announcement, until close.
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
			p.send()
		}
		if announce {
			s.repeat()
		}
	}
}

// waiting counts the pending datagrams up to and including t; they are sorted. s.mu is held.
func (s *ssdpServer) waiting(t time.Time) int {
	n, _ := slices.BinarySearchFunc(s.pending, t, func(p pendingSend, t time.Time) int {
		if p.at.After(t) {
			return 1
		}
		return -1
	})
	return n
}
