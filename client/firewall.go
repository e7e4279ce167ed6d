package client

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// ErrNoGlobalAddress says that this machine has no IPv6 address that the Internet could reach.
var ErrNoGlobalAddress = errors.New("no global IPv6 address")

// maxGlobals bounds the IPv6 addresses of one machine that are looked at: privacy extensions (RFC 8981) make new ones every day.
const maxGlobals = 16

// GlobalAddresses lists the IPv6 addresses of this machine that may be reached from the Internet, those with a default route first.
// Options.Interface narrows it to one interface.
func GlobalAddresses(o Options) ([]netip.Addr, error) {
	all, err := sixes(o.defaults())
	addrs := make([]netip.Addr, 0, len(all))
	for _, s := range all {
		addrs = append(addrs, s.addr())
	}
	return addrs, err
}

// sixes lists them with where they are, and the IPv6 next hops there. Unique local addresses (RFC 4193) lead nowhere.
func sixes(o Options) ([]link, error) {
	ifis, err := o.Net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []link
	for _, ifi := range ifis {
		if o.Interface != "" && ifi.Name != o.Interface {
			continue
		}
		prefixes, err := o.Net.Addrs(ifi)
		if err != nil {
			continue // the others are as good
		}
		gateways, _ := o.Net.DefaultGateways(ifi) // without one a neighbour can be found by a search
		gateways = slices.DeleteFunc(slices.Clone(gateways), netip.Addr.Is4)
		for _, p := range prefixes {
			if a := p.Addr(); a.Is6() && !a.Is4In6() && a.IsGlobalUnicast() && !a.IsPrivate() && len(found) < maxGlobals {
				found = append(found, link{ifi, p, gateways})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b link) int { return min(len(b.gateways), 1) - min(len(a.gateways), 1) })
	return found, nil
}

// FindFirewall gives a gateway that is reached by IPv6 and has a WANIPv6FirewallControl service. The one that [Find] gives is asked first, at
// the IPv6 default gateways of this machine, where it is the same device if its UDN is; then the network is searched by
// IPv6, unless Options say where the gateway is.
//
// Errors: ErrNoGlobalAddress, a [NoFirewallError] for a gateway that opens no pinholes, else those of [Find].
func FindFirewall(ctx context.Context, o Options) (*Gateway, error) {
	c := New(o)
	_, g, err := c.findFirewall(ctx, c.find, nil, nil)
	return g, err
}

// findFirewall is [FindFirewall] by the gateway that find gives: the one that the client has found, unless that is stale, or finds. It gives that one too, with
// an error as well, or nil when there is none. before is where the firewall was, nil when it is not known: a gateway that has restarted has its address again.
func (c *Client) findFirewall(ctx context.Context, find func(context.Context, *peer) (*peer, error), stale *peer, before *Gateway) (*peer, *Gateway, error) {
	full := c.options.defaults()
	own, err := sixes(full)
	if err != nil {
		return nil, nil, &InterfaceError{Interface: full.Interface, Err: err}
	}
	if len(own) == 0 {
		return nil, nil, ErrNoGlobalAddress
	}
	if before != nil && before.Responder.Is6() {
		for i, s := range own {
			if s.ifi.Name == before.Interface && !slices.Contains(s.gateways, before.Responder) {
				own[i].gateways = append(slices.Clone(s.gateways), before.Responder)
			}
		}
	}
	met, err := find(ctx, stale)
	if ctx.Err() != nil {
		return nil, nil, err
	}
	if err == nil {
		g := met.actions.(*Gateway)
		if _, _, err = g.firewall(); err == nil {
			return met, g, nil
		}
		if twin := g.twin(ctx, full, own); twin != nil {
			return met, twin, nil
		}
	}
	if full.Gateway == "" && full.SSDP == "" {
		if found := searchSix(ctx, full, own); found != nil {
			return met, found, nil
		}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return met, nil, err
}

// twin is the same device at an IPv6 default gateway, nil when it is not there. Those that speak both families use one port for them.
func (g *Gateway) twin(ctx context.Context, o Options, own []link) *Gateway {
	location, err := url.Parse(g.Location)
	if err != nil || g.asked && !hostIsSix(g.Location) && !slices.ContainsFunc(own, func(s link) bool { return s.ifi.Name == g.Interface }) {
		return nil // it was named, and is on none of the networks where we have IPv6
	}
	var tried []netip.Addr
	for i := range own {
		s := &own[i]
		if g.Interface != "" && s.ifi.Name != g.Interface {
			continue
		}
		for _, hop := range s.gateways {
			if slices.Contains(tried, hop) || ctx.Err() != nil {
				continue
			}
			tried = append(tried, hop)
			u := *location
			setHost(&u, hop)
			c := candidate{location: &u, local: s.addr(), server: g.Server, trust: trust{responder: hop}, link: s}
			other, err := describe(ctx, o, c)
			if err != nil || other.UDN() != g.UDN() {
				continue
			}
			if _, _, err := other.firewall(); err == nil {
				return other
			}
		}
	}
	return nil
}

// searchSix searches the link-local group of IPv6 (UDA 1.1 annex A.3) from each network where we have a global address, and gives the gateway with a
// firewall that is best: at once the only default gateway, findGrace after the first of several, or after any where there is none, and
// else at the end of the search. An answer to the group may take as long as MX allows, and a forger need not wait.
func searchSix(ctx context.Context, o Options, own []link) *Gateway {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	replies, results := make(chan reply), make(chan result)
	hops := 0
	for _, l := range onePerInterface(own) {
		conn, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(l.addr(), 0))
		if err != nil {
			continue
		}
		defer conn.Close()
		hops += len(l.gateways)
		k := &socket{conn: conn, link: &l, local: l.addr()}
		wg.Go(func() { k.listenSix(ctx, o, replies) })
		wg.Go(func() { k.askSix(ctx, o) })
	}
	all := bursts()
	timer := time.NewTimer(all[len(all)-1].end())
	defer timer.Stop()
	var known directory
	var best *Gateway
	for open, soon := true, false; open || known.pending > 0; {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			if best != nil {
				return best
			}
			open = false
		case r := <-results:
			known.settle(r.seen, r.err)
			if r.err != nil {
				continue
			}
			if _, _, err := r.gateway.firewall(); err != nil {
				continue
			}
			if best == nil || betterSix(r.gateway, best) {
				best = r.gateway
			}
			switch {
			case best.DefaultRoute && hops == 1, !open:
				return best
			case !soon && (best.DefaultRoute || hops == 0):
				soon = true
				timer.Reset(findGrace)
			}
		case r := <-replies:
			from := r.from.Addr()
			c := candidate{local: r.socket.local, trust: trust{responder: from}, server: r.message.Server, boot: r.message.BootID, link: r.socket.link, quirks: r.message.Forgiven}
			location, quirk, err := c.trust.location(r.message.Location)
			if err != nil {
				continue
			}
			if c.location = zoned(location, r.socket.link.ifi.Name); quirk != "" {
				c.quirks = append(slices.Clip(c.quirks), quirk)
			}
			e := known.enter(r.socket, from, c.location, r.message.USN, slices.Contains(r.socket.link.gateways, from))
			if e == nil || !e.due() {
				continue
			}
			known.begin(e)
			wg.Go(func() {
				g, err := describe(ctx, o, c)
				select {
				case results <- result{e, g, err}:
				case <-ctx.Done():
				}
			})
		}
	}
	return best
}

