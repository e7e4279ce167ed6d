package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// A FirewallClosedError says that a firewall does not let pinholes be opened, or needs none.
type FirewallClosedError struct{ Status FirewallStatus }

func (e *FirewallClosedError) Error() string {
	if !e.Status.Enabled {
		return "the IPv6 firewall of the gateway is off: everybody is let in, and no pinhole is needed"
	}
	return "the gateway lets no program open pinholes in its IPv6 firewall"
}

// Pinholes are what came of a PinholeRequest: one pinhole for each global address of this machine and each protocol. Its methods may be called by several
// goroutines.
type Pinholes struct {
	client *Client
	o      Options
	req    PinholeRequest // with defaults
	met    *peer          // the client's gateway that led to the firewall, of whoever opens first and then of the keeper; nil: none did

	life[PinholeEvent]
	gateway *Gateway // the one with the firewall, nil before it was found
	holes   []hole
}

// hole is a Pinhole, open or not, with what the keeper knows about it.
type hole struct {
	Pinhole
	udn   string    // of the gateway that has given it its number, which says nothing to another one
	renew time.Time // when to renew it or to try again
	tries int       // failures in a row
	gone  bool      // the gateway did not know its number
	lost  bool      // it was open and is not, and this was told
	doubt bool      // nobody knows whether the gateway heard that it was to be opened
	err   error     // why it is not open, or not renewed
}

func (h hole) isOpen() bool { return !h.Expires.IsZero() }

func (c *Client) pinholes(req PinholeRequest) *Pinholes {
	p := &Pinholes{client: c, o: c.options, req: req, life: newLife[PinholeEvent]()}
	p.o.Rand = ownRand(c.options.Rand)
	return p
}

// OpenPinholes finds the firewall and opens the port on every global address of this machine, once. It opens all or none, also when ctx ends before.
//
// The pinholes are not renewed: they end with their lease, with [Pinholes.Close], or are kept from now on by [Pinholes.Keep].
// Errors: those of [FindFirewall], a *FirewallClosedError, a *RequestError, or what refused.
func OpenPinholes(ctx context.Context, req PinholeRequest, o Options) (*Pinholes, error) {
	return New(o).OpenPinholes(ctx, req)
}

// OpenPinholes is [OpenPinholes] on the gateway that c has found, or finds.
func (c *Client) OpenPinholes(ctx context.Context, req PinholeRequest) (*Pinholes, error) {
	p := c.pinholes(req.defaults(maxPinholeLease))
	if err := p.req.validate(); err != nil {
		return nil, err
	}
	if err := p.find(ctx, c.find, nil); err != nil {
		return nil, err
	}
	if err := p.admitted(ctx); err != nil {
		return nil, err
	}
	own, err := sixes(p.o.defaults())
	if err != nil {
		return nil, err
	}
	p.holes = p.wanted(own)
	for i, h := range p.holes {
		if p.holes[i], err = p.add(ctx, h); err != nil {
			undo, cancel := cleanupTime(ctx)
			defer cancel()
			p.Close(undo) // what stays ends with its lease
			return nil, fmt.Errorf("%s: %w", h.Pinhole, err)
		}
	}
	for _, h := range p.holes {
		p.tell(PinholeEvent{Kind: Mapped, Pinhole: h.Pinhole})
	}
	p.whole()
	return p, nil
}

// find finds the firewall. stale is the client's gateway that is not to be trusted any more, nil: it is.
func (p *Pinholes) find(ctx context.Context, find func(context.Context, *peer) (*peer, error), stale *peer) error {
	met, g, err := p.client.findFirewall(ctx, find, stale, p.gateway)
	if met != nil {
		p.met = met
	}
	if err == nil {
		p.mu.Lock()
		p.gateway = g
		p.mu.Unlock()
	}
	return err
}

// admitted asks whether pinholes may be opened. Where this action is missing, AddPinhole itself tells.
func (p *Pinholes) admitted(ctx context.Context) error {
	status, err := p.gateway.FirewallStatus(ctx)
	if err == nil && !(status.Enabled && status.Inbound) {
		return &FirewallClosedError{status}
	}
	return nil
}

