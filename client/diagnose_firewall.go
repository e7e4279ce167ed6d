package client

import (
	"context"
	"slices"
)

// FirewallEvidence is what [CheckFirewall] saw.
type FirewallEvidence struct {
	Firewalls []Firewall // that seem to be at work
	Known     bool       // the system tells what filters it has
	Swallowed bool       // the gateway answers searches by unicast and not by multicast, as behind a filter that knows no multicast
}

func (*FirewallEvidence) evidence() {}

// firewall judges by what the machine tells and by whose answers arrive. A filter that keeps state takes an answer for one only
// when it comes from the address that was asked: from a group none does.
func (d *diagnosis) firewall(ctx context.Context, multicast Check) {
	began := d.begin(CheckFirewall)
	e := &FirewallEvidence{Swallowed: multicast.Problem == ProblemOnlyUnicast}
	if m := d.want.Machine; m != nil {
		e.Firewalls, e.Known = m.Firewalls, m.FirewallsKnown
	}
	c := Check{ID: CheckFirewall, Evidence: e, Outcome: Sound}
	sure := slices.ContainsFunc(e.Firewalls, func(f Firewall) bool { return f.Name == "ufw" || f.Name == "firewalld" })
	switch {
	case e.Swallowed:
		c.Outcome, c.Problem = Doubtful, ProblemAnswersSwallowed
	case sure:
		c.Outcome, c.Problem = Doubtful, ProblemFirewallActive
	case !e.Known || len(e.Firewalls) > 0:
		c.Outcome, c.Problem = Untold, ProblemFirewallHidden
	}
	d.tell(ctx, c, began)
}
