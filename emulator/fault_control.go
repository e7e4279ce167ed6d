package emulator

import (
	"fmt"
	"slices"
)

// maxFaults bounds what a gateway does wrong.
const maxFaults = 1000

// Faults are what g does wrong now, in the order in which they are asked, with the names they go by. What they hold must not be
// changed.
func (g *Gateway) Faults() (all []Fault) {
	g.do(func(s *state) { all = s.faults.faults() })
	return all
}

// AddFault lets g do something else wrong from now on: all of these, after those that it has. Their counts and clocks begin now, and
// those without a name get one. The error is a [Problem], that a name is taken, or ErrClosed; then none is added. They must not be changed
// afterwards.
func (g *Gateway) AddFault(faults ...Fault) error {
	o := g.options
	o.Faults = faults
	known := o.glossary()
	var refused error
	err := g.alter(func(s *state) {
		if refused = s.faults.refuse(faults, known); refused != nil {
			return
		}
		for _, f := range faults {
			added := s.faults.start(f, s.now)
			g.journal.add(Entry{Time: s.now, Kind: "fault.added", Name: added.Name, Details: Details{{"layer", string(f.On)}, {"do", added.words}}})
		}
	})
	if refused != nil {
		return fmt.Errorf("emulator: %w", refused)
	}
	return err
}

// refuse is why more faults cannot be added; nil when they can.
func (s *faults) refuse(more []Fault, known glossary) error {
	if len(s.all)+len(more) > maxFaults {
		return fmt.Errorf("more than %d faults", maxFaults)
	}
	there := s.faults()
	return firstProblem(func(report report) {
		for i, f := range more {
			at := []any{"faults", i}
			if f.Name != "" && slices.ContainsFunc(there, func(other Fault) bool { return other.Name == f.Name }) {
				report(below(at, "name"), "", "there is a fault %s already", f.Name)
			}
			f.problems(known, at, report)
			f.conflicts(there, "", at, report)
			f.conflicts(more[:i], "faults", at, report)
		}
	})
}

// RemoveFault lets g do right what the faults of that name do wrong, and reports whether there were any. Those of one quirk share its
// name.
func (g *Gateway) RemoveFault(name string) (found bool) {
	return g.removeFaults(func(f *fault) bool { return f.Name == name })
}

// ClearFaults takes away all faults.
func (g *Gateway) ClearFaults() { g.removeFaults(func(*fault) bool { return true }) }

func (g *Gateway) removeFaults(which func(*fault) bool) (found bool) {
	_ = g.alter(func(s *state) {
		for _, f := range s.faults.all {
			if which(f) {
				found = true
				g.journal.add(Entry{Time: s.now, Kind: "fault.removed", Name: f.Name})
			}
		}
		s.faults.stop(which)
	})
	return found
}
