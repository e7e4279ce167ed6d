package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Keep opens what req asks for and keeps it open until ctx ends or the mapping is closed. It never fails
// because no gateway is there yet or because one has gone: it searches again with growing pauses
// of at most five minutes, and tells everything by [Mapping.Events]. Only a request or options that
// cannot be used end it at once, with the event Failed and Err: a *RequestError or an *ArgumentError.
//
// When ctx ends the port stays open to the end of its lease; [Mapping.Close] closes it. Whose ports it leaves alone: see [Map].
func Keep(ctx context.Context, req Request, o Options) *Mapping {
	return New(o).Keep(ctx, req)
}

// Keep is [Keep] on the gateway that c has found, or finds.
func (c *Client) Keep(ctx context.Context, req Request) *Mapping {
	m := c.mapping(req.defaults(keepLease))
	if err := req.Validate(); err != nil {
		m.fail(err, Event{Kind: Failed, Err: err, Time: time.Now()})
		return m
	}
	m.Keep(ctx)
	return m
}

// Keep renews the mapping from now on, until ctx ends or Close: at half the lease really granted, or along with a look that comes within an eighth of
// the lease of that; and looks at it 10 s after it was opened and every CheckInterval. On a mapping that is
// kept already, or closed, it does nothing.
func (m *Mapping) Keep(ctx context.Context) {
	ctx, ok := m.begin(ctx)
	if !ok {
		return
	}
	k := &keeper{Mapping: m, search: m.gw == nil, met: time.Now()}
	k.again(time.Now(), min(firstCheck, m.req.CheckInterval))
	if m.client != nil {
		signs := m.client.join()
		m.mu.Lock()
		m.signs = signs
		m.mu.Unlock()
	}
	// From here on a crash leaves what somebody should close, on the gateways beyond too, where the keeper comes in a moment only.
	for x := m; x != nil; x = x.beyond() {
		x.recordAs(true)
	}
	go func() {
		defer m.ended()
		defer m.forwards.Wait()
		defer m.stop() // and with ctx the outer mapping ends
		if m.client != nil {
			defer m.client.leave(k.signs)
		}
		k.run(ctx)
		k.letGo()
	}()
}

// firstCheck is when a new entry is looked at again, unless CheckInterval is shorter: some gateways drop it within seconds.
const firstCheck = 10 * time.Second

// keeper is the goroutine behind a kept mapping. Only it changes what the mapping holds.
type keeper struct {
	*Mapping
	search  bool      // the gateway must be found first, again or for the first time
	balked  bool      // the last attempt failed on a gateway that was there and answered
	cause   error     // why it is searched again
	gone    bool      // GatewayGone was told
	renew   bool      // everything is to be renewed whatever the time
	tries   int       // failures in a row
	repairs int       // looks in a row that found something lost
	check   time.Time // when to look at the entries
	since   time.Time // what was read of the gateway before is not good enough for that look
	first   bool      // that look is the first at something new, and concerns no other mapping
	met     time.Time // when the gateway was found, or everything opened on it: restarts since then are for the keeper
	settled damper    // of the external address
	bare    int       // looks since the gateway lost its address
	kept    *Mapping  // the outer mapping, once it is kept and its events are told as ours
}

// run works until ctx ends. It sleeps in one place: what else should wake it joins the select.
func (k *keeper) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	k.arrange(ctx)
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
		k.balked = err != nil && otherwise(err) && !hungUp(err)
		if err == nil {
			k.arrange(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if e, ok := errors.AsType[*ArgumentError](err); ok && k.search {
			k.setErr(e) // Options will not be better the next time
			k.tell(Event{Kind: Failed, Err: e})
			return
		}
		timer.Reset(k.after(err))
	}
}

// heed makes due what a sign calls for, and tells whether that is now.
func (k *keeper) heed(s sign) (now bool) {
	switch {
	case s.found && k.balked:
		return false // what failed on a gateway that is there waits its time
	case s.found:
	case s.search && s.stale != nil && k.gw != nil && k.gw.actions != actions(s.stale):
		return false // it is known to be elsewhere already
	case s.search:
		k.search, k.cause, k.tries = true, s.cause, 0
	case k.balked:
		return false
	case !k.search:
		k.check, k.since, k.first = time.Now(), time.Now(), false
	}
	return true
}

// unheardLatest is the longest pause before a gateway is tried again that nobody hears here when it announces itself.
const unheardLatest = 30 * time.Second

