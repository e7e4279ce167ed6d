package emulator

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// timeline is what a gateway's timeline, and the faults that have something follow, have planned.
type timeline struct {
	plans   agenda[*plan]
	seq     uint64
	moments []*moment
	reached map[string]int // successes of actions since the boot
	boots   int
	rand    *rand.Rand
}

// moment is one of the timeline.
type moment struct {
	Moment
	name string // "timeline[2]"
	over bool   // its After has come
}

// plan is something that will happen at a time.
type plan struct {
	at      time.Time
	seq     uint64 // of one time, what was planned first happens first
	name    string // where it comes from: "timeline[2]", "boot", the name of a fault
	actions []Action
	up      *Reboot   // the end of this one
	moment  *moment   // it comes from; nil: from a fault
	base    time.Time // of a moment that comes again: when without its In
	index   int       // in the agenda
}

func (p *plan) before(q *plan) bool {
	if !p.at.Equal(q.at) {
		return p.at.Before(q.at)
	}
	return p.seq < q.seq
}

func (p *plan) place() *int { return &p.index }

// errand is what is left to do of a plan when it takes sockets, and so more than the gateway's lock.
type errand struct {
	name    string
	actions []Action
	up      *Reboot
}

func newTimeline(o *Options) timeline {
	t := timeline{reached: map[string]int{}, rand: rand.New(rand.NewPCG(o.Seed, 0x74696d65))} // "time"
	for i, m := range o.Timeline {
		t.moments = append(t.moments, &moment{Moment: m, name: fmt.Sprintf("timeline[%d]", i)})
	}
	return t
}

// maxPlans bounds what faults can plan: a flood of searches, each followed by an announcement, gets no more than these.
const maxPlans = 4096

// schedule plans a for the time at, or for now if that is over. It follows what the fault of that name has done.
func (s *state) schedule(name string, at time.Time, a Action) {
	if len(s.timeline.plans.heap) >= maxPlans {
		return
	}
	s.plan(&plan{at: at, name: name, actions: []Action{a}})
}

func (s *state) plan(p *plan) {
	s.timeline.seq++
	p.seq = s.timeline.seq
	s.timeline.plans.add(p)
}

// begin starts the timeline.
func (s *state) begin() {
	s.booted()
	for _, m := range s.timeline.moments {
		base := s.now
		if m.At != nil {
			base = base.Add(time.Duration(*m.At))
		} else {
			base = base.Add(time.Duration(m.Every.Period))
		}
		if m.At != nil || m.Every.Period > 0 {
			s.await(m, base)
		}
	}
}

// await plans m for the time base and its In.
func (s *state) await(m *moment, base time.Time) {
	s.plan(&plan{at: base.Add(m.In.draw(s.timeline.rand)), base: base, name: m.name, actions: m.Do, moment: m})
}

// booted counts a boot, with which all other counts begin again.
func (s *state) booted() {
	s.timeline.boots++
	clear(s.timeline.reached)
	s.milestone(boot, s.timeline.boots)
}

// succeeded counts a success of an action.
func (s *state) succeeded(action string) {
	if len(s.timeline.moments) == 0 {
		return
	}
	s.timeline.reached[action]++
	s.milestone(action, s.timeline.reached[action])
}

// milestone plans what waits for the n-th of something.
func (s *state) milestone(what string, n int) {
	for _, m := range s.timeline.moments {
		switch {
		case m.After == (Milestone{what, n}) && !m.over:
			m.over = true
			s.await(m, s.now)
		case m.Every.Milestone.Action == what && n%m.Every.Milestone.Count == 0:
			s.await(m, s.now)
		}
	}
}

// due is the plan that falls due first, if it has by now.
func (t *timeline) due(now time.Time) *plan {
	if t.plans.empty() || t.plans.first().at.After(now) {
		return nil
	}
	return t.plans.first()
}

// next is when the first plan falls due; zero when there is none.
func (t *timeline) next() time.Time {
	if t.plans.empty() {
		return time.Time{}
	}
	return t.plans.first().at
}

// carryOut does what p has planned, as far as that is a change of the state.
func (s *state) carryOut(p *plan) {
	s.timeline.plans.remove(p)
	if m := p.moment; m != nil {
		if m.Every.Period > 0 {
			s.await(m, p.base.Add(time.Duration(m.Every.Period)))
		}
		if !m.If.Size.holds(s.connections[m.Do[0].WAN].mappings.len()) {
			return
		}
	}
	if p.up != nil {
		s.errands = append(s.errands, errand{name: p.name, up: p.up})
		return
	}
	for i, a := range p.actions {
		if a.outside() {
			s.errands = append(s.errands, errand{name: p.name, actions: p.actions[i:]})
			return
		}
		s.act(p.name, a)
	}
}

// cancelUp keeps a gateway that is down from coming up as planned.
func (t *timeline) cancelUp() {
	for _, p := range t.plans.heap {
		if p.up != nil {
			t.plans.remove(p)
			return
		}
	}
}
