package client

import (
	"context"
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

// release deletes an entry if it is still ours.
func (p *planner) release(ctx context.Context, h held) error {
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
	return p.remove(ctx, s.want)
}

// remove deletes an entry; one that is not there is as good as deleted.
func (p *planner) remove(ctx context.Context, m PortMapping) error {
	began := time.Now()
	err := p.gw.DeletePortMapping(ctx, m.Key())
	step := Step{Action: "DeletePortMapping", Outcome: "deleted", Err: err}
	switch {
	case faultCode(err) == soap.NoSuchEntryInArray:
		step.Outcome, err = "was gone", nil
	case err != nil:
		step.Outcome = "failed"
	}
	p.note(step, m, began)
	return err
}
