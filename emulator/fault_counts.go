package emulator

// maxTallies bounds what one fault remembers: the mappings that a table can hold.
const maxTallies = maxMappings

// memory is what is known of matters. Twice maxTallies matters at most are remembered: when so many are new, the older ones are
// forgotten.
type memory[T any] struct{ young, old map[matter]T }

// get is what was put there last, or the zero value.
func (t *memory[T]) get(m matter) T {
	if v, ok := t.young[m]; ok {
		return v
	}
	return t.old[m]
}

func (t *memory[T]) put(m matter, v T) {
	if _, ok := t.young[m]; !ok {
		delete(t.old, m)
		if len(t.young) >= maxTallies {
			t.young, t.old = nil, t.young
		}
		if t.young == nil {
			t.young = map[matter]T{}
		}
	}
	t.young[m] = v
}

func (t *memory[T]) forget(m matter) {
	delete(t.young, m)
	delete(t.old, m)
}

// tallies count by matter.
type tallies struct{ memory[int] }

// add counts m once more.
func (t *tallies) add(m matter) int {
	n := t.get(m) + 1
	t.put(m, n)
	return n
}

func (t *tallies) has(m matter) bool { return t.get(m) > 0 }
