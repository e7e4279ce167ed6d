package emulator

import (
	"sync"
	"time"
)

// deadline makes a sync.Cond wait end in time. The lock of the socket that it belongs to guards it.
type deadline struct {
	timer   *time.Timer
	expired bool
}

// set replaces the deadline; the zero time is none. wake is told when it passes. mu is wake's lock and is held.
func (d *deadline) set(t time.Time, mu sync.Locker, wake *sync.Cond) {
	d.stop()
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.expired = true
		wake.Broadcast()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		mu.Lock()
		defer mu.Unlock()
		if d.timer == timer { // else another deadline came while this one waited for the lock
			d.expired = true
			wake.Broadcast()
		}
	})
	d.timer = timer
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.expired = nil, false
}
