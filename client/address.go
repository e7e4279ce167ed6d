package client

import "net/netip"

// AddressVerdict says what an external address is worth to somebody who wants to be reached from the Internet.
type AddressVerdict string

// The verdicts. They are the words of `igdctl ip`.
const (
	Public   AddressVerdict = "public"   // reachable, as far as the address can tell
	Private  AddressVerdict = "private"  // RFC 1918 or RFC 4193: the gateway stands behind another NAT
	CGNAT    AddressVerdict = "cgnat"    // RFC 6598 100.64.0.0/10: the provider translates
	Reserved AddressVerdict = "reserved" // another special-purpose range: no route leads there
	None     AddressVerdict = "none"     // the gateway has no address: empty, 0.0.0.0 or ::
	Mismatch AddressVerdict = "mismatch" // the Internet sees another address than the gateway says
	Unknown  AddressVerdict = "unknown"  // the gateway did not say
)

// Judge gives the verdict on an external address by its range alone. The zero Addr is None; it never gives Mismatch or
// Unknown; see [Compare] and [Gateway.Truth].
func Judge(a netip.Addr) AddressVerdict {
	a = a.Unmap()
	if !a.IsValid() || a.IsUnspecified() {
		return None
	}
	for _, r := range specialRanges() {
		if r.prefix.Contains(a) {
			return r.verdict
		}
	}
	if a.Is6() && !globalUnicast6().Contains(a) {
		return Reserved
	}
	return Public
}

type specialRange struct {
	prefix  netip.Prefix
	verdict AddressVerdict
}

// specialRanges are the entries of the IANA special-purpose address registries (RFC 6890 and its updates) that no host of
// the Internet can be reached at, and multicast. More specific entries come first: parts of 192.0.0.0/24 and 2001::/23 are
// global.
func specialRanges() []specialRange {
	r := func(prefix string, v AddressVerdict) specialRange {
		return specialRange{netip.MustParsePrefix(prefix), v}
	}
	return []specialRange{
		r("0.0.0.0/8", Reserved), // RFC 791; 0.0.0.0 itself is None
		r("10.0.0.0/8", Private),
		r("100.64.0.0/10", CGNAT),
		r("127.0.0.0/8", Reserved),
		r("169.254.0.0/16", Reserved),
		r("172.16.0.0/12", Private),
		r("192.0.0.9/32", Public),      // RFC 7723 PCP anycast
		r("192.0.0.10/32", Public),     // RFC 8155 TURN anycast
		r("192.0.0.0/24", Reserved),    // RFC 6890, with DS-Lite 192.0.0.0/29
		r("192.0.2.0/24", Reserved),    // RFC 5737 TEST-NET-1
		r("192.88.99.0/24", Reserved),  // RFC 7526, deprecated 6to4 relay
		r("192.168.0.0/16", Private),   // RFC 1918
		r("198.18.0.0/15", Reserved),   // RFC 2544
		r("198.51.100.0/24", Reserved), // RFC 5737 TEST-NET-2
		r("203.0.113.0/24", Reserved),  // RFC 5737 TEST-NET-3
		r("224.0.0.0/4", Reserved),     // RFC 5771
		r("240.0.0.0/4", Reserved),     // RFC 1112, with 255.255.255.255

		r("::1/128", Reserved),
		r("64:ff9b::/96", Public),     // RFC 6052: global when the IPv4 address in it is
		r("64:ff9b:1::/48", Reserved), // RFC 8215
		r("100::/64", Reserved),       // RFC 6666
		r("100:0:0:1::/64", Reserved), // RFC 9780
		r("2001:1::1/128", Public),    // RFC 7723
		r("2001:1::2/128", Public),    // RFC 8155
		r("2001:1::3/128", Public),    // RFC 9665
		r("2001:3::/32", Public),      // RFC 7450 AMT
		r("2001:4:112::/48", Public),  // RFC 7535 AS112
		r("2001:20::/28", Public),     // RFC 7343 ORCHIDv2
		r("2001:30::/28", Public),     // RFC 9374
		r("2001::/23", Reserved),      // RFC 2928, with Teredo
		r("2001:db8::/32", Reserved),  // RFC 3849
		r("2002::/16", Reserved),      // RFC 3056, 6to4
		r("3fff::/20", Reserved),      // RFC 9637
		r("5f00::/16", Reserved),      // RFC 9602
		r("fc00::/7", Private),        // RFC 4193
		r("fe80::/10", Reserved),      // RFC 4291
		r("ff00::/8", Reserved),       // RFC 4291
	}
}

// globalUnicast6 is what IANA gives out (RFC 4291 §2.4); the rest of IPv6 is unassigned.
func globalUnicast6() netip.Prefix { return netip.MustParsePrefix("2000::/3") }
