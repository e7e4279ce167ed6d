package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"

	"github.com/igdkit/igdkit/internal/netns"
)

// uplink is the way between a gateway and what it is behind.
type uplink struct {
	parent *netns.Namespace
	port   string     // the parent's interface that leads to the gateway
	router netip.Addr // the parent's address there
	self   netip.Addr // the gateway's IPv6 link-local address
	core   bool       // the parent is the Internet

	mu   sync.Mutex
	held map[netip.Addr]bool
}

// uplink is the cable of gateway number i to what it is behind.
func (b *built) uplink(i int) netns.Cable {
	s := b.sites[i]
	s.up = uplink{parent: b.core, port: fmt.Sprintf("home%d", i), router: coreRouter(), core: true, held: map[netip.Addr]bool{}}
	there := netns.End{Name: s.up.port}
	if up := b.site(s.Upstream); up != nil {
		s.up.parent, s.up.port, s.up.router, s.up.core = up.space, lanInterface, up.LAN.Addr(), false
		there.Name, there.Bridge = fmt.Sprintf("home%d", i), lanInterface
	}
	there.Namespace = s.up.parent
	s.up.self = link(netip.AddrFrom4([4]byte{0, 1, byte(i >> 8), byte(i)}))
	return netns.Cable{{Namespace: s.space, Name: wanInterface}, there}
}

// hostCable is that of a host to its LAN or to the Internet.
func (b *built) hostCable(i int, h *Host) netns.Cable {
	here := netns.End{Namespace: b.hosts[i], Name: hostInterface, Addrs: []netip.Prefix{netip.PrefixFrom(h.Addr, 32)}}
	there := netns.End{Namespace: b.core, Name: fmt.Sprintf("host%d", i)}
	if s := b.site(h.Gateway); s != nil {
		here.Addrs[0] = netip.PrefixFrom(h.Addr, s.LAN.Bits())
		there.Namespace, there.Bridge = s.space, lanInterface
	}
	return netns.Cable{here, there}
}

// routes are what is to be done in each namespace, until apply does it.
type routes struct {
	order []*netns.Namespace
	of    map[*netns.Namespace][]netns.Change
}

func (r *routes) add(n *netns.Namespace, changes ...netns.Change) {
	if r.of == nil {
		r.of = map[*netns.Namespace][]netns.Change{}
	}
	if r.of[n] == nil {
		r.order = append(r.order, n)
	}
	r.of[n] = append(r.of[n], changes...)
}

