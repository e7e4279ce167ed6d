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
	// CheckInterval is how often the gateway of kept pinholes is asked whether it still knows them, at least 1 s. 0: 15 min.
	CheckInterval time.Duration
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
	client  *Client
	o       Options
	req     PinholeRequest
	met     *peer    // the client's gateway that led to the firewall; nil: none did
	gateway *Gateway // the one with the firewall
	open    []openPinhole
}

// openPinhole is one of them with what the keeper knows of it.
type openPinhole struct {
	Pinhole
	udn   string // of the gateway that has given it its number, which says nothing to another one
	renew time.Time
	ends  time.Time
	tries int  // failures to renew in a row
	gone  bool // the gateway did not know its number; what has that since may be it, opened by an attempt that was broken off
	lost  bool // that it has ended was told
}

// OpenPinholes finds the firewall and opens the port on every global address of this machine. It opens all or none.
//
// Errors: those of [FindFirewall], a *FirewallClosedError, a *RequestError, or what refused.
func OpenPinholes(ctx context.Context, req PinholeRequest, o Options) (*Pinholes, error) {
	return New(o).OpenPinholes(ctx, req)
}

// OpenPinholes is [OpenPinholes] on the gateway that c has found, or finds.
func (c *Client) OpenPinholes(ctx context.Context, req PinholeRequest) (*Pinholes, error) {
	if req.Lease == 0 {
		req.Lease = maxPinholeLease
	}
	if req.CheckInterval == 0 {
		req.CheckInterval = checkInterval
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	p := &Pinholes{client: c, o: c.options, req: req}
	p.o.Rand = ownRand(c.options.Rand)
	if err := p.find(ctx, nil); err != nil {
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
	if r.CheckInterval < time.Second {
		return &RequestError{"check interval", fmt.Sprintf("%s is shorter than 1 s", r.CheckInterval)}
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
	return openPinhole{Pinhole: h, udn: p.gateway.UDN(), ends: now.Add(h.Lease), renew: now.Add(h.Lease / 2)}
}

// find finds the firewall. stale is the client's gateway that is not to be trusted any more, nil: it is.
func (p *Pinholes) find(ctx context.Context, stale *peer) error {
	met, g, err := p.client.findFirewall(ctx, stale, p.gateway)
	if met != nil {
		p.met = met
	}
	if err == nil {
		p.gateway = g
	}
	return err
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

// errElsewhere is why a pinhole of a gateway that is not ours any more is left alone.
var errElsewhere = errors.New("it is on another gateway, and ends there with its lease")

// Close closes what is open, in 10 s at most. What has ended by itself is as good as closed; what could not be closed ends with its lease.
func (p *Pinholes) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var errs []error
	p.open = slices.DeleteFunc(p.open, func(h openPinhole) bool {
		if h.udn != p.gateway.UDN() {
			errs = append(errs, fmt.Errorf("close %s: %w", h.Pinhole, errElsewhere))
			return true
		}
		err := p.gateway.DeletePinhole(ctx, h.Pinhole)
		if err != nil && faultCode(err) != soap.PinholeNoSuchEntry {
			errs = append(errs, fmt.Errorf("close %s: %w", h.Pinhole, err))
			return false
		}
		return true
	})
	return errors.Join(errs...)
}
