package netns

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// End is one end of a cable: an interface of that name in a namespace, with its addresses.
type End struct {
	Namespace *Namespace
	Name      string
	Addrs     []netip.Prefix
}

// Connect lays a cable (a veth pair) between two namespaces and returns when both ends carry: before that the first
// packet is lost now and then, and a TCP handshake takes a second instead of nothing.
func Connect(ctx context.Context, a, b End) error {
	ctx, cancel := context.WithCancel(ctx)
	var ends []*end
	defer func() {
		cancel()
		for _, e := range ends {
			e.drain()
		}
	}()
	for _, e := range []End{a, b} {
		w, err := watch(ctx, e)
		if err != nil {
			return err
		}
		ends = append(ends, w)
	}
	// In fresh namespaces both ends would get the same number, and then the kernel takes the interface for one that
	// lies on no other, whose coming up may be told a second late (linkwatch_urgent_event in net/core/link_watch.c).
	index := 0
	for _, e := range ends {
		last, err := e.Namespace.lastIndex()
		if err != nil {
			return err
		}
		index = max(index, last+2) // the kernel takes last+1 for the other end
	}
	veth := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{
			Name:      a.Name,
			Index:     index,
			Namespace: netlink.NsFd(a.Namespace.fd()),
		},
		PeerName:      b.Name,
		PeerNamespace: netlink.NsFd(b.Namespace.fd()),
	}
	if err := a.Namespace.with(func(h *netlink.Handle) error { return h.LinkAdd(veth) }); err != nil {
		return fmt.Errorf("veth %s to %s: %w", a.Name, b.Name, err)
	}
	for _, e := range ends {
		if err := e.Namespace.with(e.configure); err != nil {
			return err
		}
	}
	for _, e := range ends {
		if err := e.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// lastIndex is the highest number of an interface.
func (n *Namespace) lastIndex() (int, error) {
	last := 0
	err := n.with(func(h *netlink.Handle) error {
		links, err := h.LinkList()
		if err != nil {
			return fmt.Errorf("list interfaces: %w", err)
		}
		for _, l := range links {
			last = max(last, l.Attrs().Index)
		}
		return nil
	})
	return last, err
}

// end is an End with an ear on the kernel's link news, opened before the link exists so that none is missed.
type end struct {
	End
	updates chan netlink.LinkUpdate
}

func watch(ctx context.Context, e End) (*end, error) {
	w := &end{End: e, updates: make(chan netlink.LinkUpdate)}
	err := e.Namespace.Do(func() error { return netlink.LinkSubscribe(w.updates, ctx.Done()) })
	if err != nil {
		return nil, fmt.Errorf("link news of %s: %w", e.Name, err)
	}
	return w, nil
}

// drain returns when the library's reader has ended, which blocks for ever on a channel that nobody reads.
func (e *end) drain() {
	for range e.updates {
	}
}

func (e *end) configure(h *netlink.Handle) error {
	link, err := h.LinkByName(e.Name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", e.Name, err)
	}
	// The kernel's own link-local address would be tentative for a second or two, and a socket cannot be bound to it
	// until then. Where IPv6 is switched off this fails, and nothing is lost.
	_ = h.LinkSetIP6AddrGenMode(link, addrGenModeNone)
	for _, prefix := range e.Addrs {
		if err := addAddr(h, link, prefix); err != nil {
			return err
		}
	}
	if err := h.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s up: %w", e.Name, err)
	}
	return nil
}

func (e *end) wait(ctx context.Context) error {
	for {
		select {
		case u, ok := <-e.updates:
			if !ok {
				return fmt.Errorf("interface %s: link news ended before it came up", e.Name)
			}
			if attrs := u.Attrs(); attrs.Name == e.Name && attrs.OperState == netlink.OperUp {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("interface %s did not come up: %w", e.Name, ctx.Err())
		}
	}
}

// addrGenModeNone is IN6_ADDR_GEN_MODE_NONE of linux/if_link.h: no link-local address by itself.
const addrGenModeNone = 1

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