// after is the pause that follows an attempt.
func (k *keeper) after(err error) time.Duration {
	k.setErr(err)
	if err == nil {
		k.tries, k.gone = 0, false
		return k.untilDue()
	}
	k.tries++
	if unanswered(err) {
		searched := k.search
		k.search = true
		if !searched {
			k.cause = err
			if k.tries == 1 {
				return 0 // it may only have moved: search at once
			}
		}
	}
	k.expire(err)
	pause := backoff(k.tries, k.rand)
	if left := k.left(); left > 0 && !unanswered(err) {
		pause = retryAfter(left, k.tries, k.rand)
	}
	if k.unheard {
		pause = min(pause, unheardLatest)
	}
	k.tell(Event{Kind: Retrying, After: pause, Err: err})
	return pause
}

// unanswered reports whether err means that the gateway is not there, or not where it was, rather than
// that it refuses: then it is worth a search.
func unanswered(err error) bool {
	if _, ok := errors.AsType[*OwnedError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*AlteredError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*CollisionError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*NotMadeError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*StaysError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*ThroughError](err); ok {
		return false // ours has answered
	}
	return faultCode(err) == 0
}

// attempt does what is due.
func (k *keeper) attempt(ctx context.Context) error {
	k.takeUp()
	if k.client.knowsBetter(k.gw) {
		k.search = true // another mapping has found the gateway elsewhere
	}
	if k.search {
		began := time.Now()
		gw, err := k.find(ctx, k.gw)
		step := Step{Action: "Find", Outcome: "no gateway", At: began, Took: time.Since(began), Err: err}
		if err == nil {
			step.Outcome = gw.location
		}
		k.trace.add(step)
		if err != nil {
			if k.gw != nil && !k.gone {
				k.gone = true
				k.tell(Event{Kind: GatewayGone, Err: k.cause})
			}
			return err
		}
		k.meet(ctx, gw)
	}
	if len(k.held) == 0 {
		err := k.openHere(ctx)
		if err == nil {
			k.renew, k.met = false, time.Now()
			k.again(k.met, min(firstCheck, k.req.CheckInterval))
			if !k.leadsOn() {
				k.announce() // otherwise it is told when it is open beyond, too
			}
		}
		return err
	}
	queued := time.Now()
	if err := k.gw.turn.lock(ctx); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	defer k.gw.turn.unlock()
	if err := k.plan.gw.readings.silence(queued); err != nil {
		return err
	}
	err := k.maintain(ctx)
	if err != nil && unanswered(err) && ctx.Err() == nil {
		k.plan.gw.readings.fail(err)
	}
	return err
}

// meet takes up a gateway that was found: the first one, the same one elsewhere, or another.
func (k *keeper) meet(ctx context.Context, gw *peer) {
	calm := k.gw != nil && k.gw.calm(gw, k.cause)
	another := k.gw != nil && k.gw.id() != gw.id()
	k.use(gw)
	k.search, k.renew, k.cause, k.met = false, k.renew || !calm, nil, time.Now()
	k.check, k.since, k.first = k.met, k.met, false
	if !calm {
		k.since = k.met.Add(-addressFresh) // what was read of it as it was found is of this run
	}
	if len(k.held) == 0 {
		return
	}
	if k.req.InternalClient.IsValid() || k.held[0].Internal.Addr() == gw.local.Unmap() {
		if another {
			k.doubt() // it is opened anew, and until then what stands in its place may be anybody's
		}
		return
	}
	// Our own address has changed, and the entries lead to nobody.
	before := k.held
	var why error = &movedError{before[0].Internal.Addr(), gw.local}
	if !another {
		why = k.abandon(ctx, why)
	}
	k.reduce(nil)
	for _, h := range before {
		if !h.lost {
			k.tell(Event{Kind: Lost, Entry: h.Entry, Err: why})
		}
	}
}

// abandon deletes the entries that lead to an address which we had. What the gateway does not let us delete, since we are another host now, is tried
// again later and else left to its lease. It gives why, with what went wrong.
func (k *keeper) abandon(ctx context.Context, why error) error {
	if err := k.releaseAll(ctx); err != nil {
		why = fmt.Errorf("%w, and the old entry could not be deleted yet: %w", why, err)
	}
	for _, h := range k.held {
		k.plan.leave(h)
	}
	return why
}

// doubt notes that the gateway that is there now may not know what we hold.
func (k *keeper) doubt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.held {
		k.held[i].doubt, k.held[i].added = true, time.Time{}
	}
}
