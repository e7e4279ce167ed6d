package client

import (
	"context"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/soap"
)

// ListenerEvidence is what [CheckListener] saw.
type ListenerEvidence struct {
	Protocol string // "TCP" or "UDP"
	Port     uint16
	Local    netip.Addr   // our address that a gateway forwards to; zero when there is no gateway
	Bound    []netip.Addr // addresses on which programs of this machine wait there; unspecified: all of them
}

func (*ListenerEvidence) evidence() {}

// listener looks whether a program of this machine waits at the port, and where.
func (d *diagnosis) listener(ctx context.Context) {
	if d.want.Port == 0 {
		return
	}
	began := d.begin(CheckListener)
	e := &ListenerEvidence{Protocol: d.want.Protocol, Port: d.want.Port}
	c := Check{ID: CheckListener, Evidence: e}
	if d.gateway != nil {
		e.Local = d.gateway.Local.Unmap()
	}
	if e.Bound, c.Err = d.bound(ctx, e.Protocol, e.Port); c.Err != nil {
		c.Outcome, c.Problem = Untold, ProblemNotTold
	} else {
		c.Outcome, c.Problem = e.judge()
	}
	d.tell(ctx, c, began)
}

func (e *ListenerEvidence) judge() (Outcome, Problem) {
	loopback, heard := true, false
	for _, a := range e.Bound {
		loopback = loopback && a.IsLoopback()
		heard = heard || a.IsUnspecified() || a == e.Local || !e.Local.IsValid() && !a.IsLoopback()
	}
	switch {
	case len(e.Bound) == 0:
		return Faulty, ProblemNobodyListens
	case heard:
		return Sound, NoProblem
	case loopback:
		return Faulty, ProblemOnlyLoopback
	}
	return Faulty, ProblemOtherAddress
}

func (d *diagnosis) bound(ctx context.Context, protocol string, port uint16) ([]netip.Addr, error) {
	if d.want.Listens == nil {
		return nil, errNotTold
	}
	return d.want.Listens(ctx, protocol, port)
}

// PortEvidence is what [CheckPort] saw.
type PortEvidence struct {
	Protocol string // "TCP" or "UDP"
	Port     uint16
	Free     bool
	Opened   bool        // it was free and opened for a moment
	Here     bool        // Entry leads to this machine, if to another port of it
	Entry    PortMapping // what the gateway has there; zero when Free or hidden
}

func (*PortEvidence) evidence() {}

// port looks who has the port on the gateway, and whether it gives it away.
func (d *diagnosis) port(ctx context.Context) {
	if d.want.Port == 0 {
		return
	}
	began := d.begin(CheckPort)
	g, e := d.gateway, &PortEvidence{Protocol: d.want.Protocol, Port: d.want.Port}
	c := Check{ID: CheckPort, Evidence: e, Outcome: Sound}
	var err error
	e.Entry, err = g.PortMapping(ctx, Key{ExternalPort: e.Port, Protocol: e.Protocol})
	e.Here = err == nil && sameClient(e.Entry.InternalClient, g.Local.String()) != differs
	switch code := faultCode(err); {
	case err == nil && (!e.Here || e.Entry.InternalPort != e.Port && e.Entry.InternalPort != 0): // some list 0 (OpenWrt 22.03)
		c.Outcome, c.Problem = Faulty, ProblemPortOwned
	case err == nil:
	case code == soap.NoSuchEntryInArray || code == soap.SpecifiedArrayIndexInvalid:
		e.Free = true
		d.claim(ctx, e, &c)
	default:
		c.Outcome, c.Problem, c.Err = Untold, ProblemPortHidden, err
	}
	d.tell(ctx, c, began)
}

// claim opens the free port for a moment, on a gateway that opens others: forwarding by its settings, or a range that is all that this customer has,
// is in no table.
func (d *diagnosis) claim(ctx context.Context, e *PortEvidence, c *Check) {
	if !d.opens {
		if !d.want.ReadOnly {
			c.Outcome, c.Problem = Skipped, ProblemNotOpened
		}
		return
	}
	m, err := d.gateway.Map(ctx, Request{Protocol: e.Protocol, InternalPort: e.Port, ExternalPort: e.Port, Lease: trialLease})
	if err != nil {
		c.Outcome, c.Problem, c.Err = Faulty, ProblemPortRefused, err
		return
	}
	e.Opened = true
	if left, err := d.remove(ctx, m, m.Entries()); err != nil || len(left) > 0 {
		c.Outcome, c.Problem, c.Err = Doubtful, ProblemNotRemoved, err
	}
}

// LeftoversEvidence is what [CheckLeftovers] saw.
type LeftoversEvidence struct {
	Entries int           // in the table of the gateway
	Ours    []PortMapping // that this package opened to this machine, by the journal or by their descriptions
	Idle    []PortMapping // of them, those that nobody waits for: left by a program that crashed, or waiting for one that is to come
}

func (*LeftoversEvidence) evidence() {}

// leftovers looks for entries that were opened from here and serve nobody.
func (d *diagnosis) leftovers(ctx context.Context) {
	began := d.begin(CheckLeftovers)
	e := &LeftoversEvidence{}
	c := Check{ID: CheckLeftovers, Evidence: e, Outcome: Sound}
	noted, err := d.gateway.JournalEntries(ctx)
	d.gateway.options.warn("ports that were opened from here", err) // the descriptions tell of most of them
	for m, err := range d.gateway.PortMappings(ctx) {
		if err != nil {
			c.Outcome, c.Problem, c.Err = Untold, ProblemPortHidden, err
			break
		}
		e.Entries++
		note := slices.IndexFunc(noted, func(n JournalEntry) bool { return n.Is(m) })
		if note < 0 && !m.OpenedFor(d.gateway.Local) {
			continue
		}
		e.Ours = append(e.Ours, m)
		if note >= 0 && noted[note].Kept {
			continue // by a process that lives
		}
		wanted := m.ExternalPort == d.want.Port && m.Protocol == d.want.Protocol
		if bound, err := d.bound(ctx, m.Protocol, m.InternalPort); err == nil && len(bound) == 0 && !wanted {
			e.Idle = append(e.Idle, m)
		}
	}
	if c.Outcome == Sound && len(e.Idle) > 0 {
		c.Outcome, c.Problem = Doubtful, ProblemHasLeftovers
	}
	d.tell(ctx, c, began)
}