// betterSix orders firewalls: a default gateway's is the one in the way, whatever others say of their connection by IPv4.
func betterSix(a, b *Gateway) bool {
	if a.DefaultRoute != b.DefaultRoute {
		return a.DefaultRoute
	}
	return better(a, b)
}

// sixTargets are what is searched for: FRITZ!Boxes answer for the device, others for the service.
func sixTargets() []string {
	return []string{
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
		"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	}
}

// askSix sends the bursts.
func (k *socket) askSix(ctx context.Context, o Options) {
	group := netip.AddrPortFrom(netip.MustParseAddr("ff02::c").WithZone(k.link.ifi.Name), ssdp.Port)
	began := time.Now()
	for _, b := range bursts() {
		timer := time.NewTimer(b.after - time.Since(began))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if k.ask(o.Trace, group, sixTargets(), b) != nil {
			return
		}
	}
}

// listenSix reads answers of neighbours until ctx ends.
func (k *socket) listenSix(ctx context.Context, o Options, replies chan<- reply) {
	defer context.AfterFunc(ctx, func() { k.conn.Close() })()
	receive(ctx, k.conn, o.Trace, func(from netip.AddrPort, m *ssdp.Message) bool {
		if m == nil || m.Kind != ssdp.SearchReply || !from.Addr().IsLinkLocalUnicast() && !k.link.near(from.Addr()) {
			return true
		}
		select {
		case replies <- reply{k, from, m}:
			return true
		case <-ctx.Done():
			return false
		}
	})
}

// onePerInterface leaves the first address of each interface.
func onePerInterface(all []link) (some []link) {
	for _, l := range all {
		if !slices.ContainsFunc(some, func(o link) bool { return o.ifi.Index == l.ifi.Index }) {
			some = append(some, l)
		}
	}
	return some
}
