package emulator

// sequence is the mapping table in the order of GetGenericPortMappingEntry: entries keep the order in which they were added,
// and those behind a deleted one move up. Append, remove and at are O(log n), because a device that walks an array
// collapses at some hundred mappings.
type sequence struct {
	slots []*entry // nil where an entry was removed
	tree  []int    // a Fenwick tree: live entries below each slot; tree[0] is unused
	live  int
}

func (s *sequence) append(e *entry) {
	if len(s.slots) >= 64 && s.live < len(s.slots)/2 {
		s.compact()
	}
	e.slot = len(s.slots)
	s.slots = append(s.slots, e)
	s.live++
	if len(s.tree) == 0 {
		s.tree = append(s.tree, 0)
	}
	// A new node covers its own slot and the nodes below it.
	i := len(s.tree)
	n := 1
	for j := i - 1; j > i-i&-i; j -= j & -j {
		n += s.tree[j]
	}
	s.tree = append(s.tree, n)
}

func (s *sequence) remove(e *entry) {
	s.slots[e.slot] = nil
	s.live--
	for i := e.slot + 1; i < len(s.tree); i += i & -i {
		s.tree[i]--
	}
}

// at is the entry with n live ones before it, nil when there are not so many.
func (s *sequence) at(n int) *entry {
	if n < 0 || n >= s.live {
		return nil
	}
	pos, step := 0, 1
	for step*2 < len(s.tree) {
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if next := pos + step; next < len(s.tree) && s.tree[next] <= n {
			n -= s.tree[next]
			pos = next
		}
	}
	return s.slots[pos]
}

// all yields the live entries in order. The sequence must not change meanwhile.
func (s *sequence) all(yield func(*entry) bool) {
	for _, e := range s.slots {
		if e != nil && !yield(e) {
			return
		}
	}
}

func (s *sequence) compact() {
	old := s.slots
	*s = sequence{slots: make([]*entry, 0, 2*s.live), tree: make([]int, 0, 2*s.live+1)}
	for _, e := range old {
		if e != nil {
			s.append(e)
		}
	}
}
