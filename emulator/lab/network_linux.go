package lab

import (
	"context"
	"errors"
	"net/netip"
	"syscall"

	"github.com/igdkit/igdkit/internal/netns"
)

// network makes the lab's networks around the calling process, which stands on the gateway, and returns the host's.
func network(ctx context.Context) (*netns.Namespace, error) {
	gateway, err := netns.Current()
	if err != nil {
		return nil, err
	}
	defer gateway.Close()
	host, err := netns.New()
	if err != nil {
		return nil, err
	}
	if err := connect(ctx, gateway, host); err != nil {
		host.Close()
		return nil, err
	}
	return host, nil
}

// holdAddr is Site.Hold, in the process on the gateway.
func holdAddr(addr netip.Addr, on bool) error {
	gateway, err := netns.Current()
	if err != nil {
		return err
	}
	defer gateway.Close()
	prefix := netip.PrefixFrom(addr, addr.BitLen())
	if on {
		if err := gateway.AddAddr("lo", prefix); !errors.Is(err, syscall.EEXIST) {
			return err
		}
		return nil
	}
	if err := gateway.RemoveAddr("lo", prefix); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return err
	}
	return nil
}

func connect(ctx context.Context, gateway, host *netns.Namespace) error {
	err := netns.Connect(ctx,
		netns.End{Namespace: gateway, Name: gatewayInterface, Addrs: []netip.Prefix{gatewayAddr()}},
		netns.End{Namespace: host, Name: hostInterface, Addrs: []netip.Prefix{hostAddr()}})
	if err != nil {
		return err
	}
	// Where the kernel has IPv6, both ends have it as on any LAN. A gateway in a lab without it is one of IPv4 only.
	_ = gateway.AddAddr(gatewayInterface, netip.MustParsePrefix("fe80::1/64"))
	_ = host.AddAddr(hostInterface, netip.MustParsePrefix("fe80::2/64"))
	if err := host.AddDefaultRoute(gatewayAddr().Addr()); err != nil {
		return err
	}
	if err := gateway.AddAddr("lo", wanAddr()); err != nil {
		return err
	}
	// What has no port here and no route beyond is refused at once and every time, as programs expect it; a network
	// namespace by itself drops the second kind, and answers the first no more than once a second. Where /proc/sys is
	// read-only, as in some containers, programs have to wait for their timeouts.
	_ = gateway.Sysctl("net/ipv4/ip_forward", "1")
	_ = gateway.Sysctl("net/ipv4/icmp_ratelimit", "0")
	return nil
}
