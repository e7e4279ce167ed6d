package client

import (
	"context"
	"net/netip"
	"sync"
)

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
