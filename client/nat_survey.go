package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// natSurvey is one run of NATBehaviour.
type natSurvey struct {
	q       NATQuery
	o       Options
	local   netip.Addr       // to ask from; unspecified: any
	servers []netip.AddrPort // as q.Servers; zero: its name led nowhere
	bound   time.Duration    // of all but the lifetime

	server netip.AddrPort // the one that everything is asked of
	other  netip.AddrPort // its alternate address and port; zero: none that can be used
	why    string         // there is none
	first  stunReply      // of server to main
	main   *stunSocket    // whose mapping is told
	rtt    time.Duration

	mu      sync.Mutex
	sockets []*stunSocket
}

// The timers of a survey.
const (
	minSurveyRTO = 50 * time.Millisecond // silence is listened to for 79 times that at least
	surveyShare  = 0.7                   // of the time left that silence may take: the control that follows needs the rest
	firstShare   = 0.4                   // of all that servers may take to answer at first, when another has done so
)

func newNATSurvey(q NATQuery, o Options) (*natSurvey, error) {
	s := &natSurvey{q: q, bound: o.Timeout}
	if s.bound <= 0 {
		s.bound = natPatience
	}
	s.o = o.defaults()
	switch {
	case len(q.Servers) == 0:
		return nil, &ArgumentError{"STUN", "", "must be host:port"}
	case len(q.Servers) > maxNATServers:
		return nil, &ArgumentError{"STUN", q.Servers[maxNATServers], fmt.Sprintf("is one server too many: %d can be asked", maxNATServers)}
	case q.Lifetime < 0 || q.Lifetime > maxLifetime:
		return nil, &ArgumentError{"lifetime", q.Lifetime.String(), "must be no more than a day"}
	}
	local, err := stunLocal(s.o)
	if err != nil {
		return nil, &STUNError{Server: q.Servers[0], Err: err}
	}
	s.local = local
	return s, nil
}

// open opens one more socket, which belongs to the survey.
func (s *natSurvey) open(ctx context.Context) (*stunSocket, error) {
	x, err := openSTUN(ctx, s.o, s.local)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = append(s.sockets, x)
	return x, nil
}

func (s *natSurvey) closeAll() {
	for _, x := range s.sockets {
		x.close()
	}
}

// run finds everything out. The mapping is that of main.
func (s *natSurvey) run(parent context.Context, main *stunSocket) (NATReport, error) {
	s.main = main
	ctx, cancel := context.WithTimeoutCause(parent, s.bound, errSTUNSilent)
	defer cancel()
	defer s.closeAll()
	s.begins(PartMapping)
	answers, failures, err := s.introduce(ctx)
	switch {
	case parent.Err() != nil:
		return NATReport{}, context.Cause(parent)
	case err != nil:
		return NATReport{}, err
	}
	if len(answers) == 0 {
		return s.unanswered(parent, failures)
	}
	r := NATReport{Server: s.server, Mapped: s.first.mapped, Local: s.localOf(ctx), Unknown: map[NATPart]string{}}
	r.NAT, r.Rewritten = !s.ours(r.Local, r.Mapped), s.first.rewritten

	var m mappingSeen
	var f filteringSeen
	var h hairpinSeen
	var wg sync.WaitGroup
	wg.Go(func() { m = s.mapping(ctx, answers) })
	wg.Go(func() { f = s.filtering(ctx) })
	if r.NAT {
		wg.Go(func() { h = s.hairpin(ctx, r.Local.Addr()) })
	}
	wg.Wait()
	if parent.Err() != nil {
		return NATReport{}, context.Cause(parent)
	}
	s.conclude(&r, m, f, h)
	if s.q.Lifetime > 0 {
		s.begins(PartLifetime)
		if err := s.lifetime(parent, &r); err != nil {
			return NATReport{}, err
		}
	}
	return r, nil
}

func (s *natSurvey) begins(p NATPart) {
	if s.q.Begins != nil {
		s.q.Begins(p)
	}
}

// rto is what is taken for stunRTO from here on: RFC 6298 §2.2 makes it three round trips after the first, and what silence costs has to fit into
// the time that is left.
func (s *natSurvey) rto(ctx context.Context) time.Duration {
	rto := max(3*s.rtt, minSurveyRTO)
	if end, ok := ctx.Deadline(); ok {
		rto = min(rto, time.Duration(surveyShare*float64(time.Until(end)))/stunUnits)
	}
	return max(rto, time.Millisecond)
}

// localOf is the address and port that main sends to the server from.
func (s *natSurvey) localOf(ctx context.Context) netip.AddrPort {
	at := s.main.local()
	if !at.Addr().IsUnspecified() && at.Addr().Is4() {
		return at
	}
	c, err := s.o.Net.Dial(ctx, "udp4", netip.Addr{}, s.server.String()) // sends nothing
	if err != nil {
		return at
	}
	defer c.Close()
	return netip.AddrPortFrom(addrOf(c.LocalAddr()), at.Port())
}

// ours tells whether a mapped address is this host's own: by whatever interface the request has left.
func (s *natSurvey) ours(local, mapped netip.AddrPort) bool {
	if mapped == local {
		return true
	}
	everywhere := s.o
	everywhere.Interface = ""
	all, _ := links(everywhere)
	return mapped.Port() == local.Port() && slices.ContainsFunc(all, func(l link) bool { return l.addr() == mapped.Addr() })
}

// loss is the share of requests that have no reply, of those that had one in the end or should have. A little is assumed in any case, less the more were
// sent, because few say little (Laplace's rule of succession).
func (s *natSurvey) loss() float64 {
	sent, lost := 0, 0
	for _, x := range append(slices.Clone(s.sockets), s.main) {
		x.mu.Lock()
		for _, e := range x.pending {
			if e.replies > 0 || e.there {
				sent += len(e.sent)
				lost += max(0, len(e.sent)-e.replies)
			}
		}
		x.mu.Unlock()
	}
	return float64(lost+1) / float64(sent+2)
}

// refusedBy tells whether a server answered with an error of a code.
func refusedBy(err error, code stun.ErrorCode) bool {
	e, ok := errors.AsType[*stunRefusal](err)
	return ok && e.code == code
}
