package netns

import "net/netip"

// AddAddr gives the named interface an address, usable at once. It is no error that it has it.
func (n *Namespace) AddAddr(name string, prefix netip.Prefix) error {
	return n.Apply(Addr{name, prefix})
}

// RemoveAddr takes an address from the named interface.
func (n *Namespace) RemoveAddr(name string, prefix netip.Prefix) error {
	return n.Apply(removal{Addr{name, prefix}})
}

// RemoveRoute takes a way away.
func (n *Namespace) RemoveRoute(r Route) error { return n.Apply(removal{r}) }

// TakeMarked makes every packet of IPv4 with this mark one for the namespace itself, wherever it is addressed to: what nftables TPROXY
// needs to hand packets of others to a socket.
func (n *Namespace) TakeMarked(mark uint32) error { return n.Apply(marked{mark}) }

// AddDefaultRoute sends everything beyond the namespace's own networks to gateway.
func (n *Namespace) AddDefaultRoute(gateway netip.Addr) error {
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if gateway.Is6() {
		everything = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return n.Apply(Route{To: everything, Via: gateway})
}
