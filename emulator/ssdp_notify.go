package emulator

import (
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// alive tells the group that everything is there, and sets when to say so again: at a random point before half of
// max-age has passed, so that one lost datagram never makes the gateway disappear (UDA 1.1 §1.2.2).
func (s *ssdpServer) alive() {
	if s == nil || !s.group.IsValid() {
		return
	}
	s.speaking.Lock()
	defer s.speaking.Unlock()
	s.sayAlive()
}

// repeat is alive when its time has come, unless a byebye came first.
func (s *ssdpServer) repeat() {
	s.sayIf(func() bool { return !s.next.After(time.Now()) }, s.sayAlive)
}

// sayIf speaks while the gateway is announced and due holds, which is asked under the lock.
func (s *ssdpServer) sayIf(due func() bool, speak func()) {
	s.quietly(func() {
		s.speaking.Lock()
		defer s.speaking.Unlock()
		s.mu.Lock()
		ok := !s.next.IsZero() && due()
		s.mu.Unlock()
		if ok {
			speak()
		}
	})
}

func (s *ssdpServer) sayAlive() {
	ad := s.advertisement()
	s.notify(ssdp.Alive, ad)
	s.sayAgain(ad)
	for i := range ad.dialect.sets() - 1 {
		s.later(time.Duration(i+1)*betweenSets, s.insist)
	}
}

// betweenSets keeps the sets of one announcement apart.
const betweenSets = 200 * time.Millisecond

// insist is a further set of an alive, unless a byebye came first.
func (s *ssdpServer) insist() {
	s.sayIf(func() bool { return true }, func() { s.notify(ssdp.Alive, s.advertisement()) })
}

// sets is how often an announcement is sent.
func (d *ssdpDialect) sets() int { return max(d.Sets, 1) }

// aliveLater announces nothing now, but again as after an alive.
func (s *ssdpServer) aliveLater() {
	if s == nil || !s.group.IsValid() {
		return
	}
	s.sayAgain(s.advertisement())
}

// sayAgain sets when alive is repeated.
func (s *ssdpServer) sayAgain(ad advertisement) {
	quarter := max(ad.dialect.maxAge/4, time.Second)
	s.mu.Lock()
	s.next = time.Now().Add(quarter + time.Duration(s.rand.Int64N(int64(quarter))))
	s.mu.Unlock()
	s.wake()
}

// byebye tells the group that everything is gone. Replies that wait are dropped, and nothing is announced until alive.
func (s *ssdpServer) byebye() {
	if s == nil || !s.group.IsValid() {
		return
	}
	s.speaking.Lock()
	defer s.speaking.Unlock()
	s.mu.Lock()
	s.pending = nil
	s.next = time.Time{}
	s.mu.Unlock()
	ad := s.advertisement()
	for range ad.dialect.sets() {
		s.notify(ssdp.ByeBye, ad)
	}
}

// update tells the group which BOOTID comes next (UDA 1.1 §1.2.4).
func (s *ssdpServer) update(next uint32) {
	if s == nil || !s.group.IsValid() {
		return
	}
	s.speaking.Lock()
	defer s.speaking.Unlock()
	ad := s.advertisement()
	ad.nextBootID = next
	for range ad.dialect.sets() {
		s.notify(ssdp.Update, ad)
	}
}

// notify sends one set: a message for each target.
func (s *ssdpServer) notify(kind ssdp.Kind, ad advertisement) {
	h := ad.dialect.alive
	switch kind {
	case ssdp.ByeBye:
		h = ad.dialect.byebye
	case ssdp.Update:
		h = ad.dialect.update
	}
	for _, t := range ad.targets {
		m := s.message(h, ad, t, t.nt)
		o := occasion{layer: onNotify, peer: s.group, st: t.nt, fields: m.Fields}
		s.dispatch(&o, m, Detail{"nts", kind.String()}, Detail{"usn", t.usn})
	}
}

// announce does what a timeline or a fault asks for. While the gateway is down nobody hears of it.
func (g *Gateway) announce(kind Announce, change func(func(*state))) {
	g.power.Lock()
	defer g.power.Unlock()
	g.outbox.hold()
	defer g.outbox.release()
	if g.down || g.isClosed() {
		return
	}
	switch p := g.now(); kind {
	case announceAlive:
		p.alive()
	case announceByeBye:
		p.byebye()
	case announceUpdate:
		var next uint32
		change(func(st *state) { next = st.nextBootID() })
		p.ssdp.update(next)
		p.six.server().update(next)
		change(func(st *state) { st.bootID = next })
	}
}
