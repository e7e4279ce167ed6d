package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// maxLifetime is how long a lifetime may be looked for.
const maxLifetime = 24 * time.Hour

// lifetimesToTry are the times after which it is looked whether a mapping is still there: from 5 s on, each √2 times the one before, and limit.
func lifetimesToTry(limit time.Duration) (all []time.Duration) {
	for i := range 64 {
		t := time.Duration(math.Round(5*math.Pow(2, float64(i)/2))) * time.Second
		if t >= limit {
			break
		}
		all = append(all, t)
	}
	return append(all, limit)
}

var (
	errNoResponsePort = errors.New("the server cannot answer to another port (RESPONSE-PORT of RFC 5780)")
	errPortElsewhere  = errors.New("the NAT has several addresses, and took another for each socket")
)

// lifetime finds out how long a mapping lasts: RFC 5780 §4.6. Each time is tried by a socket of its own, all at once, because to try refreshes: one more
// socket has the server answer to the port where the silent one was seen. The error is that of ctx.
func (s *natSurvey) lifetime(ctx context.Context, r *NATReport) error {
	found, err := s.watchBindings(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.Lifetime = found
	if err != nil {
		r.Unknown[PartLifetime] = err.Error()
	}
	return nil
}

// watchBindings gives what is known of the lifetime, and why no more is.
func (s *natSurvey) watchBindings(ctx context.Context) (found BindingLifetime, err error) {
	rto := max(3*s.rtt, minSurveyRTO)
	asker, err := s.open(ctx)
	if err != nil {
		return found, err
	}
	seen, err := asker.ask(ctx, &stunExchange{to: s.server}, rto)
	if err != nil {
		return found, err
	}
	type silent struct {
		after  time.Duration
		since  time.Time // it has sent last
		socket *stunSocket
		port   uint16
	}
	var all []silent
	for _, after := range append([]time.Duration{0}, lifetimesToTry(s.q.Lifetime)...) {
		x, err := s.open(ctx)
		if err != nil {
			return found, err
		}
		reply, err := x.ask(ctx, &stunExchange{to: s.server}, rto)
		if err != nil {
			return found, err
		}
		if reply.mapped.Addr() != seen.mapped.Addr() {
			return found, errPortElsewhere
		}
		all = append(all, silent{after, time.Now(), x, reply.mapped.Port()})
	}
	for _, x := range all {
		wait := time.NewTimer(time.Until(x.since.Add(x.after)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return found, ctx.Err()
		}
		alive, err := s.reaches(ctx, asker, x.socket, x.port, rto)
		switch {
		case err != nil:
			return found, err
		case alive:
			found.AtLeast = x.after
		case x.after == 0: // so this says nothing later either
			return found, errNoResponsePort
		default:
			found.LessThan = x.after
			return found, nil
		}
	}
	return found, nil
}

// reaches has the server answer to a port of our external address, where x was seen, and tells whether x hears.
func (s *natSurvey) reaches(ctx context.Context, asker, x *stunSocket, port uint16, rto time.Duration) (bool, error) {
	e := &stunExchange{to: s.server, responsePort: port}
	if err := x.prepare(e); err != nil {
		return false, err
	}
	back := &stunExchange{to: s.server, from: s.server, request: e.request} // a refusal, or a server that ignores what it is told
	if err := asker.expect(back); err != nil {
		return false, err
	}
	returned, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-back.got:
			stop(errNoResponsePort)
		case <-returned.Done():
		}
	}()
	_, err := e.await(returned, rto, func() error { return asker.send(e) })
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, errSTUNSilent):
		return false, err
	}
	// Nothing has come: is that the NAT, or are we offline by now?
	if _, err := asker.ask(ctx, &stunExchange{to: s.server}, rto); err != nil {
		return false, fmt.Errorf("the server %v answered no more", s.server)
	}
	if !s.silence()(e.unanswered(2 * s.rtt)) {
		return false, errors.New("too many replies get lost")
	}
	return false, nil
}
