package client

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/soap"
)

const (
	// probeTimeout bounds one question to one service while the gateway is being found.
	probeTimeout = 3 * time.Second
	// maxProbes bounds how many services of one description are asked. Real ones have up to four.
	maxProbes = 8
)

// probed is what one service said.
type probed struct {
	service  Service
	status   Status
	external netip.Addr
	err      error // why it did not say how it is
	missing  error // why it did not tell its address
}

// best is the highest worth.
const best = 3

// worth orders services: connected and public, connected, not saying, disconnected. Ties keep the order of types.
func (p probed) worth() int {
	switch {
	case p.status.Connected && Judge(p.external) == Public:
		return best
	case p.status.Connected:
		return 2
	case p.err != nil:
		return 1
	}
	return 0
}

// probe asks the connection services for their state and address, until one could not be better, and moves the best one
// first and chooses it. A service that
// does not say is no reason to drop the gateway: there are some that answer nothing but AddPortMapping. The error is ctx's.
func (g *Gateway) probe(ctx context.Context) error {
	var found []probed
	for _, s := range g.Services[:min(len(g.Services), maxProbes)] {
		p := g.ask(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if found = append(found, p); p.worth() == best {
			break // none can be better, and the rest may be slow to say so
		}
	}
	slices.SortStableFunc(found, func(a, b probed) int { return cmp.Compare(b.worth(), a.worth()) })
	for i, p := range found {
		g.Services[i] = p.service
	}
	first := found[0]
	g.Service, g.Connected, g.Uptime, g.External = first.service, first.status.Connected, first.status.Uptime, first.external
	g.UptimeKnown = first.status.UptimeKnown
	g.ProbeError, g.unaddressed, g.probed = first.err, first.missing, time.Now()
	return nil
}

// ask finds the control URL that speaks SOAP and asks there.
func (g *Gateway) ask(ctx context.Context, s Service) probed {
	p := probed{service: s}
	p.status, p.err = g.askStatus(ctx, s)
	for i := 0; i < len(s.Alternatives) && speechless(p.err); i++ {
		other := s
		other.ControlURL = s.Alternatives[i]
		other.Alternatives = slices.Concat([]string{s.ControlURL}, s.Alternatives[:i], s.Alternatives[i+1:])
		status, err := g.askStatus(ctx, other)
		if !speechless(err) {
			p = probed{service: other, status: status, err: err}
			g.forgive("desc-urlbase-wrong-port")
		}
	}
	if p.err == nil { // some say that they are disconnected, and work
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		// Without an address the gateway may still map ports; Verdict says that it is unknown.
		p.external, p.missing = g.externalIPOf(ctx, p.service)
	}
	return p
}

func (g *Gateway) askStatus(ctx context.Context, s Service) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return g.statusOf(ctx, s)
}

// speechless tells whether err shows that no SOAP is spoken at a URL. A refusal by UPnP error shows the contrary.
func speechless(err error) bool {
	var refused *soap.Error
	return err != nil && !errors.As(err, &refused)
}
