package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// KeepPinholes opens what req asks for and keeps it open until ctx ends or the pinholes are closed. It never fails because no gateway is there yet, because
// one has gone or refuses, or because this machine has no global address: it tries again with growing pauses of at most five minutes, and tells
// everything by [Pinholes.Events]. Only a request or options that cannot be used end it at once, with the event Failed and Err: a
// *RequestError or an *ArgumentError.
//
// When ctx ends the pinholes stay open to the end of their lease; [Pinholes.Close] closes them.
func KeepPinholes(ctx context.Context, req PinholeRequest, o Options) *Pinholes {
	return New(o).KeepPinholes(ctx, req)
}

// KeepPinholes is [KeepPinholes] on the gateway that c has found, or finds.
func (c *Client) KeepPinholes(ctx context.Context, req PinholeRequest) *Pinholes {
	p := c.pinholes(req.defaults(keepLease))
	if err := p.req.validate(); err != nil {
		p.fail(err, PinholeEvent{Kind: Failed, Err: err, Time: time.Now()})
		return p
	}
	p.Keep(ctx)
	return p
}

// pinholeWatch is how often a keeper looks at the addresses of this machine: privacy extensions and providers change them.
const pinholeWatch = time.Minute

// Keep renews the pinholes from now on, until ctx ends or Close: at half their lease by UpdatePinhole. It asks every CheckInterval whether they are still
// there, opens those anew that have gone, and follows the addresses of this machine. A gateway that restarts has them again at once when Options.Listen
// lets it be heard, which is by IPv4. On pinholes that are kept already, or closed, it does nothing.
func (p *Pinholes) Keep(ctx context.Context) {
	ctx, ok := p.begin(ctx)
	if !ok {
		return
	}
	k := &pinholeKeeper{Pinholes: p, check: time.Now().Add(p.req.CheckInterval), signs: p.client.join(), search: p.gateway == nil}
	go func() {
		defer p.ended()
		defer p.client.leave(k.signs)
		k.run(ctx)
	}()
}

// pinholeKeeper is the goroutine behind kept pinholes. Only it changes what they are.
type pinholeKeeper struct {
	*Pinholes
	signs  chan sign
	check  time.Time // when to ask for all of them
	search bool      // the firewall must be found first, again or for the first time
	cause  error     // why it is searched again
	away   bool      // GatewayGone was told
	anew   bool      // what was opened may have gone, whatever the gateway says of its numbers
	tries  int       // failures in a row
}

// run works until ctx ends.
func (k *pinholeKeeper) run(ctx context.Context) {
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
		err := patience.try(ctx, k.client, k.attempt, func() { k.heed(<-k.signs) })
		k.client.serve()
		if ctx.Err() != nil {
			return
		}
		if e, ok := errors.AsType[*ArgumentError](err); ok && k.search {
			k.setErr(e) // Options will not be better the next time
			k.tell(PinholeEvent{Kind: Failed, Err: e})
			return
		}
		timer.Reset(k.after(err))
	}
}

// heed makes due what a sign calls for, and tells whether that is now.
func (k *pinholeKeeper) heed(s sign) (now bool) {
	switch {
	case s.found:
		return k.search && (k.met == nil || k.client.knowsBetter(k.met)) // otherwise it was found by this search
	case s.search:
		k.search, k.cause, k.anew, k.tries = true, s.cause, true, 0
	case k.search:
		return false // which has its time
	default:
		k.check = time.Now()
	}
	return true
}

// untilDue is the time until something is to be done while all is well.
func (k *pinholeKeeper) untilDue() time.Duration {
	if k.search {
		return 0
	}
	wait := min(pinholeWatch, time.Until(k.check))
	for _, h := range k.holes {
		wait = min(wait, time.Until(h.renew))
	}
	return max(wait, 0)
}

// after is the pause that follows an attempt.
func (k *pinholeKeeper) after(err error) time.Duration {
	k.setErr(err)
	if err == nil {
		k.anew, k.away, k.tries = false, false, 0
		return k.untilDue()
	}
	k.tries++
	if !k.search && pinholeUnanswered(err) {
		k.search, k.cause = true, err
		if k.tries == 1 {
			return 0 // it may only have moved: search at once
		}
	}
	for i, h := range k.holes {
		k.expire(i, h, err)
	}
	pause := backoff(k.tries, k.o.Rand)
	k.tell(PinholeEvent{Kind: Retrying, After: pause, Err: err})
	return pause
}

// attempt does what is due. The error is about all of them: the firewall is not there, or closed, or the attempt was broken off. What is refused to one
// of them is told.
func (k *pinholeKeeper) attempt(ctx context.Context) error {
	if k.search {
		if err := k.seek(ctx); err != nil {
			return err
		}
	}
	k.follow()
	if !slices.ContainsFunc(k.holes, hole.isOpen) {
		if err := k.admitted(ctx); err != nil {
			return err
		}
	}
	k.setErr(nil) // before the events: who hears of them may ask
	look := !time.Now().Before(k.check)
	open := 0
	for i, h := range k.holes {
		if due := !time.Now().Before(h.renew); due || k.anew || look && h.isOpen() {
			if err := k.maintain(ctx, i, h, due); err != nil {
				return err // the rest would wait for nothing too
			}
		}
		if k.holes[i].isOpen() {
			open++
		}
	}
	if look || k.anew {
		k.check = time.Now().Add(k.req.CheckInterval)
	}
	if open > 0 && open == len(k.holes) {
		k.whole()
	}
	return nil
}

