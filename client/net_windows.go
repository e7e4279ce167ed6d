package client

import (
	"net"
	"net/netip"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// adaptersSize is what the documentation of GetAdaptersAddresses advises to begin with.
const adaptersSize = 15 << 10

// defaultGateways asks for the adapter that is ifi and its gateways, which Windows lists best first.
func defaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	const flags = windows.GAA_FLAG_INCLUDE_GATEWAYS | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST |
		windows.GAA_FLAG_SKIP_DNS_SERVER
	var first *windows.IpAdapterAddresses
	for size := uint32(adaptersSize); ; {
		b := make([]byte, size)
		first = (*windows.IpAdapterAddresses)(unsafe.Pointer(unsafe.SliceData(b)))
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if err == nil {
			break
		}
		if err != windows.ERROR_BUFFER_OVERFLOW || size <= uint32(len(b)) {
			return nil, err
		}
	}
	var gateways []netip.Addr
	for a := first; a != nil; a = a.Next {
		if int(a.IfIndex) != ifi.Index && int(a.Ipv6IfIndex) != ifi.Index {
			continue
		}
		for g := a.FirstGatewayAddress; g != nil; g = g.Next {
			addr, ok := netip.AddrFromSlice(g.Address.IP())
			if !ok {
				continue
			}
			addr = addr.Unmap()
			if addr.Is6() && addr.IsLinkLocalUnicast() {
				addr = addr.WithZone(ifi.Name)
			}
			if !slices.Contains(gateways, addr) {
				gateways = append(gateways, addr)
			}
		}
	}
	return gateways, nil
}
