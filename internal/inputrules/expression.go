package inputrules

import (
	"bytes"
	"encoding/binary"
)

// expression runs one step and tells whether the rule goes on. The numbers of attributes are those of the enums nft_…_attributes.
func (m *move) expression(e *expression) bool {
	a := e.of
	switch e.kind {
	case "counter", "log", "last", "dup", "flow_offload":
		return true
	case "immediate":
		if v, ok := a.verdict(2); ok {
			m.verdict(v)
			return false
		}
		m.r.put(offset(a.number(1)), a.data(2), nil)
		return true
	case "cmp":
		return m.when(m.compare(offset(a.number(1)), a.number(2), a.data(3)), m.unclear())
	case "range":
		t, n := m.r.within(offset(a.number(1)), a.data(3), a.data(4))
		if n > 0 && t == yes {
			t = m.j.world.few(n)
		}
		if a.number(2) == 1 { // NFT_RANGE_NEQ
			t = not(t)
		}
		return m.when(t, m.unclear())
	case "bitwise":
		m.bitwise(a)
		return true
	case "payload":
		if a.has(5) {
			return m.anything("a rule changes the packet")
		}
		m.j.headers.load(&m.r, offset(a.number(1)), a.number(2), int(min(a.number(3), 1<<16)), int(min(a.number(4), 64)))
		return true
	case "meta":
		return m.meta(a)
	case "ct":
		return m.ct(a)
	case "fib":
		m.fib(a)
		return true
	case "lookup":
		return m.lookup(a)
	case "limit", "connlimit":
		// Of both, one that is alone is under the limit. The flag means: over it.
		inverted := a.number(map[string]uint16{"limit": 5, "connlimit": 2}[e.kind])&1 != 0
		return m.when(known(!inverted), "")
	case "reject":
		m.decide(Reject, m.j.place(m.in, false))
		return false
	case "notrack":
		m.j.untracked = true
		return true
	case "objref":
		return m.object(a)
	case "match":
		return m.match(a)
	case "target":
		return m.target(a)
	case "nat", "redir", "masq", "tproxy":
		return m.anything("a rule sends it elsewhere (" + e.kind + ")")
	case "byteorder", "hash", "numgen":
		m.unknown(a, map[string]uint16{"byteorder": 2, "hash": 2, "numgen": 1}[e.kind])
		return true
	case "exthdr", "rt", "socket", "osf", "xfrm", "tunnel":
		// They give a value, or there is none and the rule ends.
		m.unknown(a, map[string]uint16{"exthdr": 1, "rt": 1, "socket": 2, "osf": 1, "xfrm": 1, "tunnel": 2}[e.kind])
		return m.when(maybe, "a rule asks for "+e.kind)
	case "dynset", "quota":
		return m.when(maybe, "a rule counts ("+e.kind+")")
	}
	return m.anything("a rule has \"" + e.kind + "\"")
}

// unclear says that a value is compared that is not known.
func (m *move) unclear() string { return "a rule compares what is not known" }

// unknown makes the register unknown that an attribute names, or all of them.
func (m *move) unknown(a attributes, kind uint16) {
	at := offset(a.number(kind))
	if at < 0 {
		at = 0
	}
	m.r.forget(at, len(m.r.value)-at)
}

// compare is that of cmp (enum nft_cmp_ops).
func (m *move) compare(at int, op uint32, with []byte) truth {
	among := func(from, to []byte) truth {
		t, n := m.r.within(at, from, to)
		if n > 0 && t == yes {
			return m.j.world.few(n)
		}
		return t
	}
	lowest, highest := make([]byte, len(with)), bytes.Repeat([]byte{0xff}, len(with))
	switch op {
	case 0: // ==
		return among(with, with)
	case 1: // !=
		return not(among(with, with))
	case 2: // <
		return not(among(with, highest))
	case 3: // <=
		return among(lowest, with)
	case 4: // >
		return not(among(lowest, with))
	case 5: // >=
		return among(with, highest)
	}
	return maybe
}

// bitwise masks and flips.
func (m *move) bitwise(a attributes) {
	from, to, n := offset(a.number(1)), offset(a.number(2)), int(a.number(3))
	mask, flip := a.data(4), a.data(5)
	if a.number(6) != 0 || from < 0 || to < 0 || n <= 0 || from+n > 64 || len(mask) != n || len(flip) != n {
		m.unknown(a, 2)
		return
	}
	value, is := make([]byte, n), make([]byte, n)
	for i := range n {
		value[i] = m.r.value[from+i]&mask[i] ^ flip[i]
		is[i] = m.r.known[from+i] | ^mask[i]
	}
	stranger := m.r.stranger[from/4]
	m.r.put(to, value, is)
	if stranger != 0 && n == 4 && from%4 == 0 && to%4 == 0 && bytes.Equal(flip, make([]byte, 4)) {
		m.r.stranger[to/4] = stranger & binary.BigEndian.Uint32(mask)
	}
}

// lookup is that of a set or a map.
func (m *move) lookup(a attributes) bool {
	s := m.j.rules.sets[name{m.in.family, m.in.table, a.text(1)}]
	at := offset(a.number(2))
	if s == nil || at < 0 {
		return m.anything("a set is missing")
	}
	m.j.steps += len(s.elements) / elementsPerStep
	f := s.lookup(&m.r, at, m.j.world)
	t := f.match
	if a.number(5)&1 != 0 { // NFT_LOOKUP_F_INV
		t = not(t)
	}
	if !m.when(t, m.unclear()) || !a.has(3) {
		return t != no
	}
	if to := a.number(3); to != 0 {
		if len(f.elements) == 1 && f.elements[0].value != nil {
			m.r.put(offset(to), f.elements[0].value, nil)
		} else {
			m.unknown(a, 3)
		}
		return true
	}
	switch len(f.elements) {
	case 0:
		return m.anything("a map has no verdict")
	case 1:
	default:
		m.j.doubt(m.in, m.unclear())
	}
	for _, e := range f.elements {
		if e.verdict == nil {
			return m.anything("a map has no verdict")
		}
		m.verdict(*e.verdict)
	}
	return false
}

// object is what a rule does by a name (linux/netfilter/nf_tables.h, NFT_OBJECT_…).
func (m *move) object(a attributes) bool {
	switch a.number(1) {
	case 1, 7, 8, 9: // counter, timeout, security mark, expectation
		return true
	case 3:
		m.j.helped = true
		return true
	}
	return m.when(maybe, "a rule counts (quota, limit or another object)")
}
