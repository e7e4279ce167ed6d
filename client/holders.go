package client

import (
	"context"
	"slices"
	"sync"
	"time"
)

// holders are the mappings of one program by the entries that they hold, in the order in which they came: several may lead through one entry, and it is
// closed with the last of them. All that a Client does, and the gateways that it finds, has the same ones. A nil one knows of nobody.
type holders struct {
	mu sync.Mutex // never held together with that of a Mapping
	by map[Key][]*Mapping
}

// note writes down that m holds the entries now, and not those of before any more.
func (s *holders) note(m *Mapping, before, now []held) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	has := func(hs []held, k Key) bool { return slices.ContainsFunc(hs, func(h held) bool { return h.key() == k }) }
	for _, h := range before {
		if k := h.key(); !has(now, k) {
			s.by[k] = slices.DeleteFunc(s.by[k], func(x *Mapping) bool { return x == m })
			if len(s.by[k]) == 0 {
				delete(s.by, k)
			}
		}
	}
	for _, h := range now {
		if k := h.key(); !slices.Contains(s.by[k], m) {
			if s.by == nil {
				s.by = map[Key][]*Mapping{}
			}
			s.by[k] = append(s.by[k], m)
		}
	}
}

// a holder is a mapping that holds an entry, and goes on to.
type holder struct {
	*Mapping
	held
	kept  bool
	first bool // it came before who asks
}

// of gives those that hold the entry k of gw beside m. What has ended by itself, as nobody kept it, is nobody's.
func (s *holders) of(m *Mapping, gw *peer, k Key) (all []holder) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	ms := slices.Clone(s.by[k])
	s.mu.Unlock()
	first := true
	for _, x := range ms {
		if x == m {
			first = false
		} else if h, kept, ok := x.holds(gw, k); ok {
			all = append(all, holder{x, h, kept, first})
		}
	}
	return all
}

// holds gives the entry k of gw as m holds it, and whether m keeps it.
func (m *Mapping) holds(gw *peer, k Key) (h held, kept, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.held, func(h held) bool { return h.key() == k })
	if i < 0 || m.closed || m.gw.id() != gw.id() {
		return held{}, false, false
	}
	h, kept = m.held[i], m.kept()
	return h, kept, kept || h.ends.IsZero() || time.Now().Before(h.ends)
}

// spare tells whether the entry that is to be want is left to another than m: one that came before keeps it, or one wants it to stay longer.
func (s *holders) spare(m *Mapping, gw *peer, want PortMapping) bool {
	return slices.ContainsFunc(s.of(m, gw, want.Key()), func(x holder) bool {
		if x.kept {
			return x.first
		}
		return outlasts(x.ends, want.Lease)
	})
}

// lead tells whether another mapping than m has opened the entry that is to be want, and it leads there.
func (s *holders) lead(m *Mapping, gw *peer, want PortMapping) bool {
	return slices.ContainsFunc(s.of(m, gw, want.Key()), func(x holder) bool {
		return !x.lost && x.known(time.Now()) && x.Internal.Port() == want.InternalPort && x.Internal.Addr().String() == want.InternalClient
	})
}

// handOver gives the entry h, which is ours, to another mapping that leads through it, of this program or another one, and tells whether there is one.
func (p *planner) handOver(ctx context.Context, h held) bool {
	if p.self == nil {
		return false // it is to go whoever has it
	}
	heirs := slices.DeleteFunc(p.holders.of(p.self, p.gw, h.key()), func(x holder) bool { return x.Internal != h.Internal })
	step := Step{Action: "hand over", Outcome: "another mapping of this program has it"}
	switch {
	case slices.ContainsFunc(heirs, func(x holder) bool { return !x.Shared }):
	case len(heirs) > 0:
		p.gw.journal.letGo(ctx, []held{h}, p.own())
		heirs[0].inherit(h)
	case p.gw.journal.handOver(ctx, h):
		step.Outcome = "another process has it"
	default:
		return false
	}
	p.note(step, PortMapping{Protocol: h.Protocol, ExternalPort: h.External.Port()}, time.Now())
	return true
}

// inherit makes an entry that m shared its own. A keeper takes it up by itself, as only it changes what is held then, and renews it at once.
func (m *Mapping) inherit(h held) {
	m.mu.Lock()
	m.estate = append(m.estate, h)
	kept := m.kept()
	if !kept {
		m.settle()
	}
	m.mu.Unlock()
	if kept {
		m.wake()
	} else {
		m.record()
	}
}

// takeUp takes up what was handed over.
func (m *Mapping) takeUp() {
	m.mu.Lock()
	changed := m.settle()
	m.mu.Unlock()
	if changed {
		m.record()
	}
}

// settle is takeUp for who holds mu, and tells whether there was anything.
func (m *Mapping) settle() (changed bool) {
	for _, h := range m.estate {
		if i := slices.IndexFunc(m.held, func(x held) bool { return x.Shared && x.key() == h.key() && x.Internal == h.Internal }); i >= 0 {
			h.External, h.Shared, h.renew = m.held[i].External, false, time.Now()
			m.held[i], changed = h, true
		}
	}
	m.estate = nil
	return changed
}

// wake lets the keeper of m, if there is one, look at once.
func (m *Mapping) wake() {
	m.mu.Lock()
	signs := m.signs
	m.mu.Unlock()
	if signs != nil {
		m.client.tellOne(signs, sign{})
	}
}
