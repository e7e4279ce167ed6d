package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// PinholeEvent tells what happened to one pinhole that is kept.
type PinholeEvent struct {
	Kind    EventKind // one of Mapped, Renewed, Repaired (it had gone, and is open again), Lost and Retrying; the others are of mappings only
	Pinhole Pinhole
	Expires time.Time // zero when it is not open
	Err     error     // with Lost and Retrying
	Time    time.Time
}

// pinholeWatch is how often a keeper looks at the addresses of this machine: privacy extensions and providers change them.
const pinholeWatch = time.Minute

// Keep renews the pinholes at half their lease by UpdatePinhole, asks every CheckInterval whether they are still there, opens those anew that have gone,
// and follows the addresses of this machine, until ctx ends. A gateway that restarts has them again at once when Options.Listen lets it be heard, which
// is by IPv4. It closes nothing; see Close. tell is called for what happens, by this goroutine; nil: nobody is told.
func (p *Pinholes) Keep(ctx context.Context, tell func(PinholeEvent)) {
	if tell == nil {
		tell = func(PinholeEvent) {}
	}
	k := &pinholeKeeper{Pinholes: p, tell: tell, check: time.Now().Add(p.req.CheckInterval), signs: p.client.join()}
	defer p.client.leave(k.signs)
	timer := time.NewTimer(k.untilDue())
	defer timer.Stop()
	var patience patience
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case s := <-k.signs:
			if !k.heed(s) {
				continue
			}
		}
		patience.try(ctx, k.client, k.attempt, func() { k.heed(<-k.signs) })
		k.client.serve()
		timer.Reset(k.untilDue())
	}
}

// pinholeKeeper is one run of Keep.
type pinholeKeeper struct {
	*Pinholes
	tell  func(PinholeEvent)
	signs chan sign

	check  time.Time // when to ask for all of them
	search bool      // the firewall must be found first
	anew   bool      // what was opened may have gone, whatever the gateway says of its numbers
	tries  int       // searches that failed in a row
	retry  time.Time // when to search again
}

// heed makes due what a sign calls for, and tells whether that is now.
func (k *pinholeKeeper) heed(s sign) (now bool) {
	switch {
	case s.found:
		if !k.search || !k.client.knowsBetter(k.met) {
			return false // it was found by this search
		}
		k.retry = time.Now()
	case s.search:
		k.search, k.anew, k.tries, k.retry = true, true, 0, time.Now()
	case k.search:
		return false // which has its time
	default:
		k.check = time.Now()
	}
	return true
}

// untilDue is the time until something is to be done.
func (k *pinholeKeeper) untilDue() time.Duration {
	if k.search {
		return max(time.Until(k.retry), 0)
	}
	wait := min(pinholeWatch, time.Until(k.check))
	for _, h := range k.open {
		wait = min(wait, time.Until(h.renew))
	}
	return max(wait, 0)
}

// attempt does what is due. The error says that it was broken off; what goes wrong otherwise is told.
func (k *pinholeKeeper) attempt(ctx context.Context) error {
	if k.search && !k.find(ctx) {
		return ctx.Err()
	}
	k.follow(ctx)
	look := !time.Now().Before(k.check)
	for i := range k.open {
		h := &k.open[i]
		due := !time.Now().Before(h.renew)
		if !due && !look && !k.anew {
			continue
		}
		err := k.maintain(ctx, h, due)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && pinholeUnanswered(err) {
			// It may only have moved. The rest would wait for nothing too.
			k.search, k.retry = true, time.Now()
			if k.tries > 0 {
				k.fail(err)
			}
			k.tries++
			return nil
		}
	}
	if look || k.anew {
		k.check = time.Now().Add(k.req.CheckInterval)
	}
	k.anew, k.tries = false, 0
	return nil
}

// find finds the firewall again, and tells whether it did.
func (k *pinholeKeeper) find(ctx context.Context) bool {
	before := k.gateway
	err := k.Pinholes.find(ctx, k.met)
	if err == nil {
		k.search = false
		k.anew = k.anew || k.gateway.Location != before.Location || k.gateway.UDN() != before.UDN()
		return true
	}
	if ctx.Err() == nil {
		k.tries++
		k.fail(err)
	}
	return false
}

