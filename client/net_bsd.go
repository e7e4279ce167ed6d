//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package client

import (
	"net"
	"net/netip"

	"golang.org/x/net/route"
	"golang.org/x/sys/unix"
)

// defaultGateways reads the kernel's routing table, which lists the preferred route first.
func defaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	rib, err := route.FetchRIB(unix.AF_UNSPEC, route.RIBTypeRoute, 0)
	if err != nil {
		return nil, err
	}
	messages, err := route.ParseRIB(route.RIBTypeRoute, rib)
	if err != nil {
		return nil, err
	}
	var gateways []netip.Addr
	for _, m := range messages {
		r, ok := m.(*route.RouteMessage)
		if !ok || r.Index != ifi.Index || r.Flags&(unix.RTF_UP|unix.RTF_GATEWAY) != unix.RTF_UP|unix.RTF_GATEWAY ||
			len(r.Addrs) <= unix.RTAX_NETMASK || !wildcard(r.Addrs[unix.RTAX_DST]) || !wildcard(r.Addrs[unix.RTAX_NETMASK]) {
			continue
		}
		switch a := r.Addrs[unix.RTAX_GATEWAY].(type) {
		case *route.Inet4Addr:
			gateways = append(gateways, netip.AddrFrom4(a.IP))
		case *route.Inet6Addr:
			g := netip.AddrFrom16(a.IP)
			if g.IsLinkLocalUnicast() {
				g = g.WithZone(ifi.Name)
			}
			gateways = append(gateways, g)
		}
	}
	return gateways, nil
}

// wildcard tells whether a is all zero, or absent, as the mask of a default route may be.
func wildcard(a route.Addr) bool {
	switch a := a.(type) {
	case nil:
		return true
	case *route.Inet4Addr:
		return a.IP == [4]byte{}
	case *route.Inet6Addr:
		return a.IP == [16]byte{}
	}
	return false
}
