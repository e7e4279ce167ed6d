package client

import (
	"context"
	"errors"
	"net"
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

// six is one global IPv6 address of this machine.
type six struct {
	addr     netip.Addr
	prefix   netip.Prefix
	ifi      net.Interface
	gateways []netip.Addr // IPv6 next hops by that interface
}

// GlobalAddresses lists the IPv6 addresses of this machine that may be reached from the Internet, those with a default route first.
// Options.Interface narrows it to one interface.
func GlobalAddresses(o Options) ([]netip.Addr, error) {
	all, err := sixes(o.defaults())
	addrs := make([]netip.Addr, 0, len(all))
	for _, s := range all {
		addrs = append(addrs, s.addr)
	}
	return addrs, err
}

// sixes lists them with where they are. Unique local addresses (RFC 4193) lead nowhere.
func sixes(o Options) ([]six, error) {
	ifis, err := o.Net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []six
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
				found = append(found, six{a, p, ifi, gateways})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b six) int { return min(len(b.gateways), 1) - min(len(a.gateways), 1) })
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
func (g *Gateway) twin(ctx context.Context, o Options, own []six) *Gateway {
	location, err := url.Parse(g.Location)
	if err != nil || g.asked && !hostIsSix(g.Location) && !slices.ContainsFunc(own, func(s six) bool { return s.ifi.Name == g.Interface }) {
		return nil // it was named, and is on none of the networks where we have IPv6
	}
	var tried []netip.Addr
	for _, s := range own {
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
			c := candidate{location: &u, local: s.addr, server: g.Server, trust: trust{responder: hop}}
			other, err := describe(ctx, o, c)
			if err != nil || other.UDN() != g.UDN() {
				continue
			}
			if _, _, err := other.firewall(); err == nil {
				other.Interface, other.DefaultRoute = s.ifi.Name, true
				return other
			}
		}
	}
	return nil
}

// searchSix searches the link-local group of IPv6 (UDA 1.1 annex A.3) from each network where we have a global address, and gives the first
// gateway with a firewall.
func searchSix(ctx context.Context, o Options, own []six) *Gateway {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	replies := make(chan sixReply)
	found := make(chan *Gateway)
	for _, s := range onePerInterface(own) {
		conn, err := o.Net.ListenPacket(ctx, netip.AddrPortFrom(s.addr, 0))
		if err != nil {
			continue
		}
		defer conn.Close()
		wg.Go(func() { s.listen(ctx, o, conn, replies) })
		wg.Go(func() { s.ask(ctx, o, conn) })
	}
	all := bursts()
	timer := time.NewTimer(all[len(all)-1].end())
	defer timer.Stop()
	seen := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return nil
		case g := <-found:
			return g
		case r := <-replies:
			location, quirk, err := r.trust.location(r.message.Location)
			if err == nil {
				location = zoned(location, r.from.ifi.Name)
			}
			if err != nil || seen[location.String()] || len(seen) >= maxDevices {
				continue
			}
			seen[location.String()] = true
			c := candidate{location: location, local: r.from.addr, server: r.message.Server, trust: r.trust, quirks: r.message.Forgiven}
			if quirk != "" {
				c.quirks = append(slices.Clip(c.quirks), quirk)
			}
			wg.Go(func() {
				g, err := describe(ctx, o, c)
				if err != nil {
					return
				}
				if _, _, err := g.firewall(); err != nil {
					return
				}
				g.Interface, g.DefaultRoute = r.from.ifi.Name, slices.Contains(r.from.gateways, g.Responder)
				select {
				case found <- g:
				case <-ctx.Done():
				}
			})
		}
	}
}

type sixReply struct {
	from    six
	trust   trust
	message *ssdp.Message
}

// sixTargets are what is searched for: FRITZ!Boxes answer for the device, others for the service.
func sixTargets() []string {
	return []string{
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
		"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	}
}

// ask sends the bursts.
func (s six) ask(ctx context.Context, o Options, conn net.PacketConn) {
	group := netip.AddrPortFrom(netip.MustParseAddr("ff02::c").WithZone(s.ifi.Name), ssdp.Port)
	k := &socket{conn: conn, local: s.addr}
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

// listen reads answers of neighbours until ctx ends.
func (s six) listen(ctx context.Context, o Options, conn net.PacketConn, replies chan<- sixReply) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	receive(ctx, conn, o.Trace, func(from netip.AddrPort, m *ssdp.Message) bool {
		responder := from.Addr()
		near := responder.IsLinkLocalUnicast() || s.prefix.Contains(responder) || slices.Contains(s.gateways, responder)
		if m == nil || m.Kind != ssdp.SearchReply || !near {
			return true
		}
		select {
		case replies <- sixReply{s, trust{responder: responder}, m}:
			return true
		case <-ctx.Done():
			return false
		}
	})
}

// onePerInterface leaves the first address of each interface.
func onePerInterface(all []six) (some []six) {
	for _, s := range all {
		if !slices.ContainsFunc(some, func(o six) bool { return o.ifi.Index == s.ifi.Index }) {
			some = append(some, s)
		}
	}
	return some
}
