package client

import (
	"context"
	"errors"
	"net/netip"
)

// BeyondEvidence is what [CheckBeyond] saw: the gateway that ours stands behind, as [Gateway.Beyond] finds it.
type BeyondEvidence struct {
	Gateway  *Gateway       // nil when none answers
	External netip.Addr     // of it; zero when it has or tells none
	Verdict  AddressVerdict // on External
	Asked    []netip.Addr   // where it was looked for, when none answers
}

func (*BeyondEvidence) evidence() {}

// beyond looks for the gateway that ours stands behind, when the address of ours says that there is one. It changes nothing there.
func (d *diagnosis) beyond(ctx context.Context) {
	if !behind(d.external) {
		return
	}
	began := d.begin(CheckBeyond)
	e := &BeyondEvidence{Verdict: Unknown}
	c := Check{ID: CheckBeyond, Evidence: e, Outcome: Sound}
	outer, err := d.gateway.Beyond(ctx)
	if err == nil {
		t := outer.Truth(ctx)
		e.Gateway, e.External, e.Verdict = outer, t.External, t.Verdict
		if e.Verdict != Public {
			c.Outcome, c.Problem, c.Err = Doubtful, ProblemBehindToo, t.Err
		}
	} else {
		c.Outcome, c.Problem, c.Err = Doubtful, ProblemNoneBeyond, err
		if errors.Is(err, errNoHop) {
			c.Outcome, c.Problem = Skipped, ProblemNoWay
		}
		if through, ok := errors.AsType[*ThroughError](err); ok {
			e.Asked = through.Asked
		}
	}
	d.tell(ctx, c, began)
}
