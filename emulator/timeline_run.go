package emulator

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"
)

// timeline is what a gateway's timeline, and the faults that have something follow, have planned.
type timeline struct {
	plans   agenda[*plan]
	seq     uint64
	moments []*moment
	reached map[string]int // successes of actions, and disconnections, since the boot
	boots   int
	rand    *rand.Rand

	depth   int // of the plans that what happens now follows from; 0: from none
	errands int // the same for the errand that is run, which takes more than this moment
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
	mapping reference // that an action on this one is about
	depth   int       // plans that led to this one, each out of the one before, this one included
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
	depth   int // of the plan
}

func newTimeline(o *Options) timeline {
	t := timeline{reached: map[string]int{}, rand: rand.New(rand.NewPCG(o.seed(), 0x74696d65))} // "time"
	for i, m := range o.Timeline {
		t.moments = append(t.moments, &moment{Moment: m, name: fmt.Sprintf("timeline[%d]", i)})
	}
	return t
}

// maxPlans bounds what faults can plan: a flood of searches, each followed by an announcement, gets no more than these.
const maxPlans = 4096

// maxChain is how many plans can follow out of each other in one moment. A reboot that follows a boot, or an announcement that follows
// an announcement, would else have no end: beyond it what follows is a second away, and waits once.
const maxChain = 2

// schedule plans a for the time at, or for now if that is over. It follows what the fault of that name has done on o.
func (s *state) schedule(name string, o *occasion, at time.Time, a Action) {
	p := &plan{at: at, name: name, actions: []Action{a}}
	if a.Remove == removeThis {
		ref, ok := s.reference(o)
		if !ok {
			return
		}
		ref.entry = nil // which may be another by then
		p.mapping = ref
	}
	if p.depth = s.timeline.depth; o.layer == onNotify && p.depth == 0 {
		p.depth = maxChain // the gateway speaks of its own accord, and again
	}
	s.follow(p)
}

// follow plans p for after that which happens now.
func (s *state) follow(p *plan) {
	t := &s.timeline
	if len(t.plans.heap) >= maxPlans {
		return
	}
	if p.depth++; p.depth > maxChain {
		if slices.ContainsFunc(t.plans.heap, p.repeats) {
			return
		}
		if soonest := s.now.Add(time.Duration(shortestPeriod)); p.at.Before(soonest) {
			p.at = soonest
		}
	}
	s.plan(p)
}

// repeats reports whether p is what q is already.
func (p *plan) repeats(q *plan) bool {
	return q.depth > maxChain && p.name == q.name && p.moment == q.moment && p.mapping.key == q.mapping.key && reflect.DeepEqual(p.actions, q.actions)
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
			s.plan(m.plan(base, s.timeline.rand))
		}
	}
}

// plan is m for the time base and its In.
func (m *moment) plan(base time.Time, r *rand.Rand) *plan {
	return &plan{at: base.Add(m.In.draw(r)), base: base, name: m.name, actions: m.Do, moment: m, depth: 1}
}

// await plans m, whose milestone has come.
func (s *state) await(m *moment) {
	p := m.plan(s.now, s.timeline.rand)
	p.depth = s.timeline.depth
	s.follow(p)
}

// booted counts a boot, with which all other counts begin again.
func (s *state) booted() {
	s.timeline.boots++
	clear(s.timeline.reached)
	s.milestone(boot, s.timeline.boots)
}

// succeeded counts a success of an action, or what else is counted from the boot.
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
			s.await(m)
		case m.Every.Milestone.Action == what && n%m.Every.Milestone.Count == 0:
			s.await(m)
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
	s.timeline.depth = max(s.timeline.depth, p.depth)
	if m := p.moment; m != nil {
		if m.Every.Period > 0 {
			s.plan(m.plan(p.base.Add(time.Duration(m.Every.Period)), s.timeline.rand))
		}
		size := 0
		for _, c := range s.about(m.Do[0]) {
			size += c.mappings.len()
		}
		if !m.If.Size.holds(size) {
			return
		}
	}
	if p.up != nil {
		s.errands = append(s.errands, errand{name: p.name, up: p.up, depth: p.depth})
		return
	}
	for i, a := range p.actions {
		if a.outside() {
			s.errands = append(s.errands, errand{name: p.name, actions: p.actions[i:], depth: p.depth})
			return
		}
		if a.Remove == removeThis {
			s.removeThis(p.name, a, p.mapping)
			continue
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
