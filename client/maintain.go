package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maintain renews what is due and looks at the rest.
func (k *keeper) maintain(ctx context.Context) error {
	now := time.Now()
	look := k.renew || !now.Before(k.check)
	since := now.Add(-k.req.CheckInterval / 10) // is young enough beside a renewal
	if look {
		since = earlier(k.since, now)
	}
	a, err := k.plan.address(ctx, since)
	if err != nil {
		return err
	}
	if look && k.plan.watchUptime(ctx, since) {
		k.client.tell(sign{cause: errRebooted})
	}
	if r := k.plan.gw.readings.restarted; r.After(k.met) {
		k.renew, k.met = true, r
	}
	if look && !k.renew {
		k.plan.list(ctx, since, k.client.keeping(), k.first)
	}
	var told []Event
	previous := k.address
	if a = k.settled.judge(a, previous, now); a.IsValid() {
		k.mu.Lock()
		k.learnAddress(a)
		k.mu.Unlock()
	}
	changed := k.address != previous
	switch {
	case k.address.IsValid():
		k.bare = 0
	case look && (changed || k.bare > 0):
		k.bare++
	}

	hs := slices.Clone(k.held)
	fresh, taken := false, false
	var errs []error
	for i, h := range hs {
		due := k.renew || h.lost || !h.renew.IsZero() && !now.Add(k.along(h, look)).Before(h.renew)
		if !due && !look {
			continue
		}
		n, kind, err := k.maintainEntry(ctx, h, due, since)
		if err != nil {
			errs = append(errs, err)
			_, isOwned := errors.AsType[*OwnedError](err)
			taken = taken || isOwned && n.lost
			if n.lost && !h.lost {
				kind = Lost
			}
		}
		fresh = fresh || kind == Repaired
		hs[i] = n
		if kind != "" {
			told = append(told, Event{Kind: kind, Entry: n.Entry, Err: err})
		}
		if err != nil && unanswered(err) {
			break // the rest would wait for nothing too
		}
	}
	k.hold(hs)
	if changed {
		for _, e := range k.Entries() {
			told = append(told, Event{Kind: AddressChanged, Entry: e, Previous: previous})
		}
	}
	k.setErr(worst(errs)) // before the events: who hears of them may ask
	for _, e := range told {
		k.tell(e)
	}
	if taken && k.req.AnyPort {
		if err := k.move(ctx); err != nil {
			return err
		}
		errs, fresh = nil, true
	}
	if gone := k.plan.gw.readings.deaf.gone(); gone != nil && ctx.Err() == nil {
		errs = append(errs, fmt.Errorf("look at the mappings: %w", gone))
	}
	err = worst(errs)
	k.plan.sweep(ctx, k.held) // what fails now is tried again the next time
	if r := k.plan.gw.readings; look && k.gw.journal != nil && r.clears(now) {
		k.gw.journal.gateway.removeLeftovers(ctx) // so is what fails now
	}
	switch {
	case fresh:
		// What does not last is looked at less and less often: it would be repaired for ever.
		k.again(now, min(firstCheck<<min(k.repairs, 10), k.req.CheckInterval))
		k.repairs++
	case look:
		k.repairs = 0
		k.regularly(k.plan.gw.readings.began(since, now))
	}
	if k.settled.doubts() || k.bare > 0 {
		k.check = earlier(k.check, now.Add(confirmEvery<<min(max(k.bare-1, 0), 10)))
	}
	if err == nil || !unanswered(err) {
		k.renew = false // what was refused stays due or lost
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// worst is the error to tell of several: that nobody answered, or else the first.
func worst(errs []error) error {
	for _, err := range errs {
		if unanswered(err) {
			return err
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// maintainEntry looks at one entry and renews it when it is due or has been lost. It gives the entry as it is
// then and the kind of event to tell, if any. An entry that the gateway never showed is not missed: it
// is left to its renewals, because some gateways hide entries that work.
// What was read since serves for a look, and for a renewal when it is a moment old.
func (k *keeper) maintainEntry(ctx context.Context, h held, due bool, since time.Time) (held, EventKind, error) {
	switch now := time.Now(); {
	case k.renew:
		since = now // what was read before may be of the time before a restart
	case due:
		since = later(since, now.Add(-slotFresh))
	}
	s, err := k.plan.glance(ctx, h, since)
	if err != nil {
		return h, "", err
	}
	s = k.plan.spare(ctx, s, h.Shared)
	if s.ownership == owned {
		h.lost, h.Verified = true, false
		return h, "", &OwnedError{Wanted: s.want, Owner: s.found}
	}
	if h.Shared && s.ownership == hidden {
		return h, "", nil // as far as anybody knows it is another program's still
	}
	missing := s.ownership == free && h.shown
	if !due && !missing {
		return k.observe(h, s), "", nil
	}
	fill := k.fill
	if missing {
		fill = k.refill
	}
	n, err := fill(ctx, h, s)
	if _, refused := errors.AsType[*RefusedError](err); refused && s.ownership == ours {
		n, err = k.unrenewed(ctx, h, s, err)
		h.lost = h.lost || err != nil && n.lost
		if err == nil && n.added.Equal(h.added) {
			return n, "", nil
		}
	}
	if err != nil {
		h.lost = h.lost || (missing || h.doubt) && !unanswered(err)
		return h, "", err
	}
	n.External = k.at(n)
	switch {
	case missing || h.lost:
		return n, Repaired, nil
	case n.Shared:
		return n, "", nil
	}
	return n, Renewed, nil
}

// observe updates h by what the gateway shows of it.
func (k *keeper) observe(h held, s slot) held {
	if s.ownership != ours && s.ownership != shared {
		return h
	}
	if h.Shared && s.ownership == ours {
		h.renew = time.Now() // nobody else keeps it any more
	}
	h.shown, h.Disabled = true, !s.found.Enabled
	h.Shared = s.ownership == shared
	h.Verified = s.found.Enabled && s.found.InternalPort == h.Internal.Port()
	h.Description = s.found.Description
	// A renewal that was answered but not heeded shows in what remains (Tomato, OpenWrt 15.05).
	left := time.Until(h.ends)
	if !h.ends.IsZero() && s.found.LeaseKnown && s.found.Lease > 0 && s.found.Lease < left-left/16-leaseSlack {
		h.ends = time.Now().Add(s.found.Lease)
		if h.Lease.Known {
			h.Expires = h.ends
		}
		h.renew = time.Now().Add(renewAfter(Lease{Granted: s.found.Lease, Known: true}, 0, k.rand))
	}
	return h
}

// move opens everything on another port after somebody took one of the entries; the halves of a pair
// stay on one number, so what is left on the old port is closed after.
func (k *keeper) move(ctx context.Context) error {
	old := k.held
	hs, err := k.plan.open(ctx, k.wanted)
	if err != nil {
		return err
	}
	k.hold(hs)
	k.setErr(nil)
	for _, e := range k.Entries() {
		k.tell(Event{Kind: Mapped, Entry: e})
	}
	for _, h := range old {
		if h.External.Port() != k.wanted && !h.lost && !h.Shared {
			k.plan.leave(h)
		}
	}
	return nil
}
