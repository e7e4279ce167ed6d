package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxLevels bounds a chain of gateways, ours the first. A home has two, a student hall three.
	maxLevels = 3
	// beyondSearch bounds the search at one address, and then the look at known places of descriptions there.
	beyondSearch = 1500 * time.Millisecond
)

// A ThroughError says that a port cannot be opened on the gateway that ours stands behind.
type ThroughError struct {
	External netip.Addr   // of the gateway that stands behind another, on the other's network
	Asked    []netip.Addr // where that one was looked for; empty when it was known
	Outer    netip.Addr   // its address; zero when none was found
	Err      error        // what it answered, *MapError, or why none was found
}

func (e *ThroughError) Error() string {
	if e.Outer.IsValid() {
		return fmt.Sprintf("the outer gateway at %s: %v", e.Outer, e.Err)
	}
	if len(e.Asked) == 0 {
		return fmt.Sprintf("no gateway was looked for beyond %s: %v", e.External, e.Err)
	}
	var asked []string
	for _, a := range e.Asked {
		asked = append(asked, a.String())
	}
	return fmt.Sprintf("no gateway answers beyond %s, at %s", e.External, strings.Join(asked, ", "))
}

// Unwrap gives the cause.
func (e *ThroughError) Unwrap() error { return e.Err }

var (
	errNotBehind = errors.New("its address is not one behind another gateway")
	errNoHop     = errors.New("there is no address to ask that is not of this network")
	errItself    = errors.New("it is the same gateway")
)

// behind tells whether a is the address of a gateway that stands behind another one that may speak IGD.
func behind(a netip.Addr) bool {
	v := Judge(a)
	return a.Is4() && (v == Private || v == CGNAT)
}

// leadsOn tells whether a port that is open at an external address of a gateway leads on through one beyond. depth is how many are before it in the chain.
func leadsOn(depth int, external netip.Addr) bool { return behind(external) && depth+1 < maxLevels }

// A Hop is one gateway of a chain.
type Hop struct {
	Gateway  *Gateway
	External netip.Addr // as it was read on the way, on the network of the next one; zero: it has none
}

// Chain gives the gateways that a port opened with Request.Through leads through: g, and each that the one before stands behind, as
// [Gateway.Beyond] finds it; three at most. The last has a public address, or none, unless it is the third. Errors: those of [Gateway.ExternalIP] and Beyond.
func (g *Gateway) Chain(ctx context.Context) (hops []Hop, err error) {
	for {
		external, err := g.ExternalIP(ctx)
		if err != nil {
			return nil, err
		}
		hops = append(hops, Hop{g, external})
		if !leadsOn(g.depth, external) {
			return hops, nil
		}
		if g, err = g.Beyond(ctx); err != nil {
			return nil, err
		}
	}
}

// Beyond finds the gateway that this one stands behind, when its external address is private or shared (RFC 1918, RFC 6598): it is asked by
// unicast at the addresses where such gateways usually are on that network, at most four and none outside it, and at last for descriptions at known places,
// because an answer from another port than 1900 does not come back through a NAT, and where Options.Journal has them. That takes 3 s at most. What was found is remembered.
// Errors: *ThroughError, ctx's.
func (g *Gateway) Beyond(ctx context.Context) (*Gateway, error) {
	p, err := g.beyond(ctx, nil)
	if err != nil {
		return nil, err
	}
	return p.actions.(*Gateway), nil
}

// beyond is Beyond for mappings: one that did not answer is searched anew.
func (g *Gateway) beyond(ctx context.Context, stale *peer) (*peer, error) {
	if err := g.seeking.lock(ctx); err != nil {
		return nil, err
	}
	defer g.seeking.unlock()
	if g.next != nil && (stale == nil || stale.actions != actions(g.next)) {
		return g.next.peer(), nil
	}
	external, err := g.ExternalIP(ctx)
	if err != nil {
		return nil, err
	}
	n, err := g.seek(ctx, external)
	if err != nil {
		return nil, err
	}
	n.depth = g.depth + 1
	g.next = n
	return n.peer(), nil
}

