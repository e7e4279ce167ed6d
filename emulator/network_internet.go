package emulator

import (
	"maps"
	"net/netip"
	"slices"
	"syscall"
)

// internet is the wire between external addresses.
const internet = "internet"

// Internet adds a host on the wire "internet", where gateways have their external addresses too, and where everybody reaches
// everybody, whatever the addresses. It panics as Host does.
func (n *Network) Internet(name string, addr netip.Addr) *Host {
	h := n.Host(name)
	h.AddInterface(internet, netip.PrefixFrom(addr, 0))
	return h
}

// place is where a host has an address.
type place struct {
	ifname string
	prefix netip.Prefix
}

// placeOf is where h has addr; false when it has not.
func (h *Host) placeOf(addr netip.Addr) (place, bool) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	f := h.owner(addr)
	if f == nil {
		return place{}, false
	}
	for _, p := range f.addrs {
		if p.Addr() == addr {
			return place{f.link.Name, p}, true
		}
	}
	return place{}, false
}

// joinInternet gives h an interface on the Internet with addr. EADDRINUSE says that another host is there with it.
func (h *Host) joinInternet(addr netip.Addr) (place, error) {
	n := h.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.named[internet]; s != nil && s.owners[addr] != nil {
		return place{}, syscall.EADDRINUSE
	}
	at := netip.PrefixFrom(addr, 0)
	return place{h.addInterface(internet, []netip.Prefix{at}).Name, at}, nil
}

// move replaces the address at one place by another, which is then there; the zero Addr only takes it away, and leaves the place
// free. The length of the prefix stays. It fails as joinInternet does.
func (h *Host) move(from place, addr netip.Addr) (place, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	i := slices.IndexFunc(h.ifaces, func(f *iface) bool { return f.link.Name == from.ifname })
	if i < 1 || h.closed {
		return place{}, syscall.ENODEV
	}
	f := h.ifaces[i]
	if addr.IsValid() && f.segment.owners[addr] != nil {
		return place{}, syscall.EADDRINUSE
	}
	addrs := slices.DeleteFunc(slices.Clone(f.addrs), func(p netip.Prefix) bool { return p.Addr() == from.prefix.Addr() })
	to := place{from.ifname, netip.PrefixFrom(addr, from.prefix.Bits())}
	if addr.IsValid() {
		addrs = append(addrs, to.prefix)
	}
	f.setAddrs(addrs)
	return to, nil
}

// proxy makes h take what is sent on the wire of an interface to addresses of a prefix that nobody there has, as a router does for those
// behind it (RFC 1027). EADDRINUSE says that another does.
func (h *Host) proxy(ifname string, prefix netip.Prefix) error {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	i := slices.IndexFunc(h.ifaces, func(f *iface) bool { return f.link.Name == ifname })
	if i < 1 || h.closed {
		return syscall.ENODEV
	}
	f := h.ifaces[i]
	if o := f.segment.proxied[prefix]; o != nil && o != f {
		return syscall.EADDRINUSE
	}
	if f.segment.proxied == nil {
		f.segment.proxied = map[netip.Prefix]*iface{}
	}
	f.segment.proxied[prefix] = f
	return nil
}

// unproxy ends that on all interfaces.
func (h *Host) unproxy() {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	for _, f := range h.ifaces {
		if f.segment != nil {
			maps.DeleteFunc(f.segment.proxied, func(_ netip.Prefix, by *iface) bool { return by == f })
		}
	}
}
