package client

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"time"
)

// actions is what the planner asks of a gateway.
type actions interface {
	ExternalIP(context.Context) (netip.Addr, error)
	PortMapping(context.Context, Key) (PortMapping, error)
	PortMappings(context.Context) iter.Seq2[PortMapping, error]
	AddPortMapping(context.Context, PortMapping) error
	AddAnyPortMapping(context.Context, PortMapping) (uint16, error)
	DeletePortMapping(context.Context, Key) error
	Status(context.Context) (Status, error)
	readTable(ctx context.Context, rows int) ([]PortMapping, error)
}

// A planner opens, renews and removes the entries of one request on one gateway, and
// remembers between them what the gateway refused. The gateway's turn is held around its methods.
//
// Every entry goes through the same steps: look who has the port, add, read back. What it
// finds decides (ownershipOf), what it is refused decides (remedyFor); both are tables.
type planner struct {
	gw        *peer
	anyway    bool    // the gateway has AddAnyPortMapping and has not refused it yet
	req       Request // with defaults
	trace     *trace
	holders   *holders
	self      *Mapping      // among them; nil: the planner is nobody's
	lease     time.Duration // to ask for: req.Lease, or what the gateway would rather have
	leased    bool          // the gateway has accepted an entry with an end
	hides     bool          // it does not show what it has accepted
	stray     *slot         // the last add that was accepted and is shown as another's; nil: it was ours
	clashes   int           // ports in a row on which the second half of a pair was refused beside the first
	born      time.Time     // when the request was made
	own       func() string // our presence in the journal, "" when there is none
	leftovers []held        // ours and unwanted; to be removed when the gateway lets us
}

// learn takes over what an earlier planner of the same request found out about the same gateway. What was left on another one ends with its lease there.
func (p *planner) learn(from *planner) {
	if p.gw.id() == from.gw.id() {
		p.leftovers, p.lease, p.leased, p.hides = from.leftovers, from.lease, from.leased, from.hides
		if p.gw.readings != from.gw.readings {
			p.gw.readings.deaf.learn(&from.gw.readings.deaf)
		}
	}
}

func newPlanner(p *peer, req Request, t *trace) *planner {
	if p.readings == nil {
		p.readings = new(readings)
	}
	return &planner{gw: p, anyway: p.anyPort, req: req, trace: t, holders: p.holders, lease: req.Lease, born: time.Now(), own: (*Client)(nil).presence}
}

// open opens the request's entries, on wanted or, with AnyPort, on the first port of the sequence
// where all of them can be had.
func (p *planner) open(ctx context.Context, wanted uint16) ([]held, error) {
	p.stray, p.clashes = nil, 0
	var first error
	ports := p.ports(wanted)
	for len(ports) > 0 {
		hs, err := p.openAt(ctx, ports[0])
		if err == nil {
			return hs, nil
		}
		if first == nil {
			first = err
		}
		if !movable(err) {
			return nil, err
		}
		even := ports[0] == p.req.InternalPort
		ports = ports[1:]
		if evens(err) && len(ports) > 0 && !even {
			ports = []uint16{p.req.InternalPort} // no other port can be had
		}
	}
	return nil, first
}

// movable reports whether another port may help against err.
func movable(err error) bool {
	if _, ok := errors.AsType[*OwnedError](err); ok {
		return true
	}
	e, ok := errors.AsType[*RefusedError](err)
	return ok && e.remedy == elsewhere || evens(err)
}

// evens reports whether the gateway wants the external port to be the internal one: it says so, or it silently makes the internal port the
// external one (FunBox 6).
func evens(err error) bool {
	if e, ok := errors.AsType[*AlteredError](err); ok {
		return e.Made.InternalPort == e.Wanted.ExternalPort && e.Wanted.InternalPort != e.Wanted.ExternalPort
	}
	e, ok := errors.AsType[*RefusedError](err)
	return ok && e.remedy == equal
}

// openAt opens all protocols on one port, or none. Nothing is added before every protocol is known to
// be free, so that a pair that cannot be had leaves no trace on the gateway.
func (p *planner) openAt(ctx context.Context, port uint16) ([]held, error) {
	slots, err := p.survey(ctx, p.req.protocols(), port)
	if err != nil {
		return nil, err
	}
	var out []held
	for i := 0; i < len(slots); i++ {
		h, err := p.fill(ctx, slots[i], i == 0)
		if _, refused := errors.AsType[*RefusedError](err); refused && slots[i].ownership == ours {
			h, err = slots[i].held(p.lease, time.Now()), nil // not renewed, but open
		}
		if err == nil && h.External.Port() != port {
			// AddAnyPortMapping chose; the other half of the pair must follow.
			port = h.External.Port()
			var rest []slot
			if rest, err = p.survey(ctx, p.req.protocols()[i+1:], port); err == nil {
				slots = append(slots[:i+1:i+1], rest...)
			} else {
				p.undo(ctx, h, true)
			}
		}
		if err != nil {
			for j := range out {
				if slots[j].ownership != ours && !out[j].Shared {
					p.undo(ctx, out[j], true)
				}
			}
			if i > 0 && p.clash(err) {
				return nil, &CollisionError{Wanted: slots[i].want, Gone: slots[0].want}
			}
			return nil, err
		}
		out = append(out, h)
	}
	if err := p.together(ctx, slots, out); err != nil {
		return nil, err
	}
	return out, nil
}

// maxClashes is how many ports in a row whose second half alone is refused are no accident.
const maxClashes = 3

// clash counts a port on which the second half of a pair was refused for a conflict that the gateway did not show. It tells whether that is how the gateway is,
// with one entry for each port number (add-no-dual-proto).
func (p *planner) clash(err error) bool {
	e, taken := errors.AsType[*OwnedError](err)
	if !taken || e.Err == nil {
		return false
	}
	p.clashes++
	return p.clashes >= maxClashes
}

// together looks whether the first half of a pair is still there when the second was added: there are gateways on which that replaces it, without a word,
// as their tables have one entry for each port number or for each description.
func (p *planner) together(ctx context.Context, slots []slot, out []held) error {
	if len(out) < 2 || out[1].added.IsZero() || !out[0].shown {
		return nil
	}
	first, err := p.lookAt(ctx, out[0])
	if err != nil || first.ownership != free {
		return nil
	}
	for i, h := range out {
		if slots[i].ownership != ours && !h.Shared {
			p.undo(ctx, h, true)
		}
	}
	return &CollisionError{Wanted: slots[1].want, Gone: slots[0].want}
}

// want is the entry to ask for.
func (p *planner) want(protocol string, port uint16) PortMapping {
	client := p.req.InternalClient
	if !client.IsValid() {
		client = p.gw.local.Unmap()
	}
	m := PortMapping{
		ExternalPort:   port,
		Protocol:       protocol,
		InternalPort:   p.req.InternalPort,
		InternalClient: client.String(),
		Enabled:        true,
		Description:    p.req.describe(protocol, port),
		Lease:          p.lease,
	}
	if p.req.RemoteHost.IsValid() {
		m.RemoteHost = p.req.RemoteHost.String()
	}
	return m
}

// note records a step about m.
func (p *planner) note(s Step, m PortMapping, began time.Time) {
	s.Protocol, s.Port, s.At, s.Took = m.Protocol, m.ExternalPort, began, time.Since(began)
	p.trace.add(s)
}
