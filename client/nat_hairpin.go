package client

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// hairpinSeen is what became of what two sockets sent to each other's mapped address.
type hairpinSeen struct {
	err  error // the test could not begin
	got  bool
	way  Hairpin
	sent int  // by each
	kept bool // both ports are the same outside
}

// hairpin lets two sockets send to each other's mapped address: RFC 5780 §4.5. Both do, because a NAT that filters lets in only whom was sent
// to, by hairpin too.
func (s *natSurvey) hairpin(ctx context.Context, local netip.Addr) (h hairpinSeen) {
	var x [2]*stunSocket
	var at [2]netip.AddrPort
	h.kept = true
	for i := range x {
		if x[i], h.err = s.open(ctx); h.err != nil {
			return h
		}
		var reply stunReply
		if reply, h.err = x[i].ask(ctx, &stunExchange{to: s.server}, s.rto(ctx)); h.err != nil {
			return h
		}
		at[i] = reply.mapped
		h.kept = h.kept && reply.mapped.Port() == x[i].local().Port()
	}
	var back [2]*stunExchange
	for i := range x {
		back[i] = &stunExchange{to: at[i], returns: true}
		if h.err = x[i].prepare(back[i]); h.err != nil { // it comes back to i …
			return h
		}
	}
	rto := s.rto(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, e := range back {
		wg.Go(func() {
			reply, err := e.await(ctx, rto, func() error { return x[1-i].send(e) }) // … whom the other one sends it to
			mu.Lock()
			defer mu.Unlock()
			h.sent = max(h.sent, e.unanswered(2*s.rtt))
			if err != nil {
				return
			}
			if h.got, h.way = true, HairpinExternal; reply.from.Addr() != at[i].Addr() && reply.from.Addr() == local {
				h.way = HairpinInternal
			}
			time.AfterFunc(rto, cancel) // what one has heard the other need not wait for
		})
	}
	wg.Wait()
	return h
}
