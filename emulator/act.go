package emulator

import "fmt"

// Act does a now, as a timeline would, and returns when it has been done; of a reboot, what comes after its downtime happens later.
// The error is about an action that this gateway cannot do.
func (g *Gateway) Act(a Action) error {
	o := g.options
	o.Timeline = []Moment{{At: new(Duration), Do: []Action{a}}}
	if all := o.Problems(); len(all) > 0 {
		p := all[0]
		p.At = p.At[min(len(p.At), len([]any{"timeline", 0, "do", 0})):] // from a
		return fmt.Errorf("emulator: %w", p)
	}
	if a.WAN < 0 || a.WAN >= len(o.WAN) {
		return fmt.Errorf("emulator: gateway %s has no connection %d", g.Name(), a.WAN)
	}
	g.perform("", a)
	g.outbox.flush()
	return nil
}
