package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"

	"github.com/igdkit/igdkit/internal/netns"
)

const (
	lanInterface  = "lan0"
	wanInterface  = "wan0"
	hostInterface = "eth0"
)

// built is a Network as it stands.
type built struct {
	core  *netns.Namespace
	sites []*site
	hosts []*netns.Namespace // as Network.Hosts
}

// site is a gateway as it stands.
type site struct {
	Gateway
	space *netns.Namespace
	up    uplink
	kern  *kernelNAT      // nil: the kernel translates nothing
	wall  *kernelFirewall // nil: there is no IPv6
}

// build makes the namespaces of n and joins them. The calling process stands on the first gateway, on the Internet when there is
// none.
func build(ctx context.Context, n Network) (*built, error) {
	b := &built{hosts: make([]*netns.Namespace, len(n.Hosts))}
	for i := range n.Gateways {
		b.sites = append(b.sites, &site{Gateway: n.Gateways[i]})
	}
	spaces := []**netns.Namespace{&b.core}
	for i := range b.sites {
		spaces = append(spaces, &b.sites[i].space)
	}
	for i := range b.hosts {
		spaces = append(spaces, &b.hosts[i])
	}
	first := 0
	if len(b.sites) > 0 {
		first = 1
	}
	if err := makeSpaces(spaces, first); err != nil {
		return nil, err
	}
	if err := b.internet(); err != nil {
		return nil, err
	}
	var cables []netns.Cable
	for i, s := range b.sites {
		if err := s.space.AddBridge(lanInterface, s.LAN); err != nil {
			return nil, err
		}
		cables = append(cables, b.uplink(i))
	}
	for i := range n.Hosts {
		cables = append(cables, b.hostCable(i, &n.Hosts[i]))
	}
	if err := netns.ConnectAll(ctx, cables...); err != nil {
		return nil, err
	}
	for _, s := range b.sites {
		if err := s.space.SetUp(lanInterface); err != nil {
			return nil, err
		}
	}
	for _, s := range b.sites {
		if err := b.routeGateway(s); err != nil {
			return nil, fmt.Errorf("gateway %s: %w", s.Name, err)
		}
	}
	for i := range n.Hosts {
		if err := b.routeHost(i, &n.Hosts[i]); err != nil {
			return nil, fmt.Errorf("host %s: %w", n.Hosts[i].Name, err)
		}
	}
	return b, nil
}

// makeSpaces makes all of the namespaces; number own is the calling process's.
func makeSpaces(all []**netns.Namespace, own int) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, space := range all {
		wait.Go(func() {
			if i == own {
				*space, errs[i] = netns.Current()
			} else {
				*space, errs[i] = netns.New()
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (b *built) site(name string) *site {
	for _, s := range b.sites {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// internet makes the core a router.
func (b *built) internet() error {
	for _, a := range []netip.Addr{STUN(), OtherSTUN(), Resolver(), coreRouter()} {
		if err := b.core.AddAddr("lo", netip.PrefixFrom(a, 32)); err != nil {
			return err
		}
	}
	// Where the kernel has no IPv6, the lab has none.
	_ = b.core.AddAddr("lo", netip.PrefixFrom(coreRouter6(), 128))
	return forward(b.core)
}

func coreRouter6() netip.Addr { return InternetPrefix6().Addr().Next() }

// forward makes a namespace one of a router, as far as /proc/sys can be written to: in some containers it is read-only, and the kernel then carries nothing.
func forward(n *netns.Namespace) error {
	err := n.Configure(
		netns.Setting{Path: "net/ipv4/ip_forward", Value: "1"},
		netns.Setting{Path: "net/ipv6/conf/all/forwarding", Value: "1"},
		// What has no port here and no route beyond is refused at once and every time, as programs expect it; a network namespace by
		// itself drops the second kind, and answers the first no more than once a second.
		netns.Setting{Path: "net/ipv4/icmp_ratelimit", Value: "0"},
		// What comes from a LAN that a host is not of, as behind routers that know no better, is carried.
		netns.Setting{Path: "net/ipv4/conf/all/rp_filter", Value: "0"},
		netns.Setting{Path: "net/ipv4/conf/default/rp_filter", Value: "0"},
		// Where the machine filters what bridges carry, the LAN is not to be.
		netns.Setting{Path: "net/bridge/bridge-nf-call-iptables", Value: "0"},
		netns.Setting{Path: "net/bridge/bridge-nf-call-ip6tables", Value: "0"},
		netns.Setting{Path: "net/bridge/bridge-nf-call-arptables", Value: "0"},
		// From the LAN back to the LAN, routers would tell the host of a shorter way.
		netns.Setting{Path: "net/ipv4/conf/all/send_redirects", Value: "0"},
		netns.Setting{Path: "net/ipv4/conf/default/send_redirects", Value: "0"},
	)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EACCES) {
		return nil
	}
	return err
}

// The link-local addresses of a wire: its router's, and those of what is on it.
func routerLink() netip.Addr { return netip.MustParseAddr("fe80::1") }

func link(of netip.Addr) netip.Addr {
	a := routerLink().As16()
	four := of.As4()
	copy(a[10:], four[:])
	return netip.AddrFrom16(a)
}
