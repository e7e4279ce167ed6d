package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
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

	translating sync.WaitGroup
}

// site is a gateway as it stands.
type site struct {
	Gateway
	space *netns.Namespace
	up    uplink
	kern  *kernelNAT      // nil: the kernel translates nothing
	wall  *kernelFirewall // nil: there is no IPv6

	refused error // why not everything is translated and filtered
}

// build makes the namespaces of n and joins them. The calling process stands on the first gateway, on the Internet when there is
// none.
func build(ctx context.Context, n Network) (*built, error) {
	b := &built{hosts: make([]*netns.Namespace, len(n.Hosts))}
	for i := range n.Gateways {
		b.sites = append(b.sites, &site{Gateway: n.Gateways[i]})
	}
	defer b.translating.Wait()
	if err := b.found(); err != nil {
		return nil, err
	}
	var cables []netns.Cable
	for i := range b.sites {
		cables = append(cables, b.uplink(i))
	}
	for i := range n.Hosts {
		cables = append(cables, b.hostCable(i, &n.Hosts[i]))
	}
	if err := netns.ConnectAll(ctx, cables...); err != nil {
		return nil, err
	}
	r := &routes{}
	for _, s := range b.sites {
		b.routeGateway(r, s)
	}
	for i := range n.Hosts {
		b.routeHost(r, i, &n.Hosts[i])
	}
	return b, r.apply()
}

// founders is how many namespaces are made at a time. Most of it is the kernel's work, which it does one after the other anyway, and more
// would be so many threads.
const founders = 2

// found makes the namespaces, with all that each has for itself. The kernels of the gateways go on to learn to translate.
func (b *built) found() error {
	type task struct {
		space   **netns.Namespace
		own     bool
		prepare func() error
	}
	var tasks []task
	for i, s := range b.sites {
		tasks = append(tasks, task{&s.space, i == 0, s.found})
	}
	tasks = append(tasks, task{&b.core, len(b.sites) == 0, b.internet})
	for i := range b.hosts {
		tasks = append(tasks, task{&b.hosts[i], false, func() error { return nil }})
	}
	errs := make([]error, len(tasks))
	var next atomic.Int32
	var founding sync.WaitGroup
	for range founders {
		founding.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(tasks); i = next.Add(1) - 1 {
				t, found := tasks[i], netns.New
				if t.own {
					found = netns.Current
				}
				if *t.space, errs[i] = found(); errs[i] == nil {
					errs[i] = t.prepare()
				}
				if errs[i] == nil && int(i) < len(b.sites) {
					b.translating.Go(func() { b.sites[i].refused = b.sites[i].translate() })
				}
			}
		})
	}
	founding.Wait()
	return errors.Join(errs...)
}

// found makes the namespace of s one of a router with a LAN.
func (s *site) found() error {
	if err := forward(s.space); err != nil {
		return fmt.Errorf("gateway %s: %w", s.Name, err)
	}
	return s.space.AddBridge(lanInterface, s.LAN)
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
	// Before there are cables, which get their settings from the namespace.
	if err := forward(b.core); err != nil {
		return err
	}
	own := func(a netip.Addr) netns.Addr {
		return netns.Addr{Interface: "lo", Prefix: netip.PrefixFrom(a, a.BitLen())}
	}
	// Where the kernel has no IPv6, the lab has none.
	return b.core.Apply(own(STUN()), own(OtherSTUN()), own(Resolver()), own(coreRouter()), netns.Try{Change: own(coreRouter6())})
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