// seek finds the firewall, for the first time or again.
func (k *pinholeKeeper) seek(ctx context.Context) error {
	before := k.gateway
	err := k.find(ctx, k.client.findPatiently, k.met)
	switch {
	case err == nil:
		k.search, k.cause = false, nil
		k.anew = k.anew || before != nil && (k.gateway.Location != before.Location || k.gateway.UDN() != before.UDN())
	case before != nil && !k.away && ctx.Err() == nil:
		k.away = true
		k.tell(PinholeEvent{Kind: GatewayGone, Err: k.cause})
	}
	return err
}

// put makes h what pinhole i is.
func (k *pinholeKeeper) put(i int, h hole) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.holes[i] = h
}

// expire tells that the lease of a pinhole is over and it is not open again, for the reason err, if that is so.
func (k *pinholeKeeper) expire(i int, h hole, err error) {
	if h.isOpen() && !time.Now().Before(h.Expires) {
		h.Expires, h.lost = time.Time{}, true
		k.put(i, h)
		k.tell(PinholeEvent{Kind: Lost, Pinhole: h.Pinhole, Err: err})
	}
}

// maintain opens a pinhole or renews it when that is due, and else asks whether it is there. One that the gateway does not know any more is opened again: a
// reboot forgets them, and gives their numbers to others. So after one the number tells nothing, and all of them are opened again: one that is still there
// under whatever number only gets a new lease by that (WANIPv6FirewallControl:1 §2.5.3).
func (k *pinholeKeeper) maintain(ctx context.Context, i int, h hole, due bool) error {
	before, began := h, time.Now()
	here := h.isOpen() && h.udn == k.gateway.UDN()
	renewing := here && due && !k.anew && !h.doubt
	var err error
	switch {
	case renewing:
		err = k.gateway.UpdatePinhole(ctx, h.Pinhole, k.req.Lease)
	case here:
		_, err = k.gateway.PinholePackets(ctx, h.Pinhole)
	}
	if pinholeUnanswered(err) {
		return err
	}
	if faultCode(err) == soap.PinholeNoSuchEntry {
		h.gone, h.Expires = true, began
	}
	gone := h.gone
	switch {
	case renewing && err == nil:
		h = k.granted(h, began)
	case due, k.anew, !here, gone, faultCode(err) == soap.ActionNotAuthorized: // which may say that it is another computer's now
		h, err = k.add(ctx, h)
	default: // it is there, or the gateway does not tell
		return nil
	}
	switch {
	case pinholeUnanswered(err):
		k.put(i, h)
		return err
	case err != nil:
		h.tries++
		h.err = err
		pause := retryAfter(time.Until(h.Expires), h.tries, k.o.Rand)
		h.renew = time.Now().Add(pause)
		k.put(i, h)
		k.expire(i, h, err)
		k.tell(PinholeEvent{Kind: Retrying, Pinhole: k.holes[i].Pinhole, After: pause, Err: err})
		return nil
	}
	e := PinholeEvent{Kind: Renewed, Pinhole: h.Pinhole}
	switch {
	case !before.isOpen() && !before.lost:
		e.Kind = Mapped
	case !here || gone || h.ID != before.ID:
		e.Kind = Repaired
	}
	k.put(i, h)
	k.tell(e)
	return nil
}

// pinholeUnanswered tells whether err means that the firewall is not there, or not where it was, rather than that it refuses.
func pinholeUnanswered(err error) bool {
	_, closed := errors.AsType[*FirewallClosedError](err)
	return err != nil && !closed && faultCode(err) == 0 && !unreadable(err)
}

// follow makes room for addresses that are new, and forgets those that are gone: nobody but they may close their pinholes.
func (k *pinholeKeeper) follow() {
	all, err := sixes(k.o.defaults())
	if err != nil || len(all) == 0 {
		return // a network that is down for a moment
	}
	var left, gone []hole
	for _, h := range k.holes {
		if slices.ContainsFunc(all, func(s link) bool { return s.addr() == h.InternalClient }) {
			left = append(left, h)
		} else {
			gone = append(gone, h)
		}
	}
	for _, w := range k.wanted(all) {
		if !slices.ContainsFunc(left, func(h hole) bool { return h.InternalClient == w.InternalClient && h.Protocol == w.Protocol }) {
			left = append(left, w)
		}
	}
	k.mu.Lock()
	k.holes = left
	k.mu.Unlock()
	for _, h := range gone {
		if h.isOpen() {
			h.Expires = time.Time{}
			k.tell(PinholeEvent{Kind: Lost, Pinhole: h.Pinhole, Err: errAddressGone})
		}
	}
}

var errAddressGone = errors.New("this machine does not have the address any more")
