package client

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Step is one thing that was asked of the gateway on the way to a mapping, and what came
// of it.
type Step struct {
	Action   string        // the action's name as in WANIPConnection, "Find" for a search, or "table" for a listing that is read for all mappings
	Protocol string        // "TCP" or "UDP"; empty when the step is not about an entry
	Port     uint16        // the external port; 0 when the step is not about an entry
	Lease    time.Duration // asked for by an add; 0 is permanent
	Outcome  string        // one or two words: what the planner made of it
	Known    bool          // nothing was sent: the answer was seconds old
	At       time.Time
	Took     time.Duration
	Err      error // what the gateway or the network answered, nil for a plain success
}

// String is the step as one line for people.
func (s Step) String() string {
	out := s.Action
	if s.Port != 0 {
		out += fmt.Sprintf(" %d/%s", s.Port, s.Protocol)
	}
	out += ": " + s.Outcome
	if s.Err != nil {
		out += " (" + s.Err.Error() + ")"
	}
	return out
}

// traceLimit bounds the memory of a mapping that is kept for months.
const traceLimit = 128

// trace collects steps, the last traceLimit of them.
type trace struct {
	mu    sync.Mutex
	steps []Step
}

func (t *trace) add(s Step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.steps) >= traceLimit {
		t.steps = slices.Delete(t.steps, 0, traceLimit/4)
	}
	t.steps = append(t.steps, s)
}

func (t *trace) all() []Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.steps)
}
