package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// A mapping with Request.Through leads through several gateways: on each that has a private or shared address, another Mapping on the
// gateway that it stands behind leads to it, up to maxLevels. The inner one owns the outer one.

// beyond is the mapping on the gateway that ours stands behind; nil when there is none.
func (m *Mapping) beyond() *Mapping {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.outer
}

func (m *Mapping) setOuter(outer *Mapping) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outer = outer
}

// leadsOn tells whether the mapping has to go on beyond its gateway.
func (m *Mapping) leadsOn() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.req.Through && len(m.held) > 0 && leadsOn(m.gw.depth, m.address) && m.gw.beyond != nil
}

// outward is the mapping on the gateway beyond, which is not open yet: it leads to the port that is open on ours.
func (m *Mapping) outward() *Mapping {
	m.mu.Lock()
	req := m.req
	req.InternalClient, req.InternalPort = m.address, m.held[0].External.Port()
	m.mu.Unlock()
	outer := newMapping(req, Options{Rand: m.rand}, func(ctx context.Context, stale *peer) (*peer, error) {
		m.mu.Lock()
		gw := m.gw
		m.mu.Unlock()
		return gw.beyond(ctx, stale)
	})
	outer.client, outer.unheard = m.client, true
	return outer
}

// reachedBy tells whether an outer mapping still leads to what is open here.
func (m *Mapping) reachedBy(outer *Mapping) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return outer.req.InternalClient == m.address && outer.req.InternalPort == m.held[0].External.Port()
}

// openOuter opens the way through the gateways beyond, once. One that was known and does not answer is searched anew.
func (m *Mapping) openOuter(ctx context.Context) error {
	if !m.leadsOn() {
		return nil
	}
	outer := m.outward()
	var stale *peer
	for {
		p, err := outer.find(ctx, stale)
		if err != nil {
			return err
		}
		outer.use(p)
		err = outer.openOnce(ctx)
		if err == nil {
			break
		}
		if stale != nil || !unanswered(err) || ctx.Err() != nil {
			if _, further := errors.AsType[*ThroughError](err); further || ctx.Err() != nil {
				return err
			}
			return &ThroughError{External: m.address, Outer: p.host(), Err: err}
		}
		stale = p
	}
	for len(outer.events.ch) > 0 {
		<-outer.events.ch // told as ours
	}
	m.setOuter(outer)
	return nil
}

// closeOuter closes the way through the gateways beyond. It has half of the time that Close has.
func (m *Mapping) closeOuter(ctx context.Context) error {
	outer := m.beyond()
	if outer == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout/2)
	defer cancel()
	err := outer.Close(ctx)
	if err != nil {
		return &ThroughError{External: outer.req.InternalClient, Outer: outer.host(), Err: err}
	}
	m.setOuter(nil)
	return nil
}

// arrange makes the way beyond fit what is open here: it is begun, kept, begun anew when it leads to where we are no longer, and ended
// when our gateway has a public address.
func (k *keeper) arrange(ctx context.Context) {
	if !k.req.Through || len(k.held) == 0 || !k.address.IsValid() {
		return // where our gateway has lost its address, another one or the same may come
	}
	leadsOn, outer := k.leadsOn(), k.beyond()
	if outer != nil && (!leadsOn || !k.reachedBy(outer)) {
		if err := k.closeOuter(ctx); err != nil {
			k.send(Event{Kind: Retrying, Err: fmt.Errorf("what led through the outer gateway before could not be closed: %w", err)})
		}
		k.setOuter(nil)
		outer = nil
		if !leadsOn {
			k.announce()
		}
	}
	if !leadsOn || k.kept == outer && outer != nil {
		return
	}
	if outer == nil {
		outer = k.outward()
		k.setOuter(outer)
	}
	k.kept = outer
	outer.Keep(ctx)
	k.forwards.Go(func() { k.forward(outer) })
}

// forward tells what happens beyond, until that ends.
func (m *Mapping) forward(outer *Mapping) {
	opened := outer.opened
	for {
		select {
		case <-opened:
			m.whole()
			opened = nil
		case e, more := <-outer.Events():
			switch {
			case !more:
				return
			case e.Kind == Failed:
				continue
			case e.Entry.Protocol != "":
				e.Entry = m.reached(e.Entry)
			}
			m.send(e)
		}
	}
}

// reached is our entry as it is reached by an outer one.
func (m *Mapping) reached(outer Entry) Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.held {
		if h.Protocol == outer.Protocol {
			return lead(h.Entry, []Entry{outer})
		}
	}
	return outer
}

// last are the entries as they are or were last, as peers see them.
func (m *Mapping) last() []Entry {
	m.mu.Lock()
	var out []Entry
	for _, h := range m.held {
		out = append(out, h.Entry)
	}
	outer := m.outer
	m.mu.Unlock()
	if outer == nil {
		return out
	}
	for i, e := range out {
		out[i] = lead(e, outer.last())
	}
	return out
}

// through are the inner entries that an outer one leads to.
func through(inner, outer []Entry) (out []Entry) {
	for _, in := range inner {
		for _, o := range outer {
			if o.Protocol == in.Protocol {
				out = append(out, lead(in, []Entry{o}))
			}
		}
	}
	return out
}

// lead is the inner entry as it is reached by the outer one of its protocol: from its address, until the first of them ends, and
// Shared when all are: otherwise Close ends it.
func lead(inner Entry, outer []Entry) Entry {
	for _, o := range outer {
		if o.Protocol != inner.Protocol {
			continue
		}
		inner.External = o.External
		inner.Verified, inner.Disabled = inner.Verified && o.Verified, inner.Disabled || o.Disabled
		inner.Shared = inner.Shared && o.Shared
		if !o.Expires.IsZero() && (inner.Expires.IsZero() || o.Expires.Before(inner.Expires)) {
			inner.Expires, inner.Lease = o.Expires, o.Lease
		}
	}
	return inner
}

// host is the address of the gateway as it is asked; zero when it is not known.
func (p *peer) host() netip.Addr {
	if g, ok := p.actions.(*Gateway); ok {
		return g.Responder.Unmap()
	}
	return netip.Addr{}
}

func (m *Mapping) host() netip.Addr {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gw == nil {
		return netip.Addr{}
	}
	return m.gw.host()
}
