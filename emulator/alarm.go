package emulator

import (
	"sync"
	"time"
)

// alarm calls a function when the next thing of a gateway falls due. It is guarded by the gateway's lock but for wait.
type alarm struct {
	at     time.Time // zero: not set
	cancel func() bool
	turn   int // counts settings, so that a late ring does not pass for the one that is set now
	wg     sync.WaitGroup
}

// set moves the alarm to at; the zero time only stops it. f gives its turn to rung; what it returns is called after it, see
// [Clock.afterFunc].
func (a *alarm) set(clock *Clock, at time.Time, f func(turn int) (then func())) {
	if a.at.Equal(at) {
		return
	}
	a.stop()
	if at.IsZero() {
		return
	}
	a.at = at
	a.turn++
	turn := a.turn
	a.wg.Add(1)
	a.cancel = clock.afterFunc(at, func() func() {
		then := f(turn)
		return func() {
			defer a.wg.Done()
			then()
		}
	})
}

// rung says that the alarm set in turn has called.
func (a *alarm) rung(turn int) {
	if turn == a.turn {
		a.at = time.Time{}
	}
}

func (a *alarm) stop() {
	if !a.at.IsZero() && a.cancel() {
		a.wg.Done()
	}
	a.at = time.Time{}
}

// wait returns when no call is under way. The alarm must have been stopped for good.
func (a *alarm) wait() { a.wg.Wait() }
