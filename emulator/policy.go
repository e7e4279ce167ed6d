package emulator

import (
	"cmp"
	"net/netip"
)

// maxMappings is how many entries the index of GetGenericPortMappingEntry (ui2) can reach.
const maxMappings = 65535

// Policy is what the mapping table accepts and what it shows. The zero value is the ideal gateway of WANIPConnection:1 or
// :2: only the caller's own mappings (secure mode), leases as the version has them, specific remote hosts, unequal ports.
type Policy struct {
	// AnyClient lets a host map ports to another host and delete what belongs to another. Without it, other hosts are
	// refused as miniupnpd's secure mode does: 718 to add and 714 to delete in version 1, 606 for both in version 2.
	AnyClient bool
	// LowPorts lets version 2 map external and internal ports below 1024, which WANIPConnection:2 recommends to refuse with 606
	// to a caller that has no role. Version 1 always does.
	LowPorts bool
	// Capacity is the number of mappings that fit, 1..65535; 0: 65535. Beyond it version 1 answers 501, version 2 728.
	Capacity int
	// PermanentOnly refuses any lease but 0 with 725, as MikroTik and many more do.
	PermanentOnly bool
	// SamePorts refuses unequal external and internal ports with 724.
	SamePorts bool
	// AnyRemoteHost refuses a specific remote host with 726.
	AnyRemoteHost bool
	// PortZero accepts external port 0, which stands for every port; without it the answer is 716.
	PortZero bool
	// RequirePublicIP hides an external address that is private, shared or reserved, and answers 501 to every add as long as
	// there is no public one, as miniupnpd does behind another NAT.
	RequirePublicIP bool
}

func (p Policy) defaults() Policy {
	p.Capacity = cmp.Or(p.Capacity, maxMappings)
	return p
}

// externalIP is the address that p lets the world know; zero when there is none.
func (p Policy) externalIP(addr netip.Addr) netip.Addr {
	if !addr.IsValid() || addr.IsUnspecified() || p.RequirePublicIP && reserved(addr) {
		return netip.Addr{}
	}
	return addr
}

// reserved reports what miniupnpd takes for an address behind another NAT: what RFC 6890 and RFC 6598 keep from the Internet.
// The documentation networks of RFC 5737 are left out: here they play the Internet.
func reserved(addr netip.Addr) bool {
	if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		return true
	}
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4"} {
		if netip.MustParsePrefix(p).Contains(addr) {
			return true
		}
	}
	return false
}
