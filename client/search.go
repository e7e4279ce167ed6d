package client

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// afterMX is how long an answer may be on its way once the time that MX allowed is over.
const afterMX = 200 * time.Millisecond

// burst is one repetition of the search.
type burst struct {
	after time.Duration // since the start
	mx    int           // seconds
	bare  bool          // MAN is written without its quotes too, as the D-Link DIR-890L wants it
	few   bool          // by unicast only what nearly every gateway answers is searched for
}

// end is when the last answer may arrive.
func (b burst) end() time.Duration { return b.after + time.Duration(b.mx)*time.Second + afterMX }

// bursts repeat at growing intervals, because datagrams get lost and some routers answer only some searches. A gateway that
// needs 100 ms for each M-SEARCH (miniupnpd that logs to a serial console) answers the first before the second, which is then held. The last one
// is for those who need longer, and is left out when a gateway was found.
func bursts() []burst {
	return []burst{{mx: 1, few: true}, {after: 150 * time.Millisecond, mx: 1}, {after: 600 * time.Millisecond, mx: 1}, {after: 1600 * time.Millisecond, mx: 2, bare: true}}
}

// search is one run of Discover. Sockets are read and descriptions fetched by goroutines of their own; everything else
// happens between the elements of the stream, on the goroutine that reads it.
type search struct {
	o        Options
	yield    func(*Gateway, error) bool
	target   target
	links    []link
	gateways []netip.Addr // next hops of all links
	searched []string     // interfaces that a search left by

	warm bool          // a gateway that is remembered is asked for
	lead time.Duration // before the first burst

	sockets []*socket
	replies chan reply
	results chan result
	broken  chan *InterfaceError
	wg      sync.WaitGroup

	known directory
	siblings
	failed  map[string]bool // interfaces whose error was told
	unsent  *InterfaceError // why the one host that is searched could not be asked
	stopped bool            // the reader broke off
}

func newSearch(o Options, yield func(*Gateway, error) bool) *search {
	return &search{
		o:       o.defaults(),
		yield:   yield,
		replies: make(chan reply),
		results: make(chan result),
		broken:  make(chan *InterfaceError),
		failed:  make(map[string]bool),
	}
}

// run ends when the search is over, the reader breaks off or ctx ends; nothing it started is left then.
func (s *search) run(parent context.Context) {
	defer s.wg.Wait()
	ctx, cancel := context.WithTimeout(parent, s.o.Timeout)
	defer cancel()
	defer s.close()

	t, location, err := s.o.target(ctx)
	switch {
	case err != nil:
		s.tell(nil, err)
		return
	case location != nil:
		s.visit(ctx, location)
	default:
		s.target = t
		s.prepare()
		s.recall(ctx)
		s.loop(ctx)
		s.conclude(ctx, parent)
	}
	if parent.Err() != nil {
		s.tell(nil, context.Cause(parent))
	}
}

// tell hands one element to the reader.
func (s *search) tell(g *Gateway, err error) {
	if !s.stopped {
		s.stopped = !s.yield(g, err)
	}
}

// fail tells once that an interface is broken.
func (s *search) fail(e *InterfaceError) {
	if !s.failed[e.Interface] {
		s.failed[e.Interface] = true
		s.tell(nil, e)
	}
}

// visit describes the one gateway whose URL the user gave.
func (s *search) visit(ctx context.Context, location *url.URL) {
	links, broken := links(s.o)
	c := candidate{location: location, links: links, asked: true, trust: trust{given: []string{location.Hostname()}}}
	if s.o.Interface != "" {
		if len(links) == 0 {
			s.fail(broken[0])
			return
		}
		c.link, c.local = &links[0], links[0].addr()
	}
	g, err := describe(ctx, s.o, c)
	if err == nil {
		s.tell(g, nil)
		return
	}
	var not *NotGatewayError
	if !errors.As(err, &not) {
		err = &NotGatewayError{Location: location.String(), Reason: Silent, Err: err}
	}
	s.tell(nil, err)
}

// loop sends the bursts and takes in what comes back.
func (s *search) loop(ctx context.Context) {
	if len(s.sockets) == 0 {
		return
	}
	var (
		start = time.Now().Add(s.lead)
		all   = bursts()
		next  = 0
		end   time.Duration // of the window in which answers come
		open  = true
		held  time.Duration
		timer = time.NewTimer(s.lead)
	)
	defer timer.Stop()
	for !s.stopped && (open || s.known.pending > 0 || len(s.held) > 0) {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			if next == 0 {
				s.open(ctx)
			}
			if len(s.sockets) == 0 {
				open = false
				continue
			}
			if next == len(all)-1 && s.yielded() {
				next = len(all)
			}
			if 0 < next && next < len(all) && held < holdLongest && s.reading() {
				held, start = held+holdStep, start.Add(holdStep)
				timer.Reset(holdStep)
				continue
			}
			if next < len(all) {
				s.send(all[next])
				end = all[next].end()
				next++
			}
			if s.unsent != nil {
				open = false
				continue
			}
			wake := end
			if next < len(all) {
				wake = all[next].after
			}
			if now := time.Since(start); now < wake || next < len(all) {
				timer.Reset(max(wake-now, 0)) // a busy machine may be late for a burst
			} else {
				open = false
			}
		case r := <-s.replies:
			s.consider(ctx, r)
		case r := <-s.results:
			s.drain(ctx)
			s.settle(r)
			if next == 0 && s.known.pending == 0 {
				start = time.Now() // what was remembered is known; the rest is not
				timer.Reset(0)
			}
		case e := <-s.broken:
			s.fail(e)
		case <-s.grace():
		}
		s.release()
	}
}

// A burst waits while the gateways that it is most for are telling about themselves: one with a single thread could not go on before it has read all
// that is searched. The search ends as much later, for those who are not heard yet.
const (
	holdStep    = 50 * time.Millisecond
	holdLongest = 1500 * time.Millisecond
)

// reading tells whether each default gateway, or the one host that is searched, has answered, and one of them is being asked for its description.
func (s *search) reading() bool {
	pending := false
	for _, host := range s.nearest() {
		if !s.known.answers(host) {
			return false
		}
		pending = pending || s.known.asks(host)
	}
	return pending
}

// nearest are the hosts that are searched by unicast.
func (s *search) nearest() (all []netip.Addr) {
	if !s.target.group {
		return []netip.Addr{s.target.addr.Addr()}
	}
	for _, g := range s.gateways {
		if g.Is4() {
			all = append(all, g)
		}
	}
	return all
}

// conclude tells what ended without a result.
func (s *search) conclude(ctx, parent context.Context) {
	if ctx.Err() != nil && parent.Err() == nil {
		for _, e := range s.known.all {
			if e.pending && e.claims {
				s.tell(nil, &NotGatewayError{Location: e.location.String(), Responder: e.from, Reason: Silent, Err: ctx.Err()})
			}
		}
	}
	if parent.Err() != nil || len(s.known.all) > 0 {
		return
	}
	switch {
	case s.unsent != nil && s.o.Gateway != "":
		s.tell(nil, &NotGatewayError{Location: s.o.Gateway, Reason: Unreachable, Err: s.unsent.Err})
	case s.unsent != nil:
		s.fail(s.unsent)
	case s.o.Gateway != "" && len(s.failed) == 0:
		s.tell(nil, &NotGatewayError{Location: s.o.Gateway, Reason: Silent, Err: errNoAnswer})
	}
}

var errNoAnswer = errors.New("no answer to a search")
