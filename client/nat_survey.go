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

// mappingSeen is where main was seen.
type mappingSeen struct {
	at map[netip.AddrPort]netip.AddrPort // by server, if it answered
}

// mapping asks the other three of four address-port pairs of the server from main: RFC 5780 §4.3, and the one that it leaves out, by which filtering is
// judged too and any of the others may fail.
func (s *natSurvey) mapping(ctx context.Context, answers map[netip.AddrPort]stunReply) mappingSeen {
	m, rto := mappingSeen{at: map[netip.AddrPort]netip.AddrPort{}}, s.rto(ctx)
	if !s.other.IsValid() { // then by who else was given
		for to, a := range answers {
			m.at[to] = a.mapped
		}
		return m
	}
	m.at[s.server] = s.first.mapped
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, to := range s.alternates() {
		wg.Go(func() {
			reply, err := s.main.ask(ctx, &stunExchange{to: to}, rto)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				m.at[to] = reply.mapped
			}
		})
	}
	wg.Wait()
	return m
}

// alternates are the server's other port, its other address, and both.
func (s *natSurvey) alternates() []netip.AddrPort {
	return []netip.AddrPort{
		netip.AddrPortFrom(s.server.Addr(), s.other.Port()),
		netip.AddrPortFrom(s.other.Addr(), s.server.Port()),
		s.other,
	}
}

// filteringSeen is what came to a socket that has sent to the server only.
type filteringSeen struct {
	err     error // the tests could not begin
	both    filterTest
	port    filterTest
	control error // the server did not answer any more
	kept    bool  // the socket's port is the same outside
}

// filterTest is a request for an answer from elsewhere.
type filterTest struct {
	reply stunReply
	err   error
	sent  int // that had the time to be answered
}

// filtering has the server answer from its other address and port, and from its other port: RFC 5780 §4.4. Both at once: an answer that comes
// does not open the way for another.
func (s *natSurvey) filtering(ctx context.Context) (f filteringSeen) {
	x, err := s.open(ctx)
	if err != nil {
		f.err = err
		return f
	}
	reply, err := x.ask(ctx, &stunExchange{to: s.server}, s.rto(ctx))
	if err != nil {
		f.err = err
		return f
	}
	f.kept = reply.mapped.Port() == x.local().Port()
	if !s.other.IsValid() {
		return f
	}
	rto := s.rto(ctx)
	var wg sync.WaitGroup
	test := func(t *filterTest, change byte, from netip.AddrPort) {
		wg.Go(func() {
			e := &stunExchange{to: s.server, from: from, change: change}
			t.reply, t.err = x.ask(ctx, e, rto)
			t.sent = e.unanswered(2 * s.rtt)
		})
	}
	test(&f.both, changeAddress|changePort, s.other)
	test(&f.port, changePort, netip.AddrPortFrom(s.server.Addr(), s.other.Port()))
	wg.Wait()
	_, f.control = x.ask(ctx, &stunExchange{to: s.server}, rto)
	return f
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
