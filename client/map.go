package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Map finds the gateway and opens what req asks for, once: the external address is read, then
// for each entry the gateway is asked who has the port, the entry is added and read back. An entry that
// leads to the same place is adopted; any other entry in the place is an *OwnedError, or with
// AnyPort a reason to take another port.
//
// The mapping is not renewed: it ends with its lease, with [Mapping.Close], or is kept from
// now on by [Mapping.Keep]. When ctx ends before Map returns, nothing stays open.
//
// Requests at the same time do not take each other's ports when they are of one [Client] or [Gateway], or of programs that share Options.Journal. Other
// Clients, here and on other hosts, are only known by what the gateway shows: where it lets the last of two adds win, and both come between the look and
// the read-back of the other, one of them is an error.
// Errors: *RequestError, those of [Find], *MapError.
func Map(ctx context.Context, req Request, o Options) (*Mapping, error) {
	return New(o).Map(ctx, req)
}

// Map is [Map] on the gateway that c has found, or finds. One that does not answer any more is searched anew.
func (c *Client) Map(ctx context.Context, req Request) (*Mapping, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	var stale *peer
	for {
		now := time.Now()
		known, before := c.known(now), c.known(now.Add(-addressFresh))
		p, err := c.find(ctx, stale)
		if err != nil {
			return nil, err
		}
		m := c.mapping(req.defaults(mapLease))
		m.use(p)
		err = m.openOnce(ctx)
		if err == nil {
			return m, nil
		}
		if stale != nil || !before && !(known && vanished(err)) || !unanswered(err) || ctx.Err() != nil {
			return nil, err
		}
		stale = p
	}
}

// Map opens what req asks for on this gateway; see [Map]. The mappings of one gateway share a [Client].
func (g *Gateway) Map(ctx context.Context, req Request) (*Mapping, error) {
	return g.own().Map(ctx, req)
}

// own is the Client of all that is opened on g by name, so that a hundred mappings are watched once. One that has found another gateway meanwhile, as g
// did not answer, keeps what it has on that.
func (g *Gateway) own() *Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.client == nil || !g.client.stands(g) {
		g.client = New(g.options)
		g.client.gateway = g
	}
	return g.client
}

// stands tells whether the gateway that is known is g, or that one found anew.
func (c *Client) stands(g *Gateway) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gateway != nil && c.gateway.id() == g.id()
}

// peer is a gateway as a Mapping sees it.
type peer struct {
	actions
	location string     // URL of its description
	udn      string     // its name, may be empty
	local    netip.Addr // our address towards it
	anyPort  bool       // its service has AddAnyPortMapping
	journal  *journal   // nil: none
	readings *readings  // shared by all mappings on it
	holders  *holders   // the mappings of this program
	turn     *mutex     // whole plans are serialised: between a look and its add no other plan of ours may come
	depth    int        // how many gateways are before it in a chain

	beyond func(ctx context.Context, stale *peer) (*peer, error) // finds the gateway that it stands behind
}

func (g *Gateway) peer() *peer {
	return &peer{
		actions:  g,
		location: g.Location,
		udn:      g.UDN(),
		local:    g.Local,
		anyPort:  strings.HasSuffix(g.Service.Type, ":WANIPConnection:2"),
		journal:  g.journal(),
		readings: g.readings(),
		holders:  g.options.holders,
		turn:     &g.plans,
		depth:    g.depth,
		beyond:   g.beyond,
	}
}

func (p *peer) id() gatewayID { return idOf(p.udn, p.location) }

// use makes gw the gateway to talk to.
func (m *Mapping) use(gw *peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	plan := newPlanner(gw, m.req, &m.trace)
	plan.self, plan.born, plan.own = m, m.born, m.client.presence
	if m.plan != nil {
		plan.learn(m.plan)
	}
	m.gw, m.plan = gw, plan
}

// openOnce opens everything for the first time, on all gateways or on none.
func (m *Mapping) openOnce(ctx context.Context) error {
	if err := m.openHere(ctx); err != nil {
		return err
	}
	if err := m.openOuter(ctx); err != nil {
		after, cancel := cleanupTime(ctx)
		defer cancel()
		return &MapError{Err: errors.Join(err, m.releaseAll(after)), Trace: m.Trace()}
	}
	m.announce()
	return nil
}

