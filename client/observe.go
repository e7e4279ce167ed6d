package client

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"time"
)

// Kinds of changes that only [Client.Observe] tells; GatewayGone and AddressChanged are told by it too.
const (
	GatewayAppeared   EventKind = "gateway appeared"   // there is one, for the first time or again, or another one than before
	GatewayRebooted   EventKind = "gateway rebooted"   // it has restarted, or said so
	ConnectionChanged EventKind = "connection changed" // Connection is another one, or was made anew
	MappingListed     EventKind = "mapping listed"     // was there when the watch began
	MappingAdded      EventKind = "mapping added"
	MappingRemoved    EventKind = "mapping removed" // Expired tells whether its lease had run out
	MappingChanged    EventKind = "mapping changed" // Before was in its place
	MappingRenewed    EventKind = "mapping renewed" // its lease is longer than before
	MappingsHidden    EventKind = "mappings hidden" // the gateway does not list them, for the reason Err; told once
)

// A Change is something that is different on the gateway or with it, whoever made it so.
type Change struct {
	Kind       EventKind
	Time       time.Time
	Gateway    *Gateway    // nil only when GatewayGone tells that none was found yet
	Connection Status      // of GatewayAppeared, GatewayRebooted and ConnectionChanged
	Address    netip.Addr  // of those and of AddressChanged; zero: it has or tells none
	Previous   netip.Addr  // AddressChanged: the address before
	Mapping    PortMapping // of the mapping kinds; of MappingRemoved as it was last seen
	Before     PortMapping // MappingChanged, MappingRenewed
	Expired    bool        // MappingRemoved
	Err        error       // GatewayGone, MappingsHidden
}

const (
	observeInterval = 10 * time.Second
	// observeShare keeps the time between two looks at so many times what a look takes: a table of hundreds is read entry by entry.
	observeShare = 10
	// observeTimeout bounds one look.
	observeTimeout = 2 * time.Minute
)

// Observe tells what changes on the gateway and in its table, by anybody, until ctx ends, whose error comes last, or the loop is broken off. It looks at
// the connection, the address and all mappings every interval, at least 1 s and 10 s when it is 0, and less often when a look takes longer than a
// tenth of that; and at once when an announcement or a change of this machine's network calls for it (see Options.Listen). What comes and goes between
// two looks is not seen.
//
// It does not fail because there is no gateway: one that goes is searched until it or another one is there. Only options that cannot be used are an error, an
// *ArgumentError.
func (c *Client) Observe(ctx context.Context, interval time.Duration) iter.Seq2[Change, error] {
	if interval == 0 {
		interval = observeInterval
	}
	return func(yield func(Change, error) bool) {
		o := &observer{client: c, interval: max(interval, time.Second), yield: yield}
		o.run(ctx)
	}
}

// observer is one run of Observe.
type observer struct {
	client   *Client
	interval time.Duration
	yield    func(Change, error) bool
	stopped  bool // the reader broke off

	peer     *peer         // nil: none yet
	stale    bool          // it is to be searched, although one is known
	gone     bool          // that was told
	rebooted error         // a sign told so
	returned time.Time     // when it was told last that the gateway is there again or has restarted: a restart has several signs
	failures int           // in a row
	began    time.Time     // the look
	over     bool          // everything was asked in it
	took     time.Duration // that; what the reader does meanwhile is his time

	state  Status
	uptime run  // of peer
	known  bool // state and address are those of peer
	addr   netip.Addr
	table  map[Key]PortMapping // nil: not read yet
	seen   time.Time           // when table was read
	hidden bool                // that was told
}

func (o *observer) run(ctx context.Context) {
	signs := o.client.join()
	defer o.client.leave(signs)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !o.stopped {
		select {
		case <-ctx.Done():
			o.yield(Change{}, context.Cause(ctx))
			return
		case <-timer.C:
		case s := <-signs:
			o.heed(s)
		}
		o.began, o.over = time.Now(), false
		err := o.look(ctx)
		o.client.serve()
		if e, ok := errors.AsType[*ArgumentError](err); ok {
			o.yield(Change{}, e)
			return
		}
		if ctx.Err() == nil {
			o.asked()
			timer.Reset(o.pause(err, o.took))
		}
	}
}

// heed takes a sign up.
func (o *observer) heed(s sign) {
	o.stale = o.stale || s.search && !errors.Is(s.cause, errRebooted) // then the watch has met it already, or the look will tell
	if errors.Is(s.cause, errRebooted) {
		o.rebooted = s.cause
	}
}

