package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// greeting is what came of the first question to a server.
type greeting struct {
	stunReply
	err  error
	sent int           // requests
	took time.Duration // from the first of them on
}

// introduce asks every server, all at once, and chooses the one for the rest: the first as they are given that has an alternate address, or else the
// first that answered at all. When some has answered, the others have less time. answers are by server; zero: none. The error is an *ArgumentError.
func (s *natSurvey) introduce(ctx context.Context) (answers map[netip.AddrPort]stunReply, failures []*STUNError, err error) {
	enough := time.Now().Add(time.Duration(firstShare * float64(s.bound)))
	short, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.servers = make([]netip.AddrPort, len(s.q.Servers))
	all := make([]greeting, len(s.servers))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			all[i] = s.greet(short, i)
			if _, wrong := errors.AsType[*ArgumentError](all[i].err); wrong {
				cancel(all[i].err)
			}
			if all[i].err == nil {
				time.AfterFunc(time.Until(enough), func() { cancel(errSTUNSilent) })
			}
		})
	}
	wg.Wait()
	if wrong, ok := errors.AsType[*ArgumentError](context.Cause(short)); ok {
		return nil, nil, wrong
	}
	answers = map[netip.AddrPort]stunReply{}
	var chosen greeting
	for i, g := range all {
		if g.err != nil {
			e, ok := errors.AsType[*STUNError](g.err)
			if !ok {
				e = stunError(context.Background(), s.q.Servers[i], g.err)
			}
			failures = append(failures, e)
			continue
		}
		answers[s.servers[i]] = g.stunReply
		why := unusable(s.servers[i], g.other)
		if !s.server.IsValid() || !s.other.IsValid() && why == "" {
			chosen, s.server, s.why = g, s.servers[i], why
			if why == "" {
				s.other = g.other
			}
		}
	}
	s.first = chosen.stunReply
	s.rtt = s.roundTrip(ctx, chosen, enough)
	return answers, failures, nil
}

// greet asks a server.
func (s *natSurvey) greet(ctx context.Context, i int) (g greeting) {
	to, err := stunServer(ctx, s.q.Servers[i])
	if err != nil {
		return greeting{err: err}
	}
	s.servers[i] = to
	e := &stunExchange{to: to}
	began := time.Now()
	g.stunReply, g.err = s.main.ask(ctx, e, stunRTO)
	if g.err == nil && g.plain && Judge(to.Addr()) == Public && Judge(g.mapped.Addr()) != Public {
		g.err = errRewritten
	}
	g.sent, g.took = len(e.sent), time.Since(began)
	return g
}

// roundTrip is the time that a request and its answer take. That of a repeated one is more, because nobody knows which of them was answered (RFC 6298 §3):
// then single ones are sent, of which one that is not lost is answered within the time that the repeated one took.
func (s *natSurvey) roundTrip(ctx context.Context, g greeting, until time.Time) time.Duration {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for g.sent > 1 && ctx.Err() == nil {
		once, over := context.WithTimeout(ctx, g.took+minSurveyRTO)
		began := time.Now()
		_, err := s.main.ask(once, &stunExchange{to: s.server, there: true}, 2*(g.took+minSurveyRTO))
		lost := once.Err() != nil
		over()
		switch {
		case err == nil:
			return time.Since(began)
		case !lost: // nothing can be sent any more, say
			return g.took
		}
	}
	return g.took
}

var errRewritten = errors.New("the reply holds an address that nobody on the Internet can see: something on the way writes into replies")

// unusable says why there is nothing to be asked at an alternate address; "" when there is.
func unusable(server, other netip.AddrPort) string {
	switch a := other.Addr(); {
	case !other.IsValid():
		return fmt.Sprintf("the server %v has no alternate address (RFC 5780)", server)
	case a == server.Addr() || other.Port() == server.Port() || other.Port() == 0,
		a.IsMulticast(), a == broadcast(), a.IsLoopback() != server.Addr().IsLoopback(), Judge(server.Addr()) == Public && Judge(a) != Public:
		return fmt.Sprintf("the server %v has no alternate address that can be used: it names %v", server, other)
	}
	return ""
}

// unanswered says what to make of it that nobody answered. A server that answers by TCP, as those of RFC 8489 may, is alive. That it takes a connection
// says nothing: a host with something else at that port does that too, and so do middleboxes for hosts that are dead.
func (s *natSurvey) unanswered(ctx context.Context, failures []*STUNError) (NATReport, error) {
	for i, e := range failures {
		if s.servers[i].IsValid() && !errors.Is(e, errSTUNSilent) {
			return NATReport{}, e // something came back, or nothing could be sent
		}
	}
	short, cancel := context.WithTimeout(ctx, tcpPatience)
	defer cancel()
	var wg sync.WaitGroup
	alive := make([]bool, len(s.servers))
	for i, to := range s.servers {
		if to.IsValid() {
			wg.Go(func() {
				_, err := askSTUNByTCP(short, s.o, s.local, to)
				alive[i] = err == nil
			})
		}
	}
	wg.Wait()
	i := slices.Index(alive, true)
	if i < 0 {
		return NATReport{}, failures[0]
	}
	why := "no UDP comes back"
	return NATReport{Server: s.servers[i], Class: UDPBlocked, Unknown: map[NATPart]string{PartMapping: why, PartFiltering: why, PartHairpin: why}}, nil
}

// tcpPatience is how long a server may take to answer by TCP.
const tcpPatience = 3 * time.Second
