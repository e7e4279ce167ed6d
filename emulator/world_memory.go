package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Town is a [World] in memory.
type Town struct {
	World   World // as it was settled
	Network *Network
	STUN    *Host // has both of STUNAddrs; StartSTUN runs a server there

	gateways map[string]*Gateway
	hosts    map[string]*Host
}

// Start builds w in memory. Gateways answer searches by multicast on their LANs; what carries between LANs and the Internet is the plane of
// each, as its NAT says. They run until ctx ends or Close is called. The error is that of Settled, or of a gateway.
func (w World) Start(ctx context.Context) (*Town, error) {
	w, err := w.Settled()
	if err != nil {
		return nil, err
	}
	t := &Town{World: w, Network: NewNetwork(), gateways: map[string]*Gateway{}, hosts: map[string]*Host{}}
	stun := STUNAddrs()
	t.STUN = t.Network.Host("stun")
	t.STUN.AddInterface(internet, netip.PrefixFrom(stun[0], 0), netip.PrefixFrom(stun[1], 0))
	for _, h := range w.Internet {
		t.hosts[h.Name] = t.Network.Internet(h.Name, h.Address)
	}
	if err := t.build(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Town) build(ctx context.Context) error {
	for i := range t.World.Routers {
		r := &t.World.Routers[i]
		o := Options{Mute: true, Plane: Plane{NAT: r.NAT, Pool: r.Pool, MaxPerHost: r.PerHost}}
		if err := t.gateway(ctx, o, r.Name, r.Upstream, r.LAN, r.External); err != nil {
			return err
		}
	}
	for i := range t.World.Homes {
		if err := t.home(ctx, &t.World.Homes[i]); err != nil {
			return err
		}
	}
	return nil
}

// StartWorld builds w in memory for a test, and ends it with the test.
func StartWorld(tb TB, w World) *Town {
	tb.Helper()
	t, err := w.Start(context.WithoutCancel(tb.Context()))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { t.Close() })
	return t
}

func (t *Town) home(ctx context.Context, h *Home) error {
	o := h.Gateway
	o.Plane.NAT, o.Plane.Pool = h.NAT, h.Pool
	if o.SSDP == "" {
		o.SSDP = "multicast"
	}
	if o.Clients == nil {
		o.Clients = []netip.Prefix{h.LAN}
	}
	if err := t.gateway(ctx, o, h.Name, h.Upstream, h.LAN, h.External); err != nil {
		return err
	}
	for _, x := range h.Hosts {
		host := t.Network.Host(x.Name)
		host.AddInterface(wireOf(h.Name), netip.PrefixFrom(x.Address, h.LAN.Bits()))
		host.SetDefaultGateway(h.LAN.Addr().Next())
		t.hosts[x.Name] = host
	}
	return nil
}

// wireOf is the name of the wire that the LAN of a home or router is.
func wireOf(name string) string { return "lan of " + name }

// gateway adds one with the host that it stands on.
func (t *Town) gateway(ctx context.Context, o Options, name, upstream string, lan netip.Prefix, external netip.Addr) error {
	h := t.Network.Host(name)
	o.Name, o.Net, o.LAN, o.ExternalIP = name, h, lan.Addr().Next(), external
	o.Seed += t.World.Seed
	h.AddInterface(wireOf(name), netip.PrefixFrom(o.LAN, lan.Bits()))
	if up := t.lanOf(upstream); up.IsValid() {
		wan := []netip.Prefix{netip.PrefixFrom(external, up.Bits())}
		for _, a := range o.Plane.Pool {
			wan = append(wan, netip.PrefixFrom(a, up.Bits()))
		}
		h.AddInterface(wireOf(upstream), wan...)
		h.SetDefaultGateway(up.Addr().Next())
	}
	g, err := New(ctx, o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t.gateways[name] = g
	return nil
}

// lanOf is the LAN of a home or router; invalid when it is neither.
func (t *Town) lanOf(name string) netip.Prefix {
	if i := slices.IndexFunc(t.World.Homes, func(h Home) bool { return h.Name == name }); i >= 0 {
		return t.World.Homes[i].LAN
	}
	if i := slices.IndexFunc(t.World.Routers, func(r Router) bool { return r.Name == name }); i >= 0 {
		return t.World.Routers[i].LAN
	}
	return netip.Prefix{}
}

// Host is the host of that name. It panics when there is none, which is a mistake in a test.
func (t *Town) Host(name string) *Host {
	h := t.hosts[name]
	if h == nil {
		panic(fmt.Sprintf("emulator: there is no host %q in this world", name))
	}
	return h
}

// Gateway is that of a home, or a router. It panics when there is none.
func (t *Town) Gateway(name string) *Gateway {
	g := t.gateways[name]
	if g == nil {
		panic(fmt.Sprintf("emulator: there is no home or router %q in this world", name))
	}
	return g
}

// Close ends all gateways and the network. The error is the first of a gateway's.
func (t *Town) Close() error {
	var first error
	for _, g := range t.gateways {
		if err := g.Close(); first == nil {
			first = err
		}
	}
	t.Network.Close()
	return first
}
