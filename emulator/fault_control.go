package emulator

import "fmt"

// Faults are what g does wrong now, in the order in which they are asked. Each has a name.
func (g *Gateway) Faults() (all []Fault) {
	g.do(func(s *state) {
		for _, f := range s.faults.all {
			all = append(all, f.Fault)
		}
	})
	return all
}

// AddFault lets g do something else wrong from now on: all of these, after those that it has. The error is about a fault that makes no
// sense; then none is added.
func (g *Gateway) AddFault(faults ...Fault) (err error) {
	g.do(func(s *state) {
		o := g.options
		o.Faults = nil
		for _, f := range s.faults.all {
			o.Faults = append(o.Faults, f.Fault)
		}
		before := len(o.Faults)
		o.Faults = append(o.Faults, faults...)
		for _, p := range o.Problems() {
			if len(p.At) > 1 && p.At[0] == "faults" {
				if i, ok := p.At[1].(int); ok && i >= before {
					p.At = append([]any{"faults", i - before}, p.At[2:]...)
				}
			}
			err = fmt.Errorf("emulator: %w", p)
			return
		}
		for _, f := range faults {
			s.faults.start(f, s.now)
		}
	})
	return err
}

// RemoveFault lets g do right what the faults of that name do wrong, and reports whether there were any.
func (g *Gateway) RemoveFault(name string) (found bool) {
	g.do(func(s *state) { found = s.faults.stop(func(f *fault) bool { return f.Name == name }) })
	return found
}
