package emulator

import (
	"errors"
	"fmt"
	"time"
)

// do runs f on the state as it is now, and then does what follows from it. f must not block.
func (g *Gateway) do(f func(*state)) {
	g.change(f)
	g.outbox.flush()
}

// ErrClosed is returned by the methods of a gateway and its connections that would change something after [Gateway.Close].
var ErrClosed = errors.New("emulator: the gateway is closed")

// alter is do for what somebody wants to have changed: a gateway that is closed stays as it is.
func (g *Gateway) alter(f func(*state)) (err error) {
	g.do(func(s *state) {
		if g.closed {
			err = ErrClosed
			return
		}
		f(s)
	})
	return err
}

// change is do without telling Options.OnEvent.
func (g *Gateway) change(f func(*state)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp() // what is over was over before f
	f(g.state)
	g.catchUp()
	g.settle()
	g.state.timeline.depth = g.state.timeline.errands
}

// catchUp lets happen what has fallen due.
func (g *Gateway) catchUp() {
	before := len(g.state.events)
	g.state.enter(g.options.Clock.Now())
	g.lapse()
	g.plane.lapse(g.state.now)
	g.options.Clock.report(g.state.events[before:]...)
	g.record()
}

// settle draws the consequences of what happened to the state: journal, events, subscribers, the next alarm.
func (g *Gateway) settle() {
	g.plane.readdress(g.state)
	g.faceInternet()
	g.record()
	g.publish()
	if g.closed {
		return
	}
	next := firstOf(g.plane.next(), firstOf(g.state.next(), g.nextLapse()))
	if len(g.state.errands) > 0 && !g.busy {
		next = g.state.now
	}
	g.alarm.set(g.options.Clock, next, g.ring)
}

// record hands what happened to the state to the journal and to those who listen.
func (g *Gateway) record() {
	for _, e := range g.state.events {
		g.journal.add(e.entry())
		g.outbox.add(e)
	}
	g.state.events = g.state.events[:0]
}

// firstOf is the earlier of two times, of which zero means never.
func firstOf(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// entry is e for the journal.
func (e Event) entry() Entry {
	j := Entry{Time: e.Time, Kind: "state." + string(e.Event), Name: e.Service}
	if m := e.Mapping; m != nil {
		j.Name = m.String()
		j.Details = Details{
			{"description", m.Description},
			{"enabled", boolean(m.Enabled)},
			{"lease", fmt.Sprint(int64(m.Lease / time.Second))},
		}
		if m.Reach.IsValid() {
			j.Details = append(j.Details, Detail{"reach", m.Reach.String()})
		}
	}
	if p := e.Pinhole; p != nil {
		j.Name = p.String()
		j.Details = Details{{"id", ui2(p.ID)}, {"lease", fmt.Sprint(int64(p.Lease / time.Second))}}
	}
	if e.ExternalIP != nil {
		j.Name = *e.ExternalIP
	}
	if e.Status != "" {
		j.Name = e.Status
	}
	if e.BootID != 0 {
		j.Name = fmt.Sprint(e.BootID)
		j.Details = Details{{"location", e.Location}, {"udn", e.UDN}}
		if e.SSDP.IsValid() {
			j.Details = append(j.Details, Detail{"ssdp", e.SSDP.String()})
		}
	}
	if e.Action != "" {
		j.Name = e.Action
		j.Details = Details{{"by", e.Name}}
	}
	if e.Subscriber.IsValid() {
		j.Details = append(j.Details, Detail{"subscriber", e.Subscriber.String()})
	}
	return j
}

// Mappings are copies of all port mappings, in the order of GetGenericPortMappingEntry, those of the first connection first.
func (g *Gateway) Mappings() (all []Mapping) {
	g.do(func(s *state) {
		for _, c := range s.connections {
			for e := range c.mappings.order.all {
				all = append(all, e.Mapping)
			}
		}
	})
	return all
}

// Advance moves the gateway's clock, which must be from NewClock, and returns what happened on the way: see [Clock.Advance].
func (g *Gateway) Advance(d time.Duration) []Event { return g.options.Clock.Advance(d) }
