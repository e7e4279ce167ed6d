package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// A PinholeRequest says which port the Internet should reach by IPv6.
type PinholeRequest struct {
	// Protocol is "tcp", "udp" or "both", in any case. "": tcp.
	Protocol string
	// Port is the one that the program listens on, 1 to 65535. By IPv6 it is the same outside.
	Port uint16
	// RemoteHost restricts who may connect, by IPv6 address. The zero Addr means everyone.
	RemoteHost netip.Addr
	// Lease is how long the firewall should keep the pinhole open, 1 s to 24 h. 0: 24 hours, and 2 hours when it is kept.
	Lease time.Duration
}

// A FirewallClosedError says that a firewall does not let pinholes be opened, or needs none.
type FirewallClosedError struct{ Status FirewallStatus }

func (e *FirewallClosedError) Error() string {
	if !e.Status.Enabled {
		return "the IPv6 firewall of the gateway is off: everybody is let in, and no pinhole is needed"
	}
	return "the gateway lets no program open pinholes in its IPv6 firewall"
}

// Pinholes are what came of a PinholeRequest: one pinhole for each global address of this machine and each protocol. Its methods are for one
// goroutine at a time.
type Pinholes struct {
	o       Options
	req     PinholeRequest
	gateway *Gateway
	open    []openPinhole
}

// openPinhole is one of them with what the keeper knows of it.
type openPinhole struct {
	Pinhole
	renew time.Time
	ends  time.Time
	tries int // failures to renew in a row
}

// PinholeEvent tells what happened to one pinhole that is kept.
type PinholeEvent struct {
	Kind    EventKind // Mapped, Renewed, Repaired (it had gone, and is open again), Lost, Retrying
	Pinhole Pinhole
	Expires time.Time // zero when it is not open
	Err     error     // with Lost and Retrying
	Time    time.Time
}