func (r *routes) apply() error {
	for _, n := range r.order {
		err := n.Apply(r.of[n]...)
		if c, is := errors.AsType[*netns.ChangeError](err); is {
			if a, is := c.Change.(netns.Addr); is && a.Prefix.Addr().Is6() {
				return &noIPv6Error{err}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// routeGateway lets a gateway send to what it is behind, and that to what the gateway has.
func (b *built) routeGateway(r *routes, s *site) {
	r.add(s.space, netns.Up{Interface: lanInterface}, netns.Try{Change: netns.Addr{Interface: lanInterface, Prefix: netip.PrefixFrom(routerLink(), 64)}})
	if s.WAN.IsValid() {
		r.add(s.space, s.address(s.WAN), s.defaultRoute())
		r.add(s.up.parent, s.way(s.WAN))
		s.up.held[s.WAN] = true
	}
	if s.Routed {
		r.add(s.up.parent, netns.Route{To: s.LAN.Masked(), Via: s.LAN.Addr(), Interface: s.up.port})
		r.add(s.space, s.defaultRoute())
	}
	if s.LAN6.IsValid() {
		b.route6(r, s)
	}
}

// route6 lets the IPv6 prefix of a gateway be reached from the Internet, through all that it is behind.
func (b *built) route6(r *routes, s *site) {
	r.add(s.space, netns.Addr{Interface: lanInterface, Prefix: s.LAN6})
	for at := s; at != nil; at = b.site(at.Upstream) {
		if at.up.core {
			// Each wire of the core has the same address at this end.
			r.add(b.core, netns.Addr{Interface: at.up.port, Prefix: netip.PrefixFrom(routerLink(), 64)})
		}
		r.add(at.space,
			netns.Addr{Interface: wanInterface, Prefix: netip.PrefixFrom(at.up.self, 64)},
			netns.Route{To: everything6(), Via: routerLink(), Interface: wanInterface})
		r.add(at.up.parent, netns.Route{To: s.LAN6.Masked(), Via: at.up.self, Interface: at.up.port})
	}
}

// everything and everything6 are where default routes lead.
func everything() netip.Prefix  { return netip.PrefixFrom(netip.IPv4Unspecified(), 0) }
func everything6() netip.Prefix { return netip.PrefixFrom(netip.IPv6Unspecified(), 0) }

// noIPv6Error says that the kernel gives a gateway no IPv6 address.
type noIPv6Error struct{ err error }

func (e *noIPv6Error) Error() string { return e.err.Error() }
func (e *noIPv6Error) Unwrap() error { return e.err }

// hold is Place.Hold.
func (s *site) hold(addr netip.Addr, on bool) error {
	if s.LAN.Contains(addr) {
		return change(s.space, netns.Addr{Interface: "lo", Prefix: netip.PrefixFrom(addr, addr.BitLen())}, on)
	}
	s.up.mu.Lock()
	defer s.up.mu.Unlock()
	if s.up.held[addr] == on {
		return nil
	}
	if on {
		err := s.space.Apply(s.address(addr), s.defaultRoute())
		if err == nil {
			err = s.up.parent.Apply(s.way(addr))
		}
		if err != nil {
			_ = change(s.space, s.address(addr), false)
			return err
		}
		s.up.held[addr] = true
		return nil
	}
	if err := change(s.space, s.address(addr), false); err != nil {
		return err
	}
	delete(s.up.held, addr)
	if err := s.up.parent.RemoveRoute(s.way(addr)); err != nil && !errors.Is(err, syscall.ESRCH) { // another gateway has the address by now
		return err
	}
	if len(s.up.held) > 0 {
		return nil
	}
	// With its last address the kernel has taken all ways by the interface away (fib_inetaddr_event in net/ipv4/fib_frontend.c): the LAN of
	// gateways that translate nothing needs the one to the Internet back.
	if s.Routed {
		return s.space.Apply(s.defaultRoute())
	}
	if err := s.space.RemoveRoute(s.defaultRoute()); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// address is an external address of s, and way that to it.
func (s *site) address(addr netip.Addr) netns.Addr {
	return netns.Addr{Interface: wanInterface, Prefix: netip.PrefixFrom(addr, addr.BitLen())}
}

func (s *site) way(to netip.Addr) netns.Route {
	return netns.Route{To: netip.PrefixFrom(to, to.BitLen()), Interface: s.up.port}
}

// change adds an address or takes it away. It is no error that this is so already.
func change(n *netns.Namespace, a netns.Addr, on bool) error {
	if on {
		return n.Apply(a)
	}
	if err := n.RemoveAddr(a.Interface, a.Prefix); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return err
	}
	return nil
}

// defaultRoute lets a gateway send to the Internet. One without an external address has none.
func (s *site) defaultRoute() netns.Route {
	return netns.Route{To: everything(), Via: s.up.router, Interface: wanInterface}
}

// routeHost gives a host its default route.
func (b *built) routeHost(r *routes, i int, h *Host) {
	space := b.hosts[i]
	addr := func(p netip.Prefix) netns.Addr { return netns.Addr{Interface: hostInterface, Prefix: p} }
	way := func(to netip.Prefix, via netip.Addr) netns.Route {
		return netns.Route{To: to, Via: via, Interface: hostInterface}
	}
	// Where the kernel has IPv6, each wire has it. A lab without it is one of IPv4 only.
	r.add(space, netns.Try{Change: addr(netip.PrefixFrom(link(h.Addr), 64))})
	if s := b.site(h.Gateway); s != nil {
		if s.LAN6.IsValid() {
			r.add(space, addr(netip.PrefixFrom(s.host6(h.Addr), s.LAN6.Bits())), way(everything6(), routerLink()))
		}
		r.add(space, netns.Route{To: everything(), Via: s.LAN.Addr()})
		return
	}
	port := fmt.Sprintf("host%d", i)
	six := netip.PrefixFrom(HostAddr6(InternetPrefix6(), h.Addr), 128)
	r.add(space, way(everything(), coreRouter()), netns.Try{Change: addr(six)}, netns.Try{Change: way(everything6(), routerLink())})
	r.add(b.core,
		netns.Route{To: netip.PrefixFrom(h.Addr, 32), Interface: port},
		netns.Try{Change: netns.Addr{Interface: port, Prefix: netip.PrefixFrom(routerLink(), 64)}},
		netns.Try{Change: netns.Route{To: six, Via: link(h.Addr), Interface: port}})
}

func (s *site) host6(addr netip.Addr) netip.Addr { return HostAddr6(s.LAN6, addr) }
