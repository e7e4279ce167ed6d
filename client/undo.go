package client

import (
	"context"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// undoTimeout bounds the removal of what was just added, after a failure or when the caller has gone.
const undoTimeout = 5 * time.Second

// undo removes an entry that was just added, whether or not ctx has ended. When it is not
// certain that the add took effect, the entry must show our description.
func (p *planner) undo(ctx context.Context, h held, certain bool) {
	ctx, cancel := aftermath(ctx)
	defer cancel()
	s, err := p.lookAt(ctx, h)
	switch {
	case s.standing == ours && err == nil:
	case certain && (err != nil || s.standing == hidden || s.standing == shared):
	default:
		return
	}
	p.remove(ctx, s.want)
}

// aftermath is the time to clean up in when ctx may have ended.
func aftermath(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
}

// release deletes an entry if it is still ours.
func (p *planner) release(ctx context.Context, h held) error {
	s, err := p.lookAt(ctx, h)
	if err != nil {
		return err
	}
	expired := !h.ends.IsZero() && time.Now().After(h.ends)
	if s.standing == ours || s.standing == hidden && !expired {
		return p.remove(ctx, s.want)
	}
	return nil
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
