package emulator

import (
	"sync"
	"time"
)

// Clock is what the state of gateways lives by: leases, uptime, subscriptions, timelines. A nil *Clock is package time. What
// happens on the wire (the spread of search replies, timeouts) always takes real time.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	alarms  agenda[*virtualAlarm]
	seq     uint64
	running int        // calls for what was due when it was set
	ended   *sync.Cond // of such a call
	fired   []*[]Event // a list for each Advance under way
}

// NewClock returns a clock that stands at start until it is advanced. Several gateways may share it.
func NewClock(start time.Time) *Clock {
	c := &Clock{now: start}
	c.ended = sync.NewCond(&c.mu)
	return c
}

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d, and returns what happened on the way because its time had come, to all gateways that share the
// clock: expiries, and what their timelines and faults had planned. It has happened, at its own time and in its order, when
// Advance returns. What was due before, such as a reboot after a call, has happened before. Advance panics on the clock of package
// time, and only waits when d is not positive.
func (c *Clock) Advance(d time.Duration) []Event {
	if c == nil {
		panic("emulator: Advance of package time: use a clock from NewClock")
	}
	var fired []Event
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	c.fired = append(c.fired, &fired)
	defer c.forget(&fired)
	end := c.now.Add(max(d, 0))
	for !c.alarms.empty() && !c.alarms.first().at.After(end) {
		a := c.alarms.first()
		c.alarms.remove(a)
		if a.at.After(c.now) {
			c.now = a.at
		}
		c.call(a.f)
		c.settle()
	}
	// Another Advance may have run while the lock was open.
	if end.After(c.now) {
		c.now = end
	}
	return fired
}

// settle waits until nothing runs that was due at once. c.mu is held.
func (c *Clock) settle() {
	for c.running > 0 {
		c.ended.Wait()
	}
}

// call runs f and then what f returns, with the lock open.
func (c *Clock) call(f func() (then func())) {
	c.mu.Unlock()
	defer c.mu.Lock() // also when what f returns ends its goroutine, as t.Fatal does
	if then := f(); then != nil {
		then()
	}
}

// start calls f on a goroutine of its own, for which Advance waits, and then what f returns, for which it does not: that may call
// Advance itself. c.mu is held.
func (c *Clock) start(f func() (then func())) {
	c.running++
	go func() {
		then := f()
		c.mu.Lock()
		c.running--
		c.ended.Broadcast()
		c.mu.Unlock()
		if then != nil {
			then()
		}
	}()
}

// report tells every Advance under way what happened because its time had come.
func (c *Clock) report(events ...Event) {
	if c == nil || len(events) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range c.fired {
		*list = append(*list, events...)
	}
}

// forget ends reports to list. c.mu is held.
func (c *Clock) forget(list *[]Event) {
	for i, l := range c.fired {
		if l == list {
			c.fired = append(c.fired[:i], c.fired[i+1:]...)
			return
		}
	}
}

// afterFunc calls f once the clock has reached at, and then what f returns unless that is nil. f may not call Advance; what it
// returns may. stop reports whether it kept f from being called.
func (c *Clock) afterFunc(at time.Time, f func() (then func())) (stop func() bool) {
	if c == nil {
		return time.AfterFunc(time.Until(at), func() {
			if then := f(); then != nil {
				then()
			}
		}).Stop
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !at.After(c.now) {
		// Whoever sets this holds locks that f wants, and nobody may ever advance the clock.
		c.start(f)
		return func() bool { return false }
	}
	c.seq++
	a := &virtualAlarm{at: at, seq: c.seq, f: f}
	c.alarms.add(a)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if a.index < 0 {
			return false
		}
		c.alarms.remove(a)
		return true
	}
}

// virtualAlarm is one call that waits for the clock.
type virtualAlarm struct {
	at    time.Time
	seq   uint64 // alarms of one instant ring in the order they were set
	f     func() (then func())
	index int // in the heap; -1 once rung or stopped
}

func (a *virtualAlarm) before(b *virtualAlarm) bool {
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.seq < b.seq
}

func (a *virtualAlarm) place() *int { return &a.index }
