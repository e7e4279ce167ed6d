package netns

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddAddr gives the named interface an address, usable at once.
func (n *Namespace) AddAddr(name string, prefix netip.Prefix) error {
	return n.with(func(h *netlink.Handle) error {
		link, err := h.LinkByName(name)
		if err != nil {
			return fmt.Errorf("address %v: %s: %w", prefix, name, err)
		}
		return addAddr(h, link, prefix)
	})
}

// RemoveAddr takes an address from the named interface.
func (n *Namespace) RemoveAddr(name string, prefix netip.Prefix) error {
	return n.with(func(h *netlink.Handle) error {
		link, err := h.LinkByName(name)
		if err != nil {
			return fmt.Errorf("address %v: %s: %w", prefix, name, err)
		}
		if err := h.AddrDel(link, &netlink.Addr{IPNet: ipNet(prefix)}); err != nil {
			return fmt.Errorf("remove address %v of %s: %w", prefix, name, err)
		}
		return nil
	})
}

// AddDefaultRoute sends everything beyond the namespace's own networks to gateway.
func (n *Namespace) AddDefaultRoute(gateway netip.Addr) error {
	return n.with(func(h *netlink.Handle) error {
		if err := h.RouteAdd(&netlink.Route{Gw: gateway.AsSlice()}); err != nil {
			return fmt.Errorf("default route via %v: %w", gateway, err)
		}
		return nil
	})
}

// Route is a way to a network.
type Route struct {
	To        netip.Prefix
	Via       netip.Addr // the next hop, which need not be of a network of the interface; zero: To is on the wire itself
	Interface string
}

func (r Route) on(h *netlink.Handle) (*netlink.Route, error) {
	link, err := h.LinkByName(r.Interface)
	if err != nil {
		return nil, fmt.Errorf("route to %v: %s: %w", r.To, r.Interface, err)
	}
	way := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(r.To), Scope: netlink.SCOPE_LINK}
	if r.Via.IsValid() {
		way.Gw, way.Scope = r.Via.AsSlice(), netlink.SCOPE_UNIVERSE
		way.Flags = int(netlink.FLAG_ONLINK)
	}
	return way, nil
}

// AddRoute adds a way, in place of any other to the same network.
func (n *Namespace) AddRoute(r Route) error {
	return n.with(func(h *netlink.Handle) error {
		way, err := r.on(h)
		if err == nil {
			err = h.RouteReplace(way)
		}
		if err != nil {
			return fmt.Errorf("route to %v by %s: %w", r.To, r.Interface, err)
		}
		return nil
	})
}

// RemoveRoute takes a way away.
func (n *Namespace) RemoveRoute(r Route) error {
	return n.with(func(h *netlink.Handle) error {
		way, err := r.on(h)
		if err == nil {
			err = h.RouteDel(way)
		}
		if err != nil {
			return fmt.Errorf("remove route to %v by %s: %w", r.To, r.Interface, err)
		}
		return nil
	})
}

// TakeMarked makes every packet of IPv4 with this mark one for the namespace itself, wherever it is addressed to: what nftables TPROXY
// needs to hand packets of others to a socket.
func (n *Namespace) TakeMarked(mark uint32) error {
	const table = 100 // any that is not one of the kernel's own three
	return n.with(func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err != nil {
			return fmt.Errorf("take marked packets: %w", err)
		}
		everything := &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
		way := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: everything, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST, Table: table}
		if err := h.RouteReplace(way); err != nil {
			return fmt.Errorf("take marked packets: route: %w", err)
		}
		rule := netlink.NewRule()
		rule.Family, rule.Mark, rule.Table = unix.AF_INET, mark, table
		if err := h.RuleAdd(rule); err != nil {
			return fmt.Errorf("take marked packets: rule: %w", err)
		}
		return nil
	})
}

func addAddr(h *netlink.Handle, link netlink.Link, prefix netip.Prefix) error {
	addr := &netlink.Addr{IPNet: ipNet(prefix)}
	if prefix.Addr().Is6() {
		// Duplicate address detection keeps an address unusable for a second or two.
		addr.Flags = unix.IFA_F_NODAD
	}
	if err := h.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("address %v on %s: %w", prefix, link.Attrs().Name, err)
	}
	return nil
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}
