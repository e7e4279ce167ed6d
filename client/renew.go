package client

import (
	"context"
	"errors"
	"time"
)

// along is how long before its time a renewal goes along with a look, and how long after it it waits for one: an eighth of the lease at most, which leaves
// three for what may go wrong.
func (k *keeper) along(h held, look bool) time.Duration {
	life := h.ends.Sub(h.added)
	if !look || h.ends.Sub(h.renew) < life/4 { // it is late already
		return 0
	}
	return min(k.req.CheckInterval/2, life/8)
}

// fill opens or renews an entry. A renewal is not read back when the next look comes before the end that the entry has now: it tells as well, and in time.
func (k *keeper) fill(ctx context.Context, h held, s slot) (held, error) {
	looks := k.check
	if now := time.Now(); !now.Before(looks) {
		looks = now.Add(k.req.CheckInterval)
	}
	ends := time.Now().Add(s.found.Lease)
	if s.ownership == ours && !h.lost && !k.renew && h.Lease.Known && s.found.LeaseKnown && looks.Add(lastChance).Before(ends) {
		return k.plan.renew(ctx, s, h)
	}
	return k.plan.fill(ctx, s, false)
}

const (
	// shortLife is when an entry that is gone cannot be said to have ended with a lease that the gateway counts wrongly, even if its lease was longer.
	shortLife = time.Hour
	// shortLives is how many in a row are no accident.
	shortLives = 3
)

// refill opens an entry that is gone. One that goes again and again long before its end is asked for without one, that time: there are gateways that
// take a lease and do not keep it. The next time it has an end again, so that one which goes without one, too, is not left behind for ever.
func (k *keeper) refill(ctx context.Context, h held, s slot) (n held, err error) {
	short := 0
	switch {
	case k.renew:
		short = h.short // it went with a restart, which is no sign of anything
	case !h.lost && !h.added.IsZero() && time.Since(h.added) < min(h.asked/2, shortLife):
		short = h.short + 1
	}
	if short >= shortLives && !k.renew {
		finite, endless := k.plan.lease, s
		endless.want.Lease = 0
		n, err = k.plan.fill(ctx, endless, false)
		k.plan.lease = finite
		if _, refused := errors.AsType[*RefusedError](err); !refused {
			return n, err
		}
	}
	n, err = k.fill(ctx, h, s)
	n.short = short
	return n, err
}

// lastChance is how long before its end an entry is deleted and added anew that cannot be renewed.
const lastChance = 30 * time.Second

// unrenewed is what becomes of an entry of ours that lives and that the gateway refuses to renew: as long as it lives it is left alone, since what
// is deleted may be lost for good; then it is deleted and added. Some gateways answer 718 or any other error to a renewal.
func (k *keeper) unrenewed(ctx context.Context, h held, s slot, why error) (held, error) {
	seen := s.held(h.asked, time.Now())
	seen.added, seen.asked, seen.renew = h.added, h.asked, time.Time{}
	if !s.found.LeaseKnown {
		return h, why
	}
	if s.found.Lease == 0 { // it has no end, or none is told
		seen.ends, seen.Expires = time.Time{}, time.Time{}
		return seen, nil
	}
	seen.ends = time.Now().Add(s.found.Lease)
	if s.found.Lease > 2*lastChance {
		seen.renew = seen.ends.Add(-lastChance)
		return seen, nil
	}
	if err := k.plan.remove(ctx, s); err != nil {
		return h, why
	}
	s.ownership = free
	n, err := k.plan.fill(ctx, s, false)
	if err != nil {
		h.lost, h.Verified = true, false
		return h, err
	}
	return n, nil
}

// renew asks for an entry of ours once more. As long as it is the lease that was asked for before, what the gateway granted then is taken to be granted
// again: a look at the entry is to tell, in the time that it had left.
func (p *planner) renew(ctx context.Context, s slot, before held) (held, error) {
	began := time.Now()
	asked, err := p.add(ctx, s, false)
	if err != nil {
		return held{}, err
	}
	if asked.Lease != before.asked {
		h, _, err := p.readBack(ctx, s, asked, began)
		return h, err
	}
	h := s.held(asked.Lease, began)
	h.added, h.Lease, h.Verified = began, before.Lease, before.Verified
	h.Expires = end(began, h.Lease.Granted)
	h.ends = h.Expires
	return h, nil
}
