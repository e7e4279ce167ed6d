package client

import "time"

// again sets the time for a look after pause, which may use what was read in the second half of it.
func (k *keeper) again(now time.Time, pause time.Duration) {
	k.check, k.since, k.first = now.Add(pause), now.Add(pause/2), true
}

// regularly sets the time for the next of the looks that come every CheckInterval, counted from the reading that served this one. So the looks of many
// mappings come together, and one reading serves them all.
func (k *keeper) regularly(from time.Time) {
	d := k.req.CheckInterval
	k.check, k.since, k.first = from.Add(d-k.plan.gw.readings.jitter(d/10, from, k.rand)), from.Add(d/2), false
}

// expire tells the entries whose lease has run out while attempts failed.
func (k *keeper) expire(err error) {
	now := time.Now()
	for i, h := range k.held {
		if h.lost || h.ends.IsZero() || now.Before(h.ends) {
			continue
		}
		k.mu.Lock()
		k.held[i].lost, k.held[i].Verified = true, false
		k.mu.Unlock()
		k.tell(Event{Kind: Lost, Entry: k.held[i].Entry, Err: err})
	}
}

// left is the time until the first lease runs out of what is open; 0 when there is none.
func (k *keeper) left() time.Duration {
	var first time.Duration
	for _, h := range k.held {
		if left := time.Until(h.ends); !h.lost && !h.ends.IsZero() && (first == 0 || left < first) {
			first = max(left, 0)
		}
	}
	return first
}

// untilDue is the time until something is to be done while all is well.
func (k *keeper) untilDue() time.Duration {
	due := k.check
	for _, h := range k.held {
		if !h.lost && !h.renew.IsZero() && h.renew.Add(k.along(h, true)).Before(due) {
			due = h.renew
		}
	}
	return max(time.Until(due), 0)
}