// wanted are the pinholes for those of our addresses that are on the network of the gateway: it filters for no other.
func (p *Pinholes) wanted(own []link) (all []hole) {
	there := slices.DeleteFunc(slices.Clone(own), func(s link) bool { return p.gateway.Interface != "" && s.ifi.Name != p.gateway.Interface })
	if len(there) == 0 {
		there = own
	}
	for _, s := range there {
		for _, protocol := range p.req.protocols() {
			all = append(all, hole{Pinhole: Pinhole{
				RemoteHost: p.req.RemoteHost, InternalClient: s.addr(), InternalPort: p.req.Port, Protocol: protocol, Lease: p.req.Lease,
			}})
		}
	}
	return all
}

// add opens a pinhole, or gives one that is the same a new lease.
func (p *Pinholes) add(ctx context.Context, h hole) (hole, error) {
	began := time.Now()
	id, err := p.gateway.AddPinhole(ctx, h.Pinhole)
	if err != nil {
		h.doubt = faultCode(err) == 0 && !refusedToConnect(err)
		return h, err
	}
	h.ID = id
	return p.granted(h, began), nil
}

// granted is a pinhole whose lease has begun anew.
func (p *Pinholes) granted(h hole, began time.Time) hole {
	h.Expires = began.Add(h.Lease)
	return hole{Pinhole: h.Pinhole, udn: p.gateway.UDN(), renew: began.Add(h.Lease / 2)}
}

// Gateway is the one whose firewall was opened, nil before it was found.
func (p *Pinholes) Gateway() *Gateway {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gateway
}

// All lists what is open now.
func (p *Pinholes) All() []Pinhole {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Pinhole, 0, len(p.holes))
	for _, h := range p.holes {
		if h.isOpen() && !h.gone {
			all = append(all, h.Pinhole)
		}
	}
	return all
}

// Events tells what happens to the pinholes, on one channel for all callers, as that of [Mapping.Events].
func (p *Pinholes) Events() <-chan PinholeEvent { return p.events.ch }

// Err is why not all of the pinholes are open, or one could not be renewed; nil when all is well or when they were closed.
func (p *Pinholes) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	for _, h := range p.holes {
		if h.err != nil {
			return fmt.Errorf("%s: %w", h.Pinhole, h.err)
		}
	}
	return nil
}

// Wait returns when all of the pinholes are open for the first time, or with the reason why they will never be, or with ctx's error. That of
// pinholes that are not kept any more, and were never open, is [ErrClosed].
func (p *Pinholes) Wait(ctx context.Context) error { return p.wait(ctx, p.Err) }

// errElsewhere is why a pinhole of a gateway that is not ours any more is left alone.
var errElsewhere = errors.New("it is on another gateway, and ends there with its lease")

// Close stops renewing and closes what is open. It takes 10 s at most, and less when ctx ends before. What has ended by itself is as good as closed; what
// could not be closed ends with its lease. After an error it may be called again; when nothing is left it does nothing.
func (p *Pinholes) Close(ctx context.Context) error {
	return p.close(ctx, func(ctx context.Context) error {
		p.mu.Lock()
		rest := slices.Clone(p.holes)
		p.mu.Unlock()
		var errs []error
		rest = slices.DeleteFunc(rest, func(h hole) bool {
			err := p.release(ctx, h)
			if err != nil {
				errs = append(errs, fmt.Errorf("close %s: %w", h.Pinhole, err))
			}
			return err == nil || errors.Is(err, errElsewhere)
		})
		p.mu.Lock()
		defer p.mu.Unlock()
		for i := range rest {
			rest[i].err = nil
		}
		p.holes, p.err = rest, nil
		return errors.Join(errs...)
	})
}

// release closes one. That of which nobody knows whether it is open is asked for again, which tells its number (WANIPv6FirewallControl:1 §2.5.3).
func (p *Pinholes) release(ctx context.Context, h hole) error {
	if h.doubt {
		brief := h
		brief.Lease = time.Second
		if brief, err := p.add(ctx, brief); err == nil {
			h = brief
		} else if faultCode(err) == 0 {
			return err
		}
	}
	switch {
	case !h.isOpen():
		return nil
	case h.udn != p.gateway.UDN():
		return errElsewhere
	}
	if err := p.gateway.DeletePinhole(ctx, h.Pinhole); faultCode(err) != soap.PinholeNoSuchEntry {
		return err
	}
	return nil
}

func (p *Pinholes) tell(e PinholeEvent) {
	e.Time = time.Now()
	p.events.send(e)
}
