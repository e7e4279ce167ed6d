package emulator

import "fmt"

// Act does a now, as a timeline would, and returns when it has been done; of a reboot, what comes after its downtime happens later.
// The error is about an action that this gateway cannot do, or
// ErrClosed.
func (g *Gateway) Act(a Action) error {
	if err := firstProblem(func(report report) { a.problems(g.options.glossary(), nil, report) }); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if g.isClosed() {
		return ErrClosed
	}
	g.perform("", a)
	g.outbox.flush()
	return nil
}