// seek asks everywhere at once, and takes the best of those that answer within findGrace of the first.
func (g *Gateway) seek(ctx context.Context, external netip.Addr) (*Gateway, error) {
	if !behind(external) {
		return nil, &ThroughError{External: external, Err: errNotBehind}
	}
	hops := g.hops(external)
	if len(hops) == 0 {
		return nil, &ThroughError{External: external, Err: errNoHop}
	}
	within, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	answers := make(chan found, len(hops))
	for _, hop := range hops {
		asking.Go(func() {
			n, err := g.askHop(within, hop, external)
			answers <- found{n, err}
		})
	}
	best, errs := choose(answers, len(hops))
	switch {
	case best != nil:
		return best, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, &ThroughError{External: external, Asked: hops, Err: errors.Join(errs...)}
}

// found is what one address answered.
type found struct {
	gateway *Gateway
	err     error
}

// choose takes n answers, or those that come within findGrace of the first gateway.
func choose(answers <-chan found, n int) (best *Gateway, errs []error) {
	var grace <-chan time.Time
	for range n {
		select {
		case f := <-answers:
			switch {
			case f.err != nil:
				errs = append(errs, f.err)
			case best == nil || better(f.gateway, best):
				best = f.gateway
			}
			if best != nil && grace == nil {
				grace = time.After(findGrace)
			}
		case <-grace:
			return best, errs
		}
	}
	return best, errs
}

// hops are the addresses to ask: those that routers for homes take for themselves. What is on our own network is no gateway beyond ours.
func (g *Gateway) hops(external netip.Addr) []netip.Addr {
	if g.Local.IsLoopback() {
		return nil // an emulator of this machine: what is sent to its outer network would go to somebody else's
	}
	all := []netip.Addr{nth(external, 1), nth(external, 254)}
	if netip.MustParsePrefix("10.0.0.0/8").Contains(external) {
		all = append(all, netip.AddrFrom4([4]byte{10, 0, 0, 1}), netip.AddrFrom4([4]byte{10, 0, 0, 138})) // its networks may be larger; A1 and KPN routers
	}
	near, _ := links(g.options)
	near = slices.DeleteFunc(near, func(l link) bool { return l.addr() != g.Local.Unmap() })
	var hops []netip.Addr
	for _, a := range all {
		ours := slices.ContainsFunc(near, func(l link) bool { return l.near(a) })
		if !ours && a != external && a != g.Responder.Unmap() && !slices.Contains(hops, a) {
			hops = append(hops, a)
		}
	}
	return hops
}

// nth is the n-th address of the /24 that a is in.
func nth(a netip.Addr, n byte) netip.Addr {
	b := a.As4()
	b[3] = n
	return netip.AddrFrom4(b)
}

// askHop looks for a gateway at one address.
func (g *Gateway) askHop(ctx context.Context, at, external netip.Addr) (*Gateway, error) {
	o := g.options
	o.Interface, o.SSDP, o.Cache, o.Listen = "", "", "", false
	o.Timeout, o.patience = beyondSearch, beyondSearch
	try := func(gateway string) (*Gateway, error) {
		o := o
		o.Gateway = gateway
		n, err := Find(ctx, o)
		if err != nil {
			return nil, err
		}
		if n.External == external || n.External == g.External && n.UDN() == g.UDN() {
			return nil, &NotGatewayError{Location: n.Location, Responder: n.Responder, Reason: NoService, Err: errItself}
		}
		return n, nil
	}
	n, err := try(at.String())
	if err == nil || ctx.Err() != nil || errors.Is(err, errItself) {
		return n, err
	}
	var places []string
	for _, place := range descriptionPlaces() {
		places = append(places, "http://"+at.String()+place)
	}
	places = append(places, g.placesKnown(ctx, at)...)
	answers := make(chan found, len(places))
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, place := range places {
		asking.Go(func() {
			n, err := try(place)
			answers <- found{n, err}
		})
	}
	if best, _ := choose(answers, len(places)); best != nil {
		return best, nil
	}
	return nil, err
}

// descriptionPlaces are where the descriptions of many routers are.
func descriptionPlaces() []string {
	return []string{
		":5000/rootDesc.xml",              // miniupnpd: OpenWrt, ASUS, Netgear
		":49000/igddesc.xml",              // FRITZ!Box
		":1900/igd.xml",                   // TP-Link
		":1900/rootDesc.xml",              // TP-Link
		":49152/rootDesc.xml",             // libupnp
		":1780/InternetGatewayDevice.xml", // Linksys, DD-WRT
	}
}
