// Package client finds the Internet gateway of the network this machine stands in and asks it for port mappings.
//
// [Find] gives the one gateway to use and returns as soon as it is known; [Discover] streams every gateway. A [Gateway]
// has one method for each UPnP action, faithful to what the device said. [Map] and [Keep] are what most programs want:
// they plan, verify and renew a mapping and never overwrite somebody else's. [OpenPinholes] and [KeepPinholes] let peers in by IPv6,
// where a firewall keeps them out and no mapping is needed.
//
// [Reach] finds out how others can call a UDP socket, and [Punch] opens a path between two sockets that are each behind a NAT.
//
// # Trust
//
// Anything on the local network can answer a search. An address that came over the network is used only if it is a
// literal address of the host that answered, and a port of it only if it may be one of UPnP: 80, or 1024 and up. Everything read is bounded in size and
// time. What the caller gives in [Options] is trusted as given.
//
// # Errors
//
// A refusal by the gateway is a *soap.Error with its UPnP code. A search without result is a [DiscoveryError], which
// unwraps to every cause, and a device that turned out to be no gateway is a [NotGatewayError]. errors.Is and errors.As
// reach net.Error and context errors through all of them.
package client

import (
	"context"
	"sync"
	"time"
)

// A Client is what the mappings of one program have in common: they share the gateway, so that one search serves all of them and their
// requests leave one after another, and what tells that the gateway or the network has changed. Of several that want
// the same port the first one has the entry and the others share it, and it is closed with the last of them; the gateways that the Client found are part of it.
//
// [Map] and [Keep] make a Client each. What two Clients open knows of the other by Options.Journal only: without one the first that is closed closes the port
// for both.
//
// It has a goroutine while a mapping is kept.
type Client struct {
	options Options
	finding mutex         // one search at a time
	showing mutex         // one change of shows at a time
	clocks  func() moment // of this computer: where its sleep is seen

	mu      sync.Mutex
	gateway *Gateway // last found, nil before
	lost    lost
	shows   *presence // while something is kept, for the journal
	signs   map[chan sign]bool
	stop    context.CancelFunc // ends the watch; nil when nothing is kept
	done    chan struct{}      // closed when the watch has ended
	met     chan struct{}      // has one element when a gateway was found and the watch does not know
	served  chan struct{}      // has one element when somebody who keeps something has had his turn since

	trusted  context.Context    // ends when the gateway known is not to be trusted any more
	distrust context.CancelFunc // ends trusted
}

// New makes a client. Options that cannot be used are told by what is done with it.
func New(o Options) *Client {
	o = o.share()
	o.Rand = sharedRand(ownRand(o.Rand))
	c := &Client{options: o, clocks: now, signs: map[chan sign]bool{}, met: make(chan struct{}, 1), served: make(chan struct{}, 1)}
	c.trusted, c.distrust = context.WithCancel(context.Background())
	return c
}

// Gateway gives the gateway of the client: the one last found, or else the one that is found now. Errors are those of [Find].
func (c *Client) Gateway(ctx context.Context) (*Gateway, error) {
	p, err := c.find(ctx, nil)
	if err != nil {
		return nil, err
	}
	return p.actions.(*Gateway), nil
}

// known tells whether a gateway was found before: one that was found later is where it was.
func (c *Client) known(since time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gateway != nil && !c.gateway.probed.After(since)
}

// find gives the gateway, and searches when there is none yet or the one known is stale. One search serves all who wait for it.
func (c *Client) find(ctx context.Context, stale *peer) (*peer, error) {
	return c.findWith(ctx, stale, false)
}

// findPatiently is find for keepers, which come again: after a search that failed there is none for a while.
func (c *Client) findPatiently(ctx context.Context, stale *peer) (*peer, error) {
	return c.findWith(ctx, stale, true)
}

func (c *Client) findWith(ctx context.Context, stale *peer, patient bool) (*peer, error) {
	asked := time.Now()
	if err := c.finding.lock(ctx); err != nil {
		return nil, err
	}
	defer c.finding.unlock()
	c.mu.Lock()
	g, missed := c.gateway, c.lost.answer(asked, patient)
	c.mu.Unlock()
	switch {
	case g != nil && (stale == nil || stale.actions != actions(g)):
		return g.peer(), nil
	case missed != nil:
		return nil, missed
	}
	o := c.options
	o.fresh = g != nil
	g, err := Find(ctx, o)
	if err != nil {
		if ctx.Err() == nil {
			c.mu.Lock()
			c.lost.fail(err)
			c.mu.Unlock()
		}
		return nil, err
	}
	c.meet(g)
	return g.peer(), nil
}

