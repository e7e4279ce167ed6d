package emulator

import (
	"fmt"
	"slices"
)

// maxFaults bounds what can be added to a running gateway.
const maxFaults = 1000

// AddFault lets f act from now on, after those that are there already: its counts and its clock begin now. Without a name it gets one.
// The error is a [Problem], or that the name is taken. f must not be changed afterwards.
func (g *Gateway) AddFault(f Fault) (err error) {
	o := g.options
	o.Faults = nil
	known := o.glossary()
	g.do(func(s *state) {
		if slices.ContainsFunc(s.faults.all, func(other *fault) bool { return other.Name == f.Name }) {
			err = fmt.Errorf("emulator: there is a fault %s already", f.Name)
			return
		}
		if len(s.faults.all) >= maxFaults {
			err = fmt.Errorf("emulator: %d faults are enough", maxFaults)
			return
		}
		if p := f.firstProblem(known, s.faults.faults()); p != nil {
			err = fmt.Errorf("emulator: fault: %w", p)
			return
		}
		added := s.faults.start(f, s.now)
		g.journal.add(Entry{Time: s.now, Kind: "fault.added", Name: added.Name, Details: Details{{"layer", string(f.On)}, {"do", added.words}}})
	})
	return err
}

// firstProblem is what is wrong with f beside others; nil when nothing is.
func (f Fault) firstProblem(known glossary, others []Fault) error {
	var first error
	report := func(at []any, didYouMean, format string, args ...any) {
		if first == nil {
			first = Problem{slices.Clone(at), fmt.Sprintf(format, args...), didYouMean}
		}
	}
	f.problems(known, nil, report)
	f.conflicts(others, nil, report)
	return first
}

// RemoveFault takes away the faults of a name, and reports whether there were any. Those of one quirk share its name.
func (g *Gateway) RemoveFault(name string) (removed bool) {
	return g.removeFaults(func(f *fault) bool { return f.Name == name })
}

// ClearFaults takes away all faults.
func (g *Gateway) ClearFaults() { g.removeFaults(func(*fault) bool { return true }) }

func (g *Gateway) removeFaults(which func(*fault) bool) (removed bool) {
	g.do(func(s *state) {
		for _, f := range s.faults.all {
			if which(f) {
				removed = true
				g.journal.add(Entry{Time: s.now, Kind: "fault.removed", Name: f.Name})
			}
		}
		s.faults.stop(which)
	})
	return removed
}

// Faults are those of the gateway, in the order in which they are asked, with the names they go by. What they hold must not be changed.
func (g *Gateway) Faults() (all []Fault) {
	g.do(func(s *state) { all = s.faults.faults() })
	return all
}
