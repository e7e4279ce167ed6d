package nat

import (
	"fmt"
	"net/netip"
	"time"
)

// Static is a mapping that stays until it is ended: an entry of an IGD's mapping table. It lets in without regard to filtering.
//
// What answers a packet that came in by it leaves from its port, as long as the flow is alive. What the host sends on its own has a
// mapping like any other, which gets the static one's port only if ports are preserved and the two are equal.
type Static struct {
	External netip.AddrPort // zero address: the NAT's first, or under OneToOne that of Internal; port 0: any that nothing else has
	Internal netip.AddrPort // port 0: the port that it came to
	Remote   netip.Addr     // who may use it; zero: anybody. A mapping for one host goes before one for anybody
}

type staticKey struct {
	external netip.AddrPort
	remote   netip.Addr
}

// Map adds s, in place of one with the same External and Remote. Mappings that packets have made and that have its port end.
func (t *Table) Map(now time.Time, s Static) error {
	t.Expire(now)
	if t.options.Kind == Blocking {
		return fmt.Errorf("nat: %v has no mappings", t.options.Kind)
	}
	key, err := t.key(s)
	if err != nil {
		return err
	}
	if !unicast(s.Internal.Addr()) || s.Remote.IsValid() && !unicast(s.Remote) || s.Internal.Port() == 0 && key.external.Port() != 0 {
		return fmt.Errorf("nat: no static mapping leads from %v to %v for %v", s.External, s.Internal, s.Remote)
	}
	t.unmap(key)
	for at := endOf(key.external); t.external[at] != nil; {
		t.drop(t.external[at], Ended)
	}
	m := &mapping{internal: s.Internal, external: key.external, static: true}
	if s.Remote.IsValid() {
		m.remote = netip.AddrPortFrom(s.Remote, 0)
	}
	t.static[key] = m
	if key.external.Port() != 0 {
		t.reserved[key.external]++
		t.reserve(key.external)
	}
	t.tell(Made, m)
	return nil
}

// Unmap ends the static mapping of that External and Remote, with the flows through it; false: there is none.
func (t *Table) Unmap(now time.Time, s Static) bool {
	t.Expire(now)
	key, err := t.key(s)
	return err == nil && t.unmap(key)
}

func (t *Table) unmap(key staticKey) bool {
	m := t.static[key]
	if m == nil {
		return false
	}
	delete(t.static, key)
	for _, f := range t.entered {
		if f.by == m {
			t.dropFlow(f)
		}
	}
	if key.external.Port() != 0 {
		if t.reserved[key.external]--; t.reserved[key.external] == 0 {
			delete(t.reserved, key.external)
			t.release(key.external)
		}
	}
	t.tell(Ended, m)
	return true
}

// key fills in what s leaves open.
func (t *Table) key(s Static) (staticKey, error) {
	a := s.External.Addr()
	if !a.IsValid() {
		switch t.options.Kind {
		case Plain:
			a = s.Internal.Addr()
		case OneToOne:
			a, _ = t.Bind(s.Internal.Addr())
		case Translating:
			a = t.options.External[0]
		}
	}
	if !unicast(a) || t.options.Kind != Plain && !t.owns(a) {
		return staticKey{}, fmt.Errorf("nat: %v is no external address", s.External)
	}
	return staticKey{netip.AddrPortFrom(a, s.External.Port()), s.Remote}, nil
}

// staticFor is the static mapping at an external end for a remote host; nil: none.
func (t *Table) staticFor(external netip.AddrPort, remote netip.Addr) *mapping {
	if m := t.static[staticKey{external, remote}]; m != nil {
		return m
	}
	return t.static[staticKey{external, netip.Addr{}}]
}

// enterStatic lets p in by m, and remembers that its answers leave the same way.
func (t *Table) enterStatic(m *mapping, p Packet) (netip.AddrPort, Verdict) {
	to := m.internal
	if to.Port() == 0 {
		to = netip.AddrPortFrom(to.Addr(), p.Dst.Port())
	}
	key := ends{endOf(to), endOf(p.Src)}
	switch f := t.entered[key]; {
	case f != nil && f.by == m && f.external == p.Dst:
		if t.renews(Inbound) {
			t.renew(&f.aged)
		}
		return to, Passed
	case f != nil: // the latest way in is the way out
		t.dropFlow(f)
	case !t.room():
		t.refused(to, Full)
		return netip.AddrPort{}, Full
	}
	f := &flow{by: m, remote: key.remote, internal: key.internal, external: p.Dst}
	f.aged.flow = f
	t.age(&f.aged)
	t.entered[key] = f
	return to, Passed
}