// meet makes g the gateway that is known, and lets those know who look for it or talk to another.
func (c *Client) meet(g *Gateway) {
	if c.take(g) {
		c.tell(sign{found: true})
	}
}

// take makes g the gateway that is known. It tells whether there may be somebody who should know.
func (c *Client) take(g *Gateway) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.gateway != nil || c.lost.tries > 0
	c.gateway = g
	c.lost.found()
	select {
	case c.met <- struct{}{}:
	default:
	}
	return known
}

// serve tells the watch that somebody who keeps something has done what was due.
func (c *Client) serve() {
	if c == nil {
		return
	}
	select {
	case c.served <- struct{}{}:
	default:
	}
}

// mapping is one that is not open yet.
func (c *Client) mapping(req Request) *Mapping {
	m := newMapping(req, c.options, c.findPatiently)
	m.client = c
	return m
}

// A sign is a reason for keepers to act before their time.
type sign struct {
	search bool  // the gateway known is not to be trusted any more; otherwise it is to be looked at
	found  bool  // neither: the gateway was found, for those who search or know another
	cause  error // what has happened

	stale *Gateway // of a search: the one not to be trusted; nil: whichever
}

// outweighs tells whether s is to be heeded before t where only one can be.
func (s sign) outweighs(t sign) bool {
	return s.search && !t.search || t.found && !s.found
}

// join lets a keeper hear signs from now on. The first one starts the watch.
func (c *Client) join() chan sign {
	c.mu.Lock()
	defer c.mu.Unlock()
	signs := make(chan sign, 1)
	c.signs[signs] = true
	if c.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		c.stop, c.done = stop, make(chan struct{})
		w := newWatch(c)
		go func() {
			defer close(w.done)
			w.run(ctx)
		}()
	}
	return signs
}

// leave ends that. The last one ends the watch.
func (c *Client) leave(signs chan sign) {
	c.mu.Lock()
	delete(c.signs, signs)
	var done chan struct{}
	if len(c.signs) == 0 {
		c.stop()
		c.stop, done = nil, c.done
	}
	c.mu.Unlock()
	if done != nil {
		<-done
		c.vanish()
	}
}

// appear gives the name of the presence of c in the journal, "" when it can have none.
func (c *Client) appear() string {
	if c.showing.lock(context.Background()) != nil {
		return ""
	}
	defer c.showing.unlock()
	c.mu.Lock()
	p, kept := c.shows, len(c.signs) > 0
	c.mu.Unlock()
	if p == nil && kept {
		p = c.options.appear(context.Background())
		c.mu.Lock()
		c.shows = p
		c.mu.Unlock()
	}
	if p == nil {
		return ""
	}
	return p.name
}

// vanish ends the presence when nothing is kept any more.
func (c *Client) vanish() {
	if c.showing.lock(context.Background()) != nil {
		return
	}
	defer c.showing.unlock()
	c.mu.Lock()
	p, kept := c.shows, len(c.signs) > 0
	if !kept {
		c.shows = nil
	}
	c.mu.Unlock()
	if !kept {
		p.end()
	}
}

// tell gives a sign to all keepers. Of two that wait, the search counts, and then the look.
func (c *Client) tell(s sign) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.search {
		c.lost.found() // what has changed may bring it back
		c.distrust()
		c.trusted, c.distrust = context.WithCancel(context.Background())
	}
	for signs := range c.signs {
		put(signs, s)
	}
}

// tellOne gives a sign to one keeper.
func (c *Client) tellOne(signs chan sign, s sign) {
	c.mu.Lock()
	defer c.mu.Unlock()
	put(signs, s)
}

// put makes s what waits in signs, unless that outweighs it. The client's mu is held, so that nobody else puts.
func put(signs chan sign, s sign) {
	select {
	case waiting := <-signs:
		if waiting.outweighs(s) {
			s = waiting
		}
	default:
	}
	signs <- s
}