// pause is the time to the next look.
func (o *observer) pause(err error, took time.Duration) time.Duration {
	switch {
	case err == nil:
		o.failures = 0
		return max(o.interval, observeShare*took)
	case o.failures == 1 && !o.gone:
		return 0 // it may only have moved
	}
	return min(time.Second<<min(o.failures, 10), max(o.interval, observeShare*took))
}

// asked notes that nothing more is asked in this look: from here on the reader has the word.
func (o *observer) asked() {
	if !o.over {
		o.over, o.took = true, time.Since(o.began)
	}
}

// tell has the reader take a change, however long that takes. Everything was asked by then.
func (o *observer) tell(c Change) {
	o.asked()
	c.Time = time.Now()
	if c.Gateway == nil && o.peer != nil {
		c.Gateway = o.peer.actions.(*Gateway)
	}
	if !o.stopped {
		o.stopped = !o.yield(c, nil)
	}
}

// look looks at everything once. The error says that nobody answered.
func (o *observer) look(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, observeTimeout)
	defer cancel()
	var stale *peer
	if o.stale {
		stale = o.peer
	}
	p, err := o.client.find(ctx, stale)
	if err == nil {
		return o.meet(ctx, p)
	}
	if _, ok := errors.AsType[*ArgumentError](err); !ok {
		o.failures++
		o.lose(parent, err)
	}
	return err
}

// lose tells once that the gateway has gone.
func (o *observer) lose(ctx context.Context, err error) {
	o.stale = true
	if !o.gone && ctx.Err() == nil {
		o.gone = true
		o.tell(Change{Kind: GatewayGone, Err: err})
	}
}

// meet looks at the gateway that was found, which may be another one than before.
func (o *observer) meet(ctx context.Context, p *peer) error {
	g := p.actions.(*Gateway)
	at := time.Now()
	state, stateErr := g.Status(ctx)
	var addr netip.Addr
	addrErr := stateErr
	if !absent(stateErr) {
		addr, addrErr = g.ExternalIP(ctx)
	}
	var table map[Key]PortMapping
	var tableErr error
	if !absent(addrErr) {
		table, tableErr = g.tableNow(ctx)
	}
	for _, err := range []error{stateErr, addrErr, tableErr} {
		if !absent(err) {
			continue
		}
		if o.failures++; o.failures > 1 {
			o.lose(ctx, err)
		}
		o.stale = true
		return err
	}

	before := o.peer
	same := before != nil && before.id() == g.id()
	if before != nil && !same && !o.gone {
		o.tell(Change{Kind: GatewayGone, Err: errReplaced})
	}
	if !same {
		o.uptime = run{}
	}
	counted := stateErr == nil && state.UptimeKnown
	// A counter may jitter; but one that is behind after a silence was begun anew, however short both runs are.
	restarted := counted && same && o.gone && o.state.UptimeKnown && state.Uptime < o.state.Uptime
	restarted = counted && o.uptime.heed(state.Uptime, at) || restarted
	o.peer = p
	all := Change{Connection: state, Address: addr}
	switch {
	case !same:
		o.known, o.table, o.hidden = false, nil, false
		all.Kind = GatewayAppeared
	case o.rebooted != nil && (restarted || time.Since(o.returned) > lookDistance), restarted && (o.gone || g.Location != before.actions.(*Gateway).Location):
		all.Kind = GatewayRebooted
	case o.gone:
		all.Kind = GatewayAppeared
	}
	told := all.Kind != ""
	if told {
		if before != nil {
			o.returned = time.Now()
		}
		o.tell(all)
	}
	o.stale, o.gone, o.rebooted = false, false, nil
	if addrErr == nil && o.known && addr != o.addr {
		o.tell(Change{Kind: AddressChanged, Address: addr, Previous: o.addr})
	}
	if stateErr == nil && o.known && !told && (restarted || state.Connection != o.state.Connection) {
		o.tell(Change{Kind: ConnectionChanged, Connection: state, Address: addr})
	}
	if told && (stateErr != nil || !state.UptimeKnown) {
		o.uptime = run{} // that was before the restart, which is told once
	}
	if stateErr == nil {
		o.state = state
	}
	if addrErr == nil {
		o.addr = addr
	}
	o.known = true
	switch {
	case tableErr == nil:
		o.compare(table, at)
	case !o.hidden:
		o.hidden = true
		o.tell(Change{Kind: MappingsHidden, Err: tableErr})
	}
	return nil
}

var errReplaced = errors.New("another gateway has its place")

// absent tells whether err means that the gateway is not there, rather than that it has no answer.
func absent(err error) bool {
	return err != nil && faultCode(err) == 0 && !unreadable(err)
}
