package client

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

const (
	// trialLease is what the trial mapping asks for.
	trialLease = time.Hour
	// firstTrialPort begins the dynamic ports (RFC 6335 §6), which no service is assigned to.
	firstTrialPort = 49152
)

var errNotTold = errors.New("this system does not tell")

// MappingEvidence is what [CheckMapping] saw.
type MappingEvidence struct {
	Protocol string
	Entries  []Entry // that were opened
	Trace    []Step  // everything that was asked of the gateway
	Up       bool    // the gateway says that it is connected
}

// LeaseEvidence is what [CheckLease] saw.
type LeaseEvidence struct {
	Asked   time.Duration
	Granted Lease
}

// HairpinEvidence is what [CheckHairpin] saw.
type HairpinEvidence struct {
	To   netip.AddrPort // our external address and the port of the trial mapping
	Took time.Duration  // until it arrived
	// KeptOut is where this machine kept it out, whatever the gateway did; nil: it did not, as far as is known.
	KeptOut *Passage
	// LetIn says that this machine let it in, which CheckFirewall could not tell: what came from the gateway, to the trial port.
	LetIn bool
}

// RemovalEvidence is what [CheckRemoval] saw.
type RemovalEvidence struct{ Left []PortMapping } // what is still in the table

func (*MappingEvidence) evidence() {}
func (*LeaseEvidence) evidence()   {}
func (*HairpinEvidence) evidence() {}
func (*RemovalEvidence) evidence() {}

// trial opens a port nobody uses, looks at what came of it, and removes it.
func (d *diagnosis) trial(ctx context.Context) {
	e := &MappingEvidence{Protocol: d.want.Protocol, Up: d.up}
	if d.want.ReadOnly {
		now := time.Now()
		for _, c := range []Check{{ID: CheckMapping, Evidence: e}, {ID: CheckLease, Evidence: &LeaseEvidence{}},
			{ID: CheckHairpin, Evidence: &HairpinEvidence{}}, {ID: CheckRemoval, Evidence: &RemovalEvidence{}}} {
			c.Outcome, c.Problem = Skipped, ProblemReadOnly
			d.tell(ctx, c, now)
		}
		return
	}
	began := d.begin(CheckMapping)
	behind := d.listen(ctx, e.Protocol)
	defer behind.close()
	m, err := d.gateway.Map(ctx, Request{Protocol: e.Protocol, InternalPort: behind.port, Lease: trialLease, AnyPort: true})
	c := Check{ID: CheckMapping, Evidence: e, Outcome: Sound, Err: err}
	if err != nil {
		c.Outcome, c.Problem = Faulty, ProblemNotOpened
		if of, ok := errors.AsType[*MapError](err); ok {
			e.Trace = of.Trace
		}
		d.tell(ctx, c, began)
		return
	}
	closed := false
	defer func() {
		if !closed { // the reader broke off, or ctx ended
			m.Close(context.WithoutCancel(ctx)) // bounded; what stays ends with its lease
		}
	}()
	e.Entries, e.Trace = m.Entries(), m.Trace()
	if !e.Entries[0].Verified {
		c.Outcome, c.Problem = Doubtful, ProblemUnverified
	}
	d.tell(ctx, c, began)
	d.lease(ctx, e.Entries[0])
	d.hairpin(ctx, e.Entries[0], behind)
	if !d.stopped && ctx.Err() == nil {
		closed, d.opens = true, true
		d.removal(ctx, m, e.Entries)
	}
}

// lease judges what was granted.
func (d *diagnosis) lease(ctx context.Context, entry Entry) {
	e := &LeaseEvidence{Asked: trialLease, Granted: entry.Lease}
	c := Check{ID: CheckLease, Evidence: e, Outcome: Sound}
	switch {
	case !e.Granted.Known:
		c.Outcome, c.Problem = Untold, ProblemNotTold
	case e.Granted.Permanent():
		c.Outcome, c.Problem = Doubtful, ProblemForEver
	case e.Granted.Granted < trialLease:
		c.Outcome, c.Problem = Doubtful, ProblemShortened
	}
	d.tell(ctx, c, time.Now())
}

// removal closes the trial mapping and looks whether it is gone: there are gateways that say so and keep it, and some that deny what
// their list shows.
func (d *diagnosis) removal(ctx context.Context, m *Mapping, entries []Entry) {
	began := d.begin(CheckRemoval)
	e := &RemovalEvidence{}
	c := Check{ID: CheckRemoval, Evidence: e, Outcome: Sound}
	if e.Left, c.Err = d.remove(ctx, m, entries); c.Err != nil || len(e.Left) > 0 {
		c.Outcome, c.Problem = Faulty, ProblemNotRemoved
	}
	d.tell(ctx, c, began)
}

// remove closes a mapping of ours. left is what the gateway still shows of it.
func (d *diagnosis) remove(ctx context.Context, m *Mapping, entries []Entry) (left []PortMapping, err error) {
	err = m.Close(context.WithoutCancel(ctx))
	if left = d.left(ctx, entries); len(left) > 0 && err == nil {
		for _, l := range left {
			err = errors.Join(err, d.gateway.DeletePortMapping(ctx, l.Key()))
		}
		left = d.left(ctx, entries)
	}
	return left, err
}

// left are those of our entries that the gateway still shows in any way.
func (d *diagnosis) left(ctx context.Context, entries []Entry) (left []PortMapping) {
	ours := func(m PortMapping, of Entry) bool {
		return m.leads() && sameClient(m.InternalClient, of.Internal.Addr().String()) != differs && ourText(m.Description, of.Description, of.Description)
	}
	for _, of := range entries {
		m, err := d.gateway.PortMapping(ctx, Key{ExternalPort: of.External.Port(), Protocol: of.Protocol})
		if err == nil && ours(m, of) {
			left = append(left, m)
		}
	}
	if len(left) > 0 {
		return left
	}
	listed := 0
	for m, err := range d.gateway.PortMappings(ctx) {
		if listed++; err != nil || listed > maxTrialList {
			break
		}
		for _, of := range entries {
			if m.ExternalPort == of.External.Port() && m.Protocol == of.Protocol && ours(m, of) {
				left = append(left, m)
			}
		}
	}
	return left
}

// maxTrialList bounds how much of a table is read to see that one entry has gone.
const maxTrialList = 256
