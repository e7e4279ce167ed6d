package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/igdkit/igdkit/soap"
)

const (
	// doubtTimeout is probeTimeout for who has left a question without an answer and said nothing since.
	doubtTimeout = time.Second
	// deafFirst and deafLongest are how long a question is not asked again that was not answered, the first time and at last.
	deafFirst   = time.Minute
	deafLongest = time.Hour
)

// deafness is the questions that a gateway leaves without an answer. One that hangs up on a question, or lets it wait, and answers others has refused that
// one; only who answers nothing at all is not there.
type deafness struct {
	mu        sync.Mutex // mappings that have just found the gateway come without its turn
	questions map[string]*silence
	unheard   error // the last of them, when nothing was answered since; nil: something was
}

// silence is what came of one of them.
type silence struct {
	answered bool // at some time
	again    pace // when it may be asked again
	err      error
}

// deafError is in the error of a question that was not answered by a gateway that is there, now or a while ago.
type deafError struct {
	err    error
	before bool // the question was answered before: this may be a hiccup
}

func (e *deafError) Error() string { return e.err.Error() }
func (e *deafError) Unwrap() error { return e.err }

// isDeaf tells whether err says no more than that one question is not answered.
func isDeaf(err error) bool {
	_, ok := errors.AsType[*deafError](err)
	return ok
}

// isHiccup tells whether that question was answered before: then what it showed is not hidden.
func isHiccup(err error) bool {
	e, ok := errors.AsType[*deafError](err)
	return ok && e.before
}

// vanished tells whether err shows that the gateway is not where it was: nobody takes the connection, or its control URL is another one since a restart.
func vanished(err error) bool {
	if e, ok := errors.AsType[*soap.HTTPError](err); ok {
		return e.Status == http.StatusNotFound
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// heed takes up what came of a request. It gives a *deafError when that is for the question alone.
func (d *deafness) heed(action string, err error) error {
	if vanished(err) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of(action)
	if err == nil || faultCode(err) != 0 || unreadable(err) {
		*s, d.unheard = silence{answered: true}, nil
		return err
	}
	d.unheard = err
	s.again.first, s.again.longest = deafFirst, deafLongest
	s.again.step()
	s.err = &deafError{err, s.answered}
	return s.err
}

// of is what came of one question. mu is held.
func (d *deafness) of(action string) *silence {
	if d.questions == nil {
		d.questions = make(map[string]*silence)
	}
	s := d.questions[action]
	if s == nil {
		s = new(silence)
		d.questions[action] = s
	}
	return s
}

// learn takes over which questions the same gateway has answered before.
func (d *deafness) learn(from *deafness) {
	var answered []string
	from.mu.Lock()
	for action, s := range from.questions {
		if s.answered {
			answered = append(answered, action)
		}
	}
	from.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, action := range answered {
		d.of(action).answered = true
	}
}

// known is the *deafError of a question that is not to be asked now.
func (d *deafness) known(action string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.questions[action]; s != nil && s.err != nil && s.again.left() > 0 {
		return s.err
	}
	return nil
}

// ask puts a question to the gateway, unless it was not answered a moment ago; known tells that. Who hears nothing gets a *deafError, as far as the
// gateway seems to be there.
func (p *planner) ask(ctx context.Context, action string, question func(context.Context) error) (known bool, err error) {
	d := &p.gw.readings.deaf
	if err := d.known(action); err != nil {
		return true, err
	}
	err = question(within(ctx, d.patience()))
	if ctx.Err() != nil {
		return false, err
	}
	return false, d.heed(action, err)
}

// patience is how long an answer is waited for.
func (d *deafness) patience() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unheard != nil {
		return doubtTimeout
	}
	return probeTimeout
}

// heard notes what came of a request that is no question: an answer shows that the gateway is there.
func (d *deafness) heard(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil || faultCode(err) != 0 {
		d.unheard = nil
	}
}

// gone is why the gateway seems not to be there any more, when nothing was answered at last; then what it did not answer may be asked again.
func (d *deafness) gone() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.unheard
	if err == nil {
		return nil
	}
	for _, s := range d.questions {
		s.err = nil
	}
	d.unheard = nil
	return err
}
