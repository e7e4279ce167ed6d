package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// undoTimeout bounds the removal of what was just added, after a failure or when the caller has gone.
const undoTimeout = 5 * time.Second

const releaseTries = 3

// undo removes an entry that was just added, whether or not ctx has ended. certain tells that the gateway
// accepted it, so that what stands there is ours even under another description; without it only
// an entry that shows our description is removed. What cannot be removed now is left to sweep.
func (p *planner) undo(ctx context.Context, h held, certain bool) {
	ctx, cancel := cleanupTime(ctx)
	defer cancel()
	h.fresh, h.doubt = certain, !certain
	if p.insist(ctx, h) != nil {
		h.fresh = false
		p.leave(h)
	}
}

// insist releases an entry, and tries again when the gateway drops the question.
func (p *planner) insist(ctx context.Context, h held) (err error) {
	for range releaseTries {
		if err = p.release(ctx, h); err == nil || !unanswered(err) || ctx.Err() != nil {
			break
		}
	}
	return err
}

// leave notes an entry of ours that is not wanted any more and could not be removed.
func (p *planner) leave(h held) {
	same := func(d held) bool { return d.key() == h.key() }
	p.leftovers = append(slices.DeleteFunc(p.leftovers, same), h)
}

// sweep tries again to remove what was left, but for what is held anew by now.
func (p *planner) sweep(ctx context.Context, holding []held) error {
	var last error
	p.leftovers = slices.DeleteFunc(p.leftovers, func(d held) bool {
		if slices.ContainsFunc(holding, func(h held) bool { return !h.lost && h.key() == d.key() }) {
			return true
		}
		err := p.release(ctx, d)
		if err != nil {
			last = err
		}
		return err == nil
	})
	return last
}

// cleanupTime is the time to clean up in when ctx may have ended.
func cleanupTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
}

// release deletes an entry if it is still ours, and nobody else's in this program.
func (p *planner) release(ctx context.Context, h held) error {
	if p.handOver(ctx, h) {
		return nil
	}
	s, err := p.lookAt(ctx, h)
	if err != nil {
		return err
	}
	expired := !h.ends.IsZero() && time.Now().After(h.ends)
	switch {
	case s.ownership == ours:
	case s.ownership == shared && h.fresh:
	case s.ownership == hidden && !h.doubt && !expired:
	case s.ownership == free && p.hides && !h.shown && !h.doubt && !expired: // it was accepted, and nothing is shown
	default:
		return nil
	}
	return p.remove(ctx, s)
}

// deleteTries is how often an entry is deleted that stays.
const deleteTries = 2

// remove deletes the entry that stands in a slot, and looks whether it has gone; one that is not there is as good as deleted. Neither a
// success (miniupnpd 2.3.0 on nftables) nor "no such entry" (DD-WRT, of what was just added) tells that: what is shown
// all the same is deleted once more, and then it is a *StaysError.
func (p *planner) remove(ctx context.Context, s slot) error {
	for try := 1; ; try++ {
		refusal, err := p.erase(ctx, s.want)
		if err != nil {
			return err
		}
		found, stays := p.stays(ctx, s)
		if !stays {
			p.gw.journal.strike(ctx, s.want.Key())
			return nil
		}
		p.note(Step{Action: "DeletePortMapping", Outcome: "still there", Known: true}, s.want, time.Now())
		if try >= deleteTries {
			return &StaysError{Entry: found, Err: refusal}
		}
	}
}

// erase deletes an entry. refusal is the gateway's word that there is no such entry.
func (p *planner) erase(ctx context.Context, m PortMapping) (refusal, err error) {
	began := time.Now()
	err = p.gw.DeletePortMapping(ctx, m.Key())
	p.gw.readings.deaf.heard(err)
	step := Step{Action: "DeletePortMapping", Outcome: "deleted", Err: err}
	switch {
	case faultCode(err) == soap.NoSuchEntryInArray:
		step.Outcome, refusal, err = "was gone", err, nil
	case err != nil:
		step.Outcome = "failed"
	}
	p.note(step, m, began)
	return refusal, err
}

// stays looks whether the row that stood in a slot is still shown. A gateway that does not tell is believed.
func (p *planner) stays(ctx context.Context, s slot) (PortMapping, bool) {
	if s.found.ExternalPort == 0 {
		return PortMapping{}, false // it was never shown
	}
	back, err := p.lookUp(ctx, s)
	same := err == nil && back.found.ExternalPort != 0 && back.found.InternalClient == s.found.InternalClient &&
		back.found.InternalPort == s.found.InternalPort && back.found.Description == s.found.Description
	return back.found, same
}

// Unmap deletes an entry that was read before, whoever opened it, and looks whether it has gone. Gateways say that it has, or that there is no
// such entry, and keep it: then it is a *StaysError after a second try. Other refusals are a *soap.Error.
func (g *Gateway) Unmap(ctx context.Context, m PortMapping) error {
	if err := g.plans.lock(ctx); err != nil {
		return fmt.Errorf("delete port mapping: %w", err)
	}
	defer g.plans.unlock()
	return newPlanner(g.peer(), Request{}, new(trace)).remove(ctx, slot{want: m, found: m, shown: m.Description})
}
