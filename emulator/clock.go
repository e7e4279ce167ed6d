package emulator

import (
	"sync"
	"time"
)

// Clock is what the state of gateways lives by: leases, uptime, subscriptions. A nil *Clock is package time. What happens
// on the wire (the spread of search replies, timeouts) always takes real time.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	alarms agenda[*virtualAlarm]
	seq    uint64
}

// NewClock returns a clock that stands at start until it is advanced. Several gateways may share it.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d. Whatever falls due on the way has happened, at its own time and in its order, when Advance
// returns. It panics on the clock of package time and does nothing when d is not positive.
func (c *Clock) Advance(d time.Duration) {
	if c == nil {
		panic("emulator: Advance of package time: use a clock from NewClock")
	}
	c.mu.Lock()
	end := c.now.Add(max(d, 0))
	for !c.alarms.empty() && !c.alarms.first().at.After(end) {
		a := c.alarms.first()
		c.alarms.remove(a)
		if a.at.After(c.now) {
			c.now = a.at
		}
		c.mu.Unlock()
		a.f()
		c.mu.Lock()
	}
	// Another Advance may have run while the lock was open.
	if end.After(c.now) {
		c.now = end
	}
	c.mu.Unlock()
}

// afterFunc calls f once the clock has reached at. stop reports whether it kept f from being called.
func (c *Clock) afterFunc(at time.Time, f func()) (stop func() bool) {
	if c == nil {
		return time.AfterFunc(time.Until(at), f).Stop
	}
	c.mu.Lock()
	defer c.mu.Unlock()
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
	f     func()
	index int // in the heap; -1 once rung or stopped
}

func (a *virtualAlarm) before(b *virtualAlarm) bool {
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.seq < b.seq
}

func (a *virtualAlarm) place() *int { return &a.index }