// OpenPinholes finds the firewall and opens the port on every global address of this machine. It opens all or none.
//
// Errors: those of [FindFirewall], a *FirewallClosedError, a *RequestError, or what refused.
func OpenPinholes(ctx context.Context, req PinholeRequest, o Options) (*Pinholes, error) {
	if req.Lease == 0 {
		req.Lease = maxPinholeLease
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	p := &Pinholes{o: o, req: req}
	var err error
	if p.gateway, err = FindFirewall(ctx, o); err != nil {
		return nil, err
	}
	// Where this action is missing, AddPinhole itself tells.
	status, err := p.gateway.FirewallStatus(ctx)
	if err == nil && !(status.Enabled && status.Inbound) {
		return nil, &FirewallClosedError{status}
	}
	own, err := sixes(p.o.defaults())
	if err != nil {
		return nil, err
	}
	for _, s := range p.reachable(own) {
		for _, protocol := range req.protocols() {
			if err = p.add(ctx, s.addr, protocol); err != nil {
				undo, cancel := cleanupTime(ctx)
				defer cancel()
				p.Close(undo) // what stays ends with its lease
				return nil, fmt.Errorf("%s: %w", p.wanted(s.addr, protocol), err)
			}
		}
	}
	return p, nil
}

// reachable are the addresses on the network of the gateway: it filters for no other.
func (p *Pinholes) reachable(own []six) []six {
	there := slices.DeleteFunc(slices.Clone(own), func(s six) bool { return p.gateway.Interface != "" && s.ifi.Name != p.gateway.Interface })
	if len(there) == 0 {
		return own
	}
	return there
}

func (r PinholeRequest) validate() error {
	switch strings.ToLower(r.Protocol) {
	case "", "tcp", "udp", "both":
	default:
		return &RequestError{"protocol", fmt.Sprintf("%q is none of tcp, udp, both", r.Protocol)}
	}
	if r.Port == 0 {
		return &RequestError{"port", "0 is not in 1 to 65535"}
	}
	if a := r.RemoteHost; a.IsValid() && (!a.Is6() || a.Is4In6() || a.IsUnspecified() || a.IsMulticast()) {
		return &RequestError{"remote host", fmt.Sprintf("%s is not the IPv6 address of a host", a)}
	}
	if r.Lease < time.Second || r.Lease > maxPinholeLease {
		return &RequestError{"lease", fmt.Sprintf("%s is not between 1 s and 24 h", r.Lease)}
	}
	return nil
}

func (r PinholeRequest) protocols() []uint16 {
	switch strings.ToLower(r.Protocol) {
	case "udp":
		return []uint16{PinholeUDP}
	case "both":
		return []uint16{PinholeTCP, PinholeUDP}
	}
	return []uint16{PinholeTCP}
}

func (p *Pinholes) wanted(client netip.Addr, protocol uint16) Pinhole {
	return Pinhole{RemoteHost: p.req.RemoteHost, InternalClient: client, InternalPort: p.req.Port, Protocol: protocol, Lease: p.req.Lease}
}

// add opens one more.
func (p *Pinholes) add(ctx context.Context, client netip.Addr, protocol uint16) error {
	h := p.wanted(client, protocol)
	id, err := p.gateway.AddPinhole(ctx, h)
	if err != nil {
		return err
	}
	h.ID = id
	p.open = append(p.open, p.opened(h))
	return nil
}

func (p *Pinholes) opened(h Pinhole) openPinhole {
	now := time.Now()
	return openPinhole{Pinhole: h, ends: now.Add(h.Lease), renew: now.Add(h.Lease / 2)}
}

// Gateway is the one whose firewall was opened.
func (p *Pinholes) Gateway() *Gateway { return p.gateway }

// All lists what is open.
func (p *Pinholes) All() []Pinhole {
	all := make([]Pinhole, 0, len(p.open))
	for _, h := range p.open {
		all = append(all, h.Pinhole)
	}
	return all
}

// pinholeWatch is how often a keeper looks at the addresses of this machine: privacy extensions and providers change them.
const pinholeWatch = time.Minute

// Keep renews the pinholes at half their lease by UpdatePinhole, opens those anew that have gone, and follows the addresses of this machine,
// until ctx ends. It closes nothing; see Close. tell is called for what happens, by this goroutine; nil: nobody is told.
func (p *Pinholes) Keep(ctx context.Context, tell func(PinholeEvent)) {
	if tell == nil {
		tell = func(PinholeEvent) {}
	}
	for {
		wait := pinholeWatch
		for _, h := range p.open {
			wait = min(wait, time.Until(h.renew))
		}
		timer := time.NewTimer(max(wait, 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		p.follow(ctx, tell)
		for i := range p.open {
			if h := &p.open[i]; ctx.Err() == nil && !time.Now().Before(h.renew) {
				p.renew(ctx, h, tell)
			}
		}
	}
}

// renew gives a pinhole a new lease. One that the gateway does not know any more is opened again: a reboot forgets them, and gives their
// numbers to others. A gateway that does not answer is searched anew, because a reboot may move its port.
func (p *Pinholes) renew(ctx context.Context, h *openPinhole, tell func(PinholeEvent)) {
	e := PinholeEvent{Kind: Renewed}
	err := p.gateway.UpdatePinhole(ctx, h.Pinhole, p.req.Lease)
	if _, refused := errors.AsType[*soap.Error](err); err != nil && !refused && ctx.Err() == nil {
		if g, other := FindFirewall(ctx, p.o); other == nil {
			p.gateway = g
			err = g.UpdatePinhole(ctx, h.Pinhole, p.req.Lease)
		}
	}
	if faultCode(err) != 0 {
		// The same pinhole again only gets a new lease, if it is still there under whatever number.
		var id uint16
		if id, err = p.gateway.AddPinhole(ctx, h.Pinhole); err == nil && id != h.ID {
			e.Kind, h.ID = Repaired, id
		}
	}
	switch {
	case ctx.Err() != nil:
		return
	case err == nil:
		*h = p.opened(h.Pinhole)
		e.Expires = h.ends
	default:
		h.tries++
		h.renew = time.Now().Add(retryAfter(time.Until(h.ends), h.tries, p.o.defaults().Rand))
		e.Kind, e.Err = Retrying, err
		if time.Now().After(h.ends) {
			e.Kind = Lost
		} else {
			e.Expires = h.ends
		}
	}
	e.Pinhole, e.Time = h.Pinhole, time.Now()
	tell(e)
}

// follow opens pinholes for addresses that are new, and forgets those of addresses that are gone: nobody but they may close them.
func (p *Pinholes) follow(ctx context.Context, tell func(PinholeEvent)) {
	all, err := sixes(p.o.defaults())
	if err != nil || len(all) == 0 {
		return // a network that is down for a moment
	}
	own := p.reachable(all)
	p.open = slices.DeleteFunc(p.open, func(h openPinhole) bool {
		gone := !slices.ContainsFunc(all, func(s six) bool { return s.addr == h.InternalClient })
		if gone {
			tell(PinholeEvent{Kind: Lost, Pinhole: h.Pinhole, Err: errAddressGone, Time: time.Now()})
		}
		return gone
	})
	for _, s := range own {
		for _, protocol := range p.req.protocols() {
			has := func(h openPinhole) bool { return h.InternalClient == s.addr && h.Protocol == protocol }
			if slices.ContainsFunc(p.open, has) || ctx.Err() != nil {
				continue
			}
			e := PinholeEvent{Kind: Mapped, Pinhole: p.wanted(s.addr, protocol)}
			if err := p.add(ctx, s.addr, protocol); err != nil {
				e.Kind, e.Err = Retrying, err
			} else {
				last := p.open[len(p.open)-1]
				e.Pinhole, e.Expires = last.Pinhole, last.ends
			}
			e.Time = time.Now()
			tell(e)
		}
	}
}

var errAddressGone = errors.New("this machine does not have the address any more")

// Close closes what is open, in 10 s at most. What has ended by itself is as good as closed; what could not be closed ends with its lease.
func (p *Pinholes) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var errs []error
	p.open = slices.DeleteFunc(p.open, func(h openPinhole) bool {
		err := p.gateway.DeletePinhole(ctx, h.Pinhole)
		if err != nil && faultCode(err) != soap.PinholeNoSuchEntry {
			errs = append(errs, fmt.Errorf("close %s: %w", h.Pinhole, err))
			return false
		}
		return true
	})
	return errors.Join(errs...)
}