// fail tells that nobody is there, and sets the time for the next search.
func (k *pinholeKeeper) fail(err error) {
	k.retry = time.Now().Add(backoff(max(k.tries, 1), k.o.Rand))
	for i := range k.open {
		k.failed(&k.open[i], err)
	}
}

// failed tells what becomes of one that could not be renewed or opened again.
func (k *pinholeKeeper) failed(h *openPinhole, err error) {
	e := PinholeEvent{Kind: Retrying, Pinhole: h.Pinhole, Err: err, Time: time.Now()}
	if ended := !e.Time.Before(h.ends); ended && !h.lost {
		e.Kind, h.lost = Lost, true
	} else if !ended {
		e.Expires = h.ends
	}
	k.tell(e)
}

// maintain renews a pinhole that is due and asks for the others whether they are there. One that the gateway does not know any more is opened again: a reboot
// forgets them, and gives their numbers to others. So after one the number tells nothing, and all of them are opened again: one that is still there under
// whatever number only gets a new lease by that (WANIPv6FirewallControl:1 §2.5.3).
func (k *pinholeKeeper) maintain(ctx context.Context, h *openPinhole, due bool) error {
	before := h.ID
	elsewhere := h.udn != k.gateway.UDN()
	renewing := due && !k.anew && !h.lost && !elsewhere
	var err error
	switch {
	case renewing:
		err = k.gateway.UpdatePinhole(ctx, h.Pinhole, k.req.Lease)
	case !elsewhere:
		_, err = k.gateway.PinholePackets(ctx, h.Pinhole)
	}
	if err != nil && pinholeUnanswered(err) {
		return err
	}
	if faultCode(err) == soap.PinholeNoSuchEntry {
		h.gone, h.ends = true, time.Now()
	}
	switch {
	case renewing && err == nil:
	case due, k.anew, h.gone, elsewhere, faultCode(err) == soap.ActionNotAuthorized: // which may say that it is another computer's now
		var id uint16
		if id, err = k.gateway.AddPinhole(ctx, h.Pinhole); err == nil {
			h.ID = id
		}
	default: // it is there, or the gateway does not tell
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if pinholeUnanswered(err) {
			return err
		}
		h.tries++
		h.renew = time.Now().Add(retryAfter(time.Until(h.ends), h.tries, k.o.Rand))
		k.failed(h, err)
		return err
	}
	kind := Renewed
	if h.gone || h.lost || elsewhere || h.ID != before {
		kind = Repaired
	}
	*h = k.opened(h.Pinhole)
	k.tell(PinholeEvent{Kind: kind, Pinhole: h.Pinhole, Expires: h.ends, Time: time.Now()})
	return nil
}

// pinholeUnanswered tells whether err means that the firewall is not there, or not where it was, rather than that it refuses.
func pinholeUnanswered(err error) bool { return faultCode(err) == 0 && !unreadable(err) }

// follow opens pinholes for addresses that are new, and forgets those of addresses that are gone: nobody but they may close them.
func (k *pinholeKeeper) follow(ctx context.Context) {
	all, err := sixes(k.o.defaults())
	if err != nil || len(all) == 0 {
		return // a network that is down for a moment
	}
	own := k.reachable(all)
	k.open = slices.DeleteFunc(k.open, func(h openPinhole) bool {
		gone := !slices.ContainsFunc(all, func(s six) bool { return s.addr == h.InternalClient })
		if gone {
			k.tell(PinholeEvent{Kind: Lost, Pinhole: h.Pinhole, Err: errAddressGone, Time: time.Now()})
		}
		return gone
	})
	for _, s := range own {
		for _, protocol := range k.req.protocols() {
			has := func(h openPinhole) bool { return h.InternalClient == s.addr && h.Protocol == protocol }
			if slices.ContainsFunc(k.open, has) || ctx.Err() != nil {
				continue
			}
			e := PinholeEvent{Kind: Mapped, Pinhole: k.wanted(s.addr, protocol)}
			if err := k.add(ctx, s.addr, protocol); ctx.Err() != nil {
				return
			} else if err != nil {
				e.Kind, e.Err = Retrying, err
			} else {
				last := k.open[len(k.open)-1]
				e.Pinhole, e.Expires = last.Pinhole, last.ends
			}
			e.Time = time.Now()
			k.tell(e)
		}
	}
}

var errAddressGone = errors.New("this machine does not have the address any more")
