package netns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
)

// End is one end of a cable: an interface of that name in a namespace, with its addresses.
type End struct {
	Namespace *Namespace
	Name      string
	Addrs     []netip.Prefix
	Bridge    string // the bridge that it is a port of; "": none
}

// Cable is a veth pair.
type Cable [2]End

// Connect lays one cable.
func Connect(ctx context.Context, a, b End) error { return ConnectAll(ctx, Cable{a, b}) }

// ConnectAll lays cables between namespaces and returns when all their ends carry: before that the first packet is lost now and then,
// and a TCP handshake takes a second instead of nothing.
func ConnectAll(ctx context.Context, cables ...Cable) error {
	ctx, cancel := context.WithCancel(ctx)
	ears := map[*Namespace]*ear{}
	defer func() {
		cancel()
		for _, e := range ears {
			e.drain()
		}
	}()
	for _, c := range cables {
		for _, end := range c {
			e := ears[end.Namespace]
			if e == nil {
				var err error
				if e, err = listen(ctx, end.Namespace); e != nil {
					ears[end.Namespace] = e
				}
				if err != nil {
					return err
				}
			}
			e.waiting = append(e.waiting, end.Name)
		}
	}
	for _, c := range cables {
		if err := c.lay(ears); err != nil {
			return err
		}
	}
	for _, e := range ears {
		if err := e.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// AddBridge makes a switch in the namespace, with addresses of its own, to which cables may lead. It carries from SetUp on, which is
// called when its cables carry: the kernel tells a bridge that was there before them up to a second late.
func (n *Namespace) AddBridge(name string, addrs ...netip.Prefix) error {
	return n.with(func(h *netlink.Handle) error {
		snooping := false // nobody queries for the members of groups: all hear them
		link := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}, MulticastSnooping: &snooping}
		if err := h.LinkAdd(link); err != nil {
			return fmt.Errorf("bridge %s: %w", name, err)
		}
		return configure(h, End{Name: name, Addrs: addrs})
	})
}

// SetUp lets an interface carry.
func (n *Namespace) SetUp(name string) error {
	return n.with(func(h *netlink.Handle) error {
		link, err := h.LinkByName(name)
		if err == nil {
			err = h.LinkSetUp(link)
		}
		if err != nil {
			return fmt.Errorf("interface %s up: %w", name, err)
		}
		return nil
	})
}

func (c Cable) lay(ears map[*Namespace]*ear) error {
	a, b := c[0], c[1]
	// In fresh namespaces both ends would get the same number, and then the kernel takes the interface for one that
	// lies on no other, whose coming up may be told a second late (linkwatch_urgent_event in net/core/link_watch.c).
	index := max(ears[a.Namespace].lastIndex, ears[b.Namespace].lastIndex) + 2 // the kernel takes the next one for the other end
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
	for _, e := range c {
		ears[e.Namespace].lastIndex = index
		if err := e.Namespace.with(func(h *netlink.Handle) error { return configure(h, e) }); err != nil {
			return err
		}
		if err := e.Namespace.SetUp(e.Name); err != nil {
			return err
		}
	}
	return nil
}

func configure(h *netlink.Handle, e End) error {
	link, err := h.LinkByName(e.Name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", e.Name, err)
	}
	// The kernel's own link-local address would be tentative for a second or two, and a socket cannot be bound to it
	// until then. Where IPv6 is switched off this fails, and nothing is lost.
	_ = h.LinkSetIP6AddrGenMode(link, addrGenModeNone)
	if e.Bridge != "" {
		master, err := h.LinkByName(e.Bridge)
		if err == nil {
			err = h.LinkSetMaster(link, master)
		}
		if err != nil {
			return fmt.Errorf("interface %s to %s: %w", e.Name, e.Bridge, err)
		}
	}
	for _, prefix := range e.Addrs {
		if err := addAddr(h, link, prefix); err != nil {
			return err
		}
	}
	return nil
}

// addrGenModeNone is IN6_ADDR_GEN_MODE_NONE of linux/if_link.h: no link-local address by itself.
const addrGenModeNone = 1

// ear hears the kernel's link news of a namespace, from before the links exist so that none is missed, and while they are made: the kernel
// holds little of what nobody reads.
type ear struct {
	waiting   []string // interfaces that are to come up
	lastIndex int      // the highest number of an interface
	ended     chan struct{}

	mu   sync.Mutex
	up   map[string]bool
	err  error         // why there is no more news
	news chan struct{} // something has changed
}

// listen may return an ear beside an error: it is to be drained then, too.
func listen(ctx context.Context, n *Namespace) (*ear, error) {
	e := &ear{ended: make(chan struct{}), up: map[string]bool{}, news: make(chan struct{}, 1)}
	updates, err := subscribe(ctx, n)
	if err != nil {
		return nil, err
	}
	go e.hear(ctx, n, updates)
	err = n.with(func(h *netlink.Handle) error {
		links, err := h.LinkList()
		for _, l := range links {
			e.lastIndex = max(e.lastIndex, l.Attrs().Index)
		}
		return err
	})
	if err != nil {
		return e, fmt.Errorf("list interfaces: %w", err)
	}
	return e, nil
}

// subscribe gives news of links until ctx ends or some of it is lost, and first what is so already.
func subscribe(ctx context.Context, n *Namespace) (<-chan netlink.LinkUpdate, error) {
	updates := make(chan netlink.LinkUpdate)
	err := n.Do(func() error {
		return netlink.LinkSubscribeWithOptions(updates, ctx.Done(), netlink.LinkSubscribeOptions{ListExisting: true})
	})
	if err != nil {
		return nil, fmt.Errorf("link news: %w", err)
	}
	return updates, nil
}

// hear notes what comes up. Where more has happened than the kernel holds (ENOBUFS), it asks anew.
func (e *ear) hear(ctx context.Context, n *Namespace, updates <-chan netlink.LinkUpdate) {
	defer close(e.ended)
	for {
		for u := range updates {
			attrs := u.Attrs()
			e.note(func() { e.up[attrs.Name] = attrs.OperState == netlink.OperUp })
		}
		if ctx.Err() != nil {
			return
		}
		var err error
		if updates, err = subscribe(ctx, n); err != nil {
			e.note(func() { e.err = err })
			return
		}
	}
}

func (e *ear) note(what func()) {
	e.mu.Lock()
	what()
	e.mu.Unlock()
	select {
	case e.news <- struct{}{}:
	default: // nobody has looked since
	}
}

// drain returns when nobody hears any more, after ctx has ended.
func (e *ear) drain() { <-e.ended }

func (e *ear) wait(ctx context.Context) error {
	for {
		e.mu.Lock()
		e.waiting = slices.DeleteFunc(e.waiting, func(name string) bool { return e.up[name] })
		err := e.err
		e.mu.Unlock()
		switch {
		case len(e.waiting) == 0:
			return nil
		case err != nil:
			return fmt.Errorf("interface %s: %w", e.waiting[0], err)
		}
		select {
		case <-e.news:
		case <-ctx.Done():
			return fmt.Errorf("interface %s did not come up: %w", e.waiting[0], ctx.Err())
		}
	}
}