// openHere opens everything on the gateway itself.
func (m *Mapping) openHere(ctx context.Context) error {
	if err := m.gw.turn.lock(ctx); err != nil {
		return fmt.Errorf("map: %w", err)
	}
	defer m.gw.turn.unlock()
	a, err := m.plan.address(ctx, time.Now().Add(-addressFresh))
	if err != nil {
		return &MapError{Err: err, Trace: m.Trace()}
	}
	hs, err := m.plan.open(ctx, m.wanted)
	if err != nil {
		after, cancel := cleanupTime(ctx)
		defer cancel()
		m.plan.sweep(after, nil) // the next try, if there is one, sweeps again
		return &MapError{Err: err, Trace: m.Trace()}
	}
	m.mu.Lock()
	m.learnAddress(a)
	m.mu.Unlock()
	m.hold(hs)
	m.setErr(nil)
	return nil
}

// announce tells that everything is open.
func (m *Mapping) announce() {
	for _, e := range m.Entries() {
		m.tell(Event{Kind: Mapped, Entry: e})
	}
	m.whole()
}

// hold makes hs what the mapping consists of.
func (m *Mapping) hold(hs []held) {
	now := time.Now()
	m.mu.Lock()
	before := m.held
	for i, h := range hs {
		hs[i].External = m.at(h)
		switch {
		case !h.renew.IsZero() || h.ends.IsZero():
		case h.Shared:
			hs[i].renew = h.ends.Add(time.Second) // ours to open when its owner lets it end
		default:
			hs[i].renew = now.Add(renewAfter(h.Lease, h.asked, m.rand))
		}
	}
	m.held, m.wanted = hs, hs[0].External.Port()
	gw := m.gw
	m.mu.Unlock()
	gw.holders.note(m, before, hs)
	m.record()
}

// reduce makes the mapping consist of hs, which is what is left of it.
func (m *Mapping) reduce(hs []held) {
	m.mu.Lock()
	before, gw := m.held, m.gw
	m.held = hs
	m.mu.Unlock()
	gw.holders.note(m, before, hs)
}

// kept tells whether a keeper renews what is held. mu is held.
func (m *Mapping) kept() bool { return m.stop != nil && !m.closed && !m.over }

// record writes into the journal what is held, and that it is kept.
func (m *Mapping) record() {
	m.mu.Lock()
	kept := m.kept()
	m.mu.Unlock()
	m.recordAs(kept)
}

// recordAs is record for who knows whether it is kept.
func (m *Mapping) recordAs(kept bool) {
	m.mu.Lock()
	gw, hs := m.gw, slices.Clone(m.held)
	m.mu.Unlock()
	if gw == nil || gw.journal == nil {
		return
	}
	name := ""
	if kept && m.client != nil {
		name = m.client.appear()
	}
	gw.journal.hold(context.Background(), hs, name)
}

// letGo makes known that what is held stays open and is not kept: in the journal, and to those who share it.
func (m *Mapping) letGo() {
	m.mu.Lock()
	m.over = true
	m.settle()
	gw, hs, closed := m.gw, slices.Clone(m.held), m.closed
	m.mu.Unlock()
	if gw == nil || closed {
		return
	}
	if gw.journal != nil && m.client != nil {
		gw.journal.letGo(context.Background(), hs, m.client.appear())
	}
	for _, h := range hs {
		for _, x := range gw.holders.of(m, gw, h.key()) {
			x.wake()
		}
	}
}

// at is where peers reach h.
func (m *Mapping) at(h held) netip.AddrPort {
	return netip.AddrPortFrom(m.address, h.External.Port())
}

// tell tells what happened on the gateway itself. Whoever is reached by another one sees its address and port.
func (m *Mapping) tell(e Event) {
	if outer := m.beyond(); outer != nil {
		if e.Kind == AddressChanged {
			return // not the one that peers call
		}
		if e.Entry.Protocol != "" {
			e.Entry = lead(e.Entry, outer.last())
		}
	}
	m.send(e)
}

func (m *Mapping) send(e Event) {
	e.Time = time.Now()
	if e.Verdict == "" && (e.Kind == Mapped || e.Kind == AddressChanged) {
		e.Verdict = m.Verdict()
	}
	m.events.send(e)
}
