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

// routeGateway lets a gateway send to what it is behind, and that to what the gateway has.
func (b *built) routeGateway(s *site) error {
	if err := forward(s.space); err != nil {
		return err
	}
	_ = s.space.AddAddr(lanInterface, netip.PrefixFrom(routerLink(), 64))
	if s.WAN.IsValid() {
		if err := s.hold(s.WAN, true); err != nil {
			return err
		}
	}
	if s.Routed {
		if err := s.up.parent.AddRoute(netns.Route{To: s.LAN.Masked(), Via: s.LAN.Addr(), Interface: s.up.port}); err != nil {
			return err
		}
		if err := s.defaultRoute(true); err != nil {
			return err
		}
	}
	if s.LAN6.IsValid() {
		return b.route6(s)
	}
	return nil
}

// route6 lets the IPv6 prefix of a gateway be reached from the Internet, through all that it is behind.
func (b *built) route6(s *site) error {
	if err := s.space.AddAddr(lanInterface, s.LAN6); err != nil {
		return &noIPv6Error{err}
	}
	out := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	for at := s; at != nil; at = b.site(at.Upstream) {
		if at.up.core {
			// Each wire of the core has the same address at this end.
			err := b.core.AddAddr(at.up.port, netip.PrefixFrom(routerLink(), 64))
			if err != nil && !errors.Is(err, syscall.EEXIST) {
				return err
			}
		}
		if err := at.space.AddAddr(wanInterface, netip.PrefixFrom(at.up.self, 64)); err != nil && !errors.Is(err, syscall.EEXIST) {
			return err
		}
		if err := at.space.AddRoute(netns.Route{To: out, Via: routerLink(), Interface: wanInterface}); err != nil {
			return err
		}
		if err := at.up.parent.AddRoute(netns.Route{To: s.LAN6.Masked(), Via: at.up.self, Interface: at.up.port}); err != nil {
			return err
		}
	}
	return nil
}

// noIPv6Error says that the kernel gives a gateway no IPv6 address.
type noIPv6Error struct{ err error }

func (e *noIPv6Error) Error() string { return e.err.Error() }
func (e *noIPv6Error) Unwrap() error { return e.err }

// hold is Place.Hold.
func (s *site) hold(addr netip.Addr, on bool) error {
	prefix := netip.PrefixFrom(addr, addr.BitLen())
	if s.LAN.Contains(addr) {
		return change(s.space, "lo", prefix, on)
	}
	s.up.mu.Lock()
	defer s.up.mu.Unlock()
	if s.up.held[addr] == on {
		return nil
	}
	if err := change(s.space, wanInterface, prefix, on); err != nil {
		return err
	}
	way := netns.Route{To: prefix, Interface: s.up.port}
	if on {
		err := s.up.parent.AddRoute(way)
		if err == nil {
			err = s.defaultRoute(true)
		}
		if err != nil {
			_ = change(s.space, wanInterface, prefix, false)
			return err
		}
		s.up.held[addr] = true
		return nil
	}
	delete(s.up.held, addr)
	if err := s.up.parent.RemoveRoute(way); err != nil && !errors.Is(err, syscall.ESRCH) { // another gateway has the address by now
		return err
	}
	if len(s.up.held) > 0 {
		return nil
	}
	// With its last address the kernel has taken all ways by the interface away (fib_inetaddr_event in net/ipv4/fib_frontend.c): the LAN of
	// gateways that translate nothing needs the one to the Internet back.
	if err := s.defaultRoute(s.Routed); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// change adds an address or takes it away. It is no error that this is so already.
func change(n *netns.Namespace, name string, prefix netip.Prefix, on bool) error {
	if on {
		if err := n.AddAddr(name, prefix); !errors.Is(err, syscall.EEXIST) {
			return err
		}
		return nil
	}
	if err := n.RemoveAddr(name, prefix); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return err
	}
	return nil
}

// defaultRoute lets a gateway send to the Internet, or not any more, as one without an external address.
func (s *site) defaultRoute(on bool) error {
	way := netns.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: s.up.router, Interface: wanInterface}
	if on {
		return s.space.AddRoute(way)
	}
	return s.space.RemoveRoute(way)
}

// routeHost gives a host its default route.
func (b *built) routeHost(i int, h *Host) error {
	space := b.hosts[i]
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	everything6 := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	// Where the kernel has IPv6, each wire has it. A lab without it is one of IPv4 only.
	_ = space.AddAddr(hostInterface, netip.PrefixFrom(link(h.Addr), 64))
	if s := b.site(h.Gateway); s != nil {
		if s.LAN6.IsValid() {
			if err := space.AddAddr(hostInterface, netip.PrefixFrom(s.host6(h.Addr), s.LAN6.Bits())); err != nil {
				return err
			}
			if err := space.AddRoute(netns.Route{To: everything6, Via: routerLink(), Interface: hostInterface}); err != nil {
				return err
			}
		}
		return space.AddDefaultRoute(s.LAN.Addr())
	}
	if err := b.core.AddRoute(netns.Route{To: netip.PrefixFrom(h.Addr, 32), Interface: fmt.Sprintf("host%d", i)}); err != nil {
		return err
	}
	if err := space.AddRoute(netns.Route{To: everything, Via: coreRouter(), Interface: hostInterface}); err != nil {
		return err
	}
	port := fmt.Sprintf("host%d", i)
	six := HostAddr6(InternetPrefix6(), h.Addr)
	if space.AddAddr(hostInterface, netip.PrefixFrom(six, 128)) == nil {
		_ = b.core.AddAddr(port, netip.PrefixFrom(routerLink(), 64))
		_ = b.core.AddRoute(netns.Route{To: netip.PrefixFrom(six, 128), Via: link(h.Addr), Interface: port})
		_ = space.AddRoute(netns.Route{To: everything6, Via: routerLink(), Interface: hostInterface})
	}
	return nil
}

func (s *site) host6(addr netip.Addr) netip.Addr { return HostAddr6(s.LAN6, addr) }
