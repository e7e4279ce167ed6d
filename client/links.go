package client

import (
	"errors"
	"net"
	"net/netip"
	"slices"
)

// link is one address of one interface that is up: an IPv4 one of links, or an IPv6 one of sixes. FRITZ!Boxes answer neither
// family when both are searched at once, so IPv6 comes after IPv4, not beside it.
type link struct {
	ifi      net.Interface
	prefix   netip.Prefix // our address and the length of its network
	gateways []netip.Addr // next hops of default routes by this interface, best first
}

func (l link) addr() netip.Addr { return l.prefix.Addr() }

// near tells whether a can be a neighbour on this link, or is a next hop of it.
func (l link) near(a netip.Addr) bool {
	return l.prefix.Contains(a) || slices.Contains(l.gateways, a)
}

// links lists the addresses that a client may stand on, loopback included, those with a default route first, and the
// interfaces that could not be read. Options.Interface narrows it to one.
func links(o Options) ([]link, []*InterfaceError) {
	ifis, err := o.Net.Interfaces()
	if err != nil {
		return nil, []*InterfaceError{{Interface: o.Interface, Err: err}}
	}
	var found []link
	var broken []*InterfaceError
	named := false
	for _, ifi := range ifis {
		if o.Interface != "" && ifi.Name != o.Interface {
			continue
		}
		named = true
		prefixes, err := o.Net.Addrs(ifi)
		if err != nil {
			broken = append(broken, &InterfaceError{Interface: ifi.Name, Err: err})
			continue
		}
		if prefixes = slices.DeleteFunc(prefixes, func(p netip.Prefix) bool { return !p.Addr().Is4() }); len(prefixes) == 0 {
			continue
		}
		var gateways []netip.Addr
		if ifi.Flags&net.FlagLoopback == 0 { // which leads nowhere
			gateways, err = o.Net.DefaultGateways(ifi)
		}
		if err != nil {
			// Its neighbours can be searched all the same.
			broken = append(broken, &InterfaceError{Interface: ifi.Name, Err: err})
		}
		for _, p := range prefixes {
			found = append(found, link{ifi: ifi, prefix: p, gateways: gateways})
		}
	}
	switch {
	case o.Interface != "" && !named:
		broken = append(broken, &InterfaceError{Interface: o.Interface, Err: errNoInterface})
	case o.Interface != "" && len(found) == 0 && len(broken) == 0:
		broken = append(broken, &InterfaceError{Interface: o.Interface, Err: errNoAddress})
	}
	slices.SortStableFunc(found, func(a, b link) int { return min(len(b.gateways), 1) - min(len(a.gateways), 1) })
	return found, broken
}

var (
	errNoInterface = errors.New("no such interface, or it is down")
	errNoAddress   = errors.New("the interface has no IPv4 address")
)
