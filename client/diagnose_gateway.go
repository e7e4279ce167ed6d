package client

import (
	"context"
	"net/netip"
	"net/url"
	"time"
)

// DescriptionEvidence is what [CheckDescription] saw: the gateway that [Find] chose, and how its description came.
type DescriptionEvidence struct {
	Gateway *Gateway      // nil when there is none
	Size    int           // of the description, in bytes; 0 when it could not be had a second time
	Took    time.Duration // to fetch it
	Quirks  []string      // ids of what was forgiven, sorted; the manner of talking that was needed is among them
}

func (*DescriptionEvidence) evidence() {}

// description finds the gateway as everything else does.
func (d *diagnosis) description(ctx context.Context) {
	began := d.begin(CheckDescription)
	e := &DescriptionEvidence{}
	c := Check{ID: CheckDescription, Evidence: e, Outcome: Sound}
	fresh := d.found
	fresh.Cache = "" // what was learned before is not looked into
	g, err := Find(ctx, fresh)
	if err != nil {
		c.Outcome, c.Problem, c.Err = Faulty, ProblemNotFound, err
		d.tell(ctx, c, began)
		return
	}
	d.gateway, e.Gateway = g, g
	if location, err := url.Parse(g.Location); err == nil {
		fetched := time.Now()
		again := candidate{location: location, local: g.Local, asked: true}
		if page, err := again.fetch(ctx, d.o); err == nil {
			e.Size, e.Took = len(page.Body), time.Since(fetched)
		}
	}
	e.Quirks = g.Quirks()
	d.tell(ctx, c, began)
}

// ConnectionEvidence is what [CheckConnection] saw: every connection service of the gateway, the one that is used first.
type ConnectionEvidence struct{ Services []ServiceState }

func (*ConnectionEvidence) evidence() {}

// ServiceState is what one connection service says of itself.
type ServiceState struct {
	Service  Service
	Status   Status
	External netip.Addr // zero when it has or tells none
	Err      error      // why it did not tell its status
}

// connection asks each service of the description for its state.
func (d *diagnosis) connection(ctx context.Context) {
	began := d.begin(CheckConnection)
	g, e := d.gateway, &ConnectionEvidence{}
	for _, service := range g.Services[:min(len(g.Services), maxProbes)] {
		s := ServiceState{Service: service}
		s.Status, s.Err = g.askStatus(ctx, service)
		if s.Err == nil {
			within, cancel := context.WithTimeout(ctx, probeTimeout)
			s.External, _ = g.externalIPOf(within, service) // its error is that of CheckAddress
			cancel()
		}
		e.Services = append(e.Services, s)
		if ctx.Err() != nil {
			return
		}
	}
	c := Check{ID: CheckConnection, Evidence: e, Outcome: Sound}
	switch first := e.Services[0]; {
	case first.Err != nil:
		c.Outcome, c.Problem, c.Err = Faulty, ProblemUnanswered, first.Err
	case !first.Status.Connected && Judge(first.External) == Public:
		c.Outcome, c.Problem = Doubtful, ProblemSaysDown // some say so for ever, and work
	case !first.Status.Connected:
		c.Outcome, c.Problem = Faulty, ProblemDown
	default:
		d.up = true
	}
	d.tell(ctx, c, began)
}

// AddressEvidence is what [CheckAddress] saw.
type AddressEvidence struct {
	Truth
	Up bool // the gateway says that it is connected
}

func (*AddressEvidence) evidence() {}

// address judges the external address, with the STUN server of the options if there is one.
func (d *diagnosis) address(ctx context.Context) {
	began := d.begin(CheckAddress)
	e := &AddressEvidence{Truth: d.gateway.Truth(ctx), Up: d.up}
	d.external = e.External
	c := Check{ID: CheckAddress, Evidence: e, Outcome: Sound, Err: e.Err}
	switch e.Verdict {
	case Public:
	case Unknown:
		c.Outcome, c.Problem = Untold, Problem(e.Verdict)
	default:
		c.Outcome, c.Problem = Faulty, Problem(e.Verdict)
	}
	d.tell(ctx, c, began)
}
