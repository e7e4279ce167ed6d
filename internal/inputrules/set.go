package inputrules

import (
	"bytes"
	"slices"
)

// set is a set or a map.
type set struct {
	fields   []int // lengths of the parts of a concatenation, in bytes without padding; none: one part, or parts that are not ranges
	interval bool
	elements []element
	ends     [][]byte // of intervals, the first key behind each, until the set is complete
}

// element is a key, or a range of keys. Both ends belong to it.
type element struct {
	from, to    []byte
	rest        bool // it stands for every key that no other element has
	conditional bool // it has a limit or a quota of its own
	value       []byte
	verdict     *ruleVerdict
}

const (
	setInterval = 0x4  // NFT_SET_INTERVAL
	setObject   = 0x40 // NFT_SET_OBJECT
	elementEnd  = 0x1  // NFT_SET_ELEM_INTERVAL_END
	elementRest = 0x2  // NFT_SET_ELEM_CATCHALL
)

// add takes an element from a dump.
func (s *set) add(a attributes) {
	e := element{from: a.data(1), to: a.data(10), value: a.data(2)}
	flags := a.number(3)
	e.rest = flags&elementRest != 0
	if flags&elementEnd != 0 {
		s.ends = append(s.ends, e.from)
		return
	}
	if v, ok := a.verdict(2); ok {
		e.verdict = &v
	}
	e.conditional = a.has(9) // an object
	if b, ok := a[7]; ok {
		e.conditional = e.conditional || !countsOnly(b)
	}
	for _, b := range nested(a[11]) {
		e.conditional = e.conditional || !countsOnly(b)
	}
	if e.from == nil && !e.rest {
		e.conditional = true
	}
	s.elements = append(s.elements, e)
}

// countsOnly tells that an expression of an element never keeps it from matching.
func countsOnly(b []byte) bool {
	kind := parse(b).text(1)
	return kind == "counter" || kind == "last"
}

// complete gives intervals their ends: the kernel lists each as its first key and the first key behind it. The last may have no end.
func (s *set) complete() {
	slices.SortFunc(s.ends, bytes.Compare)
	for i := range s.elements {
		e := &s.elements[i]
		switch {
		case e.rest || e.to != nil || e.from == nil:
		case !s.interval || s.fields != nil:
			e.to = e.from
		default:
			at, _ := slices.BinarySearchFunc(s.ends, e.from, func(end, from []byte) int {
				if bytes.Compare(end, from) <= 0 {
					return -1
				}
				return 1
			})
			if e.to = bytes.Repeat([]byte{0xff}, len(e.from)); at < len(s.ends) {
				e.to = before(s.ends[at])
			}
		}
	}
	s.ends = nil
}

// before is the key before one that is not the first.
func before(key []byte) []byte {
	k := slices.Clone(key)
	for i := len(k) - 1; i >= 0; i-- {
		if k[i]--; k[i] != 0xff {
			break
		}
	}
	return k
}

// found is what a lookup may find.
type found struct {
	match    truth
	elements []*element // one of these, when there is a match
}

// lookup looks for what begins at a place of the registers.
func (s *set) lookup(r *registers, at int, w world) found {
	var may, some []*element
	var rest *element
	addresses := uint64(0)
	for i := range s.elements {
		e := &s.elements[i]
		if e.rest {
			rest = e
			continue
		}
		switch is, n := s.matches(r, at, e); {
		case is == no:
		case n > 0:
			addresses += n
			some = append(some, e)
		case is == yes && !e.conditional:
			return found{yes, []*element{e}}
		default:
			may = append(may, e)
		}
	}
	if addresses > 0 && w.few(addresses) != no { // many small networks may make a large one
		may = append(may, some...)
	}
	switch {
	case rest != nil && !rest.conditional:
		return found{yes, append(may, rest)}
	case rest != nil:
		return found{maybe, append(may, rest)}
	case len(may) > 0:
		return found{maybe, may}
	}
	return found{}
}

// matches compares a key part by part. some is how many addresses of the Internet it names, where that is what decides; 0: it is not.
func (s *set) matches(r *registers, at int, e *element) (is truth, some uint64) {
	fields := s.fields
	if fields == nil && (len(e.from) <= 4 || s.interval) {
		fields = []int{len(e.from)}
	}
	if fields == nil { // the words of a concatenation, or of something long
		for left := len(e.from); left > 0; left -= 4 {
			fields = append(fields, min(4, left))
		}
	}
	is, offset := yes, 0
	for _, size := range fields {
		if size <= 0 || offset+size > len(e.from) || offset+size > len(e.to) {
			return maybe, 0
		}
		t, n := r.within(at+offset, e.from[offset:offset+size], e.to[offset:offset+size])
		if is = and(is, t); is == no {
			return no, 0
		}
		some = max(some, n)
		offset += (size + 3) &^ 3
	}
	return is, some
}
