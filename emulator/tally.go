package emulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Tally counts what expectations are about while it happens, so that no length of journal is too much. Several gateways may share
// one, by Options.Tally: their entries then count together. Its methods may be called from any goroutine.
type Tally struct {
	mu     sync.Mutex
	counts []*count
}

// NewTally returns a Tally of these expectations. The error says which of them makes no sense, and why.
func NewTally(expect ...Expectation) (*Tally, error) {
	var t Tally
	for i, e := range expect {
		if problems := e.Problems(); len(problems) > 0 {
			return nil, fmt.Errorf("emulator: expectation %d: %w", i+1, problems[0])
		}
		t.counts = append(t.counts, &count{expect: e, subject: e.subject()})
	}
	return &t, nil
}

// Note counts e if it is expected. A gateway with this Tally calls it.
func (t *Tally) Note(e Entry) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.counts {
		c.note(e)
	}
}

// Reset begins again, as if nothing had been seen.
func (t *Tally) Reset() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range t.counts {
		t.counts[i] = &count{expect: c.expect, subject: c.subject}
	}
}

// Unmet are the expectations that have not come true by now, in their order.
func (t *Tally) Unmet() []Unmet {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Unmet
	for _, c := range t.counts {
		least, most := c.expect.bounds()
		switch {
		case c.seen < least:
			all = append(all, Unmet{c.expect.String(), c.seen, append([]NearMiss{}, c.near...)})
		case most >= 0 && c.seen > most:
			all = append(all, Unmet{c.expect.String(), c.seen, append([]NearMiss{}, c.surplus...)})
		}
	}
	return all
}

// shownNear is how many entries explain an expectation that did not come true.
const shownNear = 3

// count is what was seen of one expectation.
type count struct {
	expect  Expectation
	subject subject
	passed  int        // how often Expectation.After has happened
	since   Entry      // the time when it had happened often enough
	seen    int        // entries that are as expected
	near    []NearMiss // the nearest of the others, nearest first
	surplus []NearMiss // the first that were too many
}

func (c *count) note(e Entry) {
	if name, ok := c.subject.name(e); ok {
		switch miss := c.miss(name, e); {
		case miss != nil:
			c.keep(*miss)
		default:
			c.seen++
			if _, most := c.expect.bounds(); most >= 0 && c.seen > most && len(c.surplus) < shownNear {
				c.surplus = append(c.surplus, NearMiss{Entry: e})
			}
		}
	}
	if after := c.expect.After; c.passed < after.count() && after.is(e) {
		if c.passed++; c.passed == after.count() {
			c.since = e
		}
	}
}

// keep remembers m if it is nearer than what is remembered, or as near and earlier. Entries of another name are worth showing only
// while there are none of the right one.
func (c *count) keep(m NearMiss) {
	if m.distance < otherName {
		c.near = slices.DeleteFunc(c.near, func(n NearMiss) bool { return n.distance >= otherName })
	} else if len(c.near) > 0 && c.near[0].distance < otherName {
		return
	}
	i, _ := slices.BinarySearchFunc(c.near, m, func(a, b NearMiss) int {
		if a.distance <= b.distance {
			return -1
		}
		return 1
	})
	if i < shownNear {
		c.near = slices.Insert(c.near, i, m)
		c.near = c.near[:min(len(c.near), shownNear)]
	}
}

// Unmet is an expectation that has not come true.
type Unmet struct {
	Expectation string     `json:"expectation"` // as a sentence
	Seen        int        `json:"seen"`        // entries that were as expected
	Near        []NearMiss `json:"near"`        // at most three: what came nearest, or when there were too many, the first beyond
}

// NearMiss is an entry that was not as expected.
type NearMiss struct {
	Entry   Entry    `json:"entry"`
	Differs []string `json:"differs,omitempty"` // in what: "NewLeaseDuration is 3600, not 0"; empty when it was one too many

	distance int
}

// String says in lines what was expected and what was seen instead.
func (u Unmet) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "expected: %s\n     saw: %s", u.Expectation, u.sawText())
	for _, n := range u.Near {
		word := "    near"
		if len(n.Differs) == 0 {
			word = "surplus"
		}
		fmt.Fprintf(&b, "\n%8s: %v", word, n.Entry)
		for _, d := range n.Differs {
			fmt.Fprintf(&b, "\n          %s", d)
		}
	}
	return b.String()
}

func (u Unmet) sawText() string {
	switch {
	case u.Seen == 0 && len(u.Near) == 0:
		return "nothing like it"
	case u.Seen == 0:
		return "none"
	}
	return fmt.Sprint(u.Seen)
}

// UnmetError says which expectations have not come true.
type UnmetError struct {
	Unmet []Unmet
	Cause error // why there was no more waiting; nil: nobody waited
}

func (e *UnmetError) Unwrap() error { return e.Cause }

func (e *UnmetError) Error() string {
	if len(e.Unmet) == 0 {
		return "emulator: every expectation came true"
	}
	u := e.Unmet[0]
	text := fmt.Sprintf("emulator: expected %s; saw %s", u.Expectation, u.sawText())
	if n := len(e.Unmet) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}
