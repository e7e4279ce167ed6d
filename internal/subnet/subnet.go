// Package subnet says what can be a network of IPv4, and the address of a host.
package subnet

import "net/netip"

// Unicast tells whether an address can be that of a host, on whatever network: it is of IPv4, and none of "this network", loopback, multicast
// and what is reserved (RFC 1122 §3.2.1.3, RFC 1112 §4), which kernels route nowhere.
func Unicast(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	first := a.As4()[0]
	return first != 0 && first != 127 && first < 224
}

// Usable tells whether a prefix can be a network with two hosts or more, all of whose addresses are Unicast.
func Usable(p netip.Prefix) bool {
	if !p.IsValid() || !p.Addr().Is4() || p.Bits() > 30 {
		return false
	}
	for _, none := range []netip.Prefix{first(0, 8), first(127, 8), first(224, 3)} {
		if p.Overlaps(none) {
			return false
		}
	}
	return true
}

func first(b byte, bits int) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{b}), bits) }

// Has tells whether an address can be that of a host on a network: it is neither the first there, which names the network, nor the last,
// which is for broadcast.
func Has(p netip.Prefix, a netip.Addr) bool {
	return p.Contains(a) && p.Contains(a.Next()) && p.Contains(a.Prev())
}
