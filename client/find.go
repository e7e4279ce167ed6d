package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// findGrace is how long Find waits for a better gateway than the one it has.
const findGrace = 100 * time.Millisecond

// Find gives the gateway to use. It returns at once with one that is on the only default route, connected and has a public
// address; 100 ms after one that is merely connected and on a default route or with an address, unless a better one comes; and with the best of the rest when the search
// is over. The choice does not depend on the order of answers within that time. A gateway that Options names need not
// be on the default route.
//
// With Options.Cache the gateway that was chosen the last time is asked at once, and the search begins when that has failed, or 100 ms later. It is
// chosen again if it is connected and nothing has changed that could make another one better.
//
// The error is a [DiscoveryError], or when Options.Gateway is set the [NotGatewayError] or [ArgumentError] of it, or ctx's.
func Find(ctx context.Context, o Options) (*Gateway, error) {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		best  *Gateway
		grace *time.Timer
		why   DiscoveryError
		fatal error
	)
	defer func() {
		if grace != nil {
			grace.Stop()
		}
	}()
	var s *search
	s = newSearch(o, func(g *Gateway, err error) bool {
		var iface *InterfaceError
		var not *NotGatewayError
		var argument *ArgumentError
		switch {
		case err == nil:
			if best == nil || better(g, best) {
				best = g
			}
			if best.promising() && grace == nil {
				grace = time.AfterFunc(findGrace, cancel)
			}
			if g.recalled && g.Connected {
				best = g // a whole search has chosen it before
				return false
			}
			return !best.ideal() || s.rivals() && !best.asked
		case errors.As(err, &not):
			why.Devices = append(why.Devices, not)
			if o.Gateway != "" {
				fatal = not
			}
		case errors.As(err, &iface):
			why.Interfaces = append(why.Interfaces, iface)
		case errors.As(err, &argument):
			fatal = argument
		}
		return true
	})
	s.warm = !o.fresh
	s.run(within)
	switch {
	case best != nil:
		best.choose(ctx, s.links)
		return best, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("find gateway: %w", context.Cause(ctx))
	case fatal != nil:
		return nil, fatal
	}
	why.Searched, why.VPN = s.searched, s.onlyVPN()
	return nil, &why
}

// promising tells whether it is worth little to wait for a better one. A repeater is connected too, beside the default route and without an
// address.
func (g *Gateway) promising() bool {
	return g.Connected && (g.DefaultRoute || g.asked || g.Verdict() != None)
}

// ideal tells whether no better gateway can come.
func (g *Gateway) ideal() bool {
	return (g.DefaultRoute || g.asked) && g.Connected && g.Verdict() == Public
}

// rivals tells whether default routes lead to several gateways: then each may be the better one.
func (s *search) rivals() bool {
	next := 0
	for _, g := range s.gateways {
		if g.Is4() {
			next++
		}
	}
	return next > 1
}

// better orders gateways: connected before not saying before disconnected; then the default route, because answers to
// whoever connects leave by it; then a public address; then the preferred service type. The location decides the rest, so
// that the same gateway wins every time.
func better(a, b *Gateway) bool {
	state := func(g *Gateway) int {
		switch {
		case g.Connected:
			return 2
		case g.ProbeError != nil:
			return 1
		}
		return 0
	}
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(state(a), state(b)),
		cmp.Compare(yes(a.DefaultRoute), yes(b.DefaultRoute)),
		cmp.Compare(yes(a.Verdict() == Public), yes(b.Verdict() == Public)),
		cmp.Compare(b.Service.rank(), a.Service.rank()),
		cmp.Compare(b.Location, a.Location),
		cmp.Compare(b.Interface, a.Interface),
	) > 0
}
