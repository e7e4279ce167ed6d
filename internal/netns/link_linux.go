package netns

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const loopback = "lo"

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
	var all []*Namespace // in the order in which they come
	ends := map[*Namespace][]End{}
	for _, c := range cables {
		for _, e := range c {
			if ends[e.Namespace] == nil {
				all = append(all, e.Namespace)
			}
			ends[e.Namespace] = append(ends[e.Namespace], e)
		}
	}
	if err := lay(cables); err != nil {
		return err
	}
	for _, n := range all {
		var changes []Change
		for _, e := range ends[n] {
			changes = append(changes, e.changes()...)
		}
		if err := n.Apply(changes...); err != nil {
			return err
		}
	}
	for _, n := range all {
		if err := n.carry(ctx, ends[n]); err != nil {
			return err
		}
	}
	return nil
}

// changes configure an end, and let it carry.
func (e End) changes() []Change {
	all := []Change{Try{manualLink{e.Name}}}
	if e.Bridge != "" {
		all = append(all, portOf{e.Name, e.Bridge})
	}
	for _, p := range e.Addrs {
		all = append(all, Addr{e.Name, p})
	}
	return append(all, Up{e.Name})
}

// AddBridge makes a switch in the namespace, with addresses of its own, to which cables may lead. It carries from Up on, which is
// applied when its cables carry: the kernel tells a bridge that was there before them up to a second late.
func (n *Namespace) AddBridge(name string, addrs ...netip.Prefix) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	index, err := n.nextIndex()
	if err != nil {
		return err
	}
	n.note(name, index)
	changes := []Change{bridge{name, index}, Try{manualLink{name}}}
	for _, p := range addrs {
		changes = append(changes, Addr{name, p})
	}
	return n.apply(changes)
}

// bridge is a Change that makes one.
type bridge struct {
	name  string
	index int
}

func (b bridge) String() string { return "bridge " + b.name }

func (b bridge) requests(*Namespace) ([]*nl.NetlinkRequest, error) {
	m := nl.NewIfInfomsg(unix.AF_UNSPEC)
	m.Index = int32(b.index)
	info := attr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, []byte("bridge"))
	// Nobody queries for the members of groups: all hear them.
	info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.IFLA_BR_MCAST_SNOOPING, []byte{0})
	return []*nl.NetlinkRequest{request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, m, ifname(b.name), info)}, nil
}

// veth is a Change that lays a cable. The kernel asks in no particular namespace.
type veth struct {
	Cable
	index [2]int
}

func (v veth) String() string { return fmt.Sprintf("veth %s to %s", v.Cable[0].Name, v.Cable[1].Name) }

func (v veth) requests(*Namespace) ([]*nl.NetlinkRequest, error) {
	const peer = 1 // VETH_INFO_PEER of linux/veth.h
	var links [2]*nl.IfInfomsg
	for i := range links {
		links[i] = nl.NewIfInfomsg(unix.AF_UNSPEC)
		links[i].Index = int32(v.index[i])
	}
	space := func(i int) []byte { return nl.Uint32Attr(uint32(v.Cable[i].Namespace.fd())) }
	info := attr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, []byte("veth"))
	other := info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(peer, nil)
	other.AddChild(links[1])
	other.AddChild(ifname(v.Cable[1].Name))
	other.AddRtAttr(unix.IFLA_NET_NS_FD, space(1))
	return []*nl.NetlinkRequest{request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, links[0],
		ifname(v.Cable[0].Name), attr(unix.IFLA_NET_NS_FD, space(0)), info)}, nil
}

// lay makes the cables, each with both ends where they belong.
func lay(cables []Cable) error {
	var changes []Change
	for _, c := range cables {
		v := veth{Cable: c}
		for i, e := range c {
			index, err := e.Namespace.reserve()
			if err != nil {
				return err
			}
			// In fresh namespaces both ends would get the same number, and then the kernel takes the interface for one that
			// lies on no other, whose coming up may be told a second late (linkwatch_urgent_event in net/core/link_watch.c).
			if i == 1 && index == v.index[0] {
				if index, err = e.Namespace.reserve(); err != nil {
					return err
				}
			}
			v.index[i] = index
		}
		changes = append(changes, v)
	}
	if len(cables) == 0 {
		return nil
	}
	if err := cables[0][0].Namespace.Apply(changes...); err != nil {
		return err
	}
	for _, c := range changes {
		for i, e := range c.(veth).Cable {
			e.Namespace.mu.Lock()
			e.Namespace.note(e.Name, c.(veth).index[i])
			e.Namespace.mu.Unlock()
		}
	}
	return nil
}

// manualLink keeps the kernel from giving an interface a link-local address by itself: that would be tentative for a second or two, and a
// socket cannot be bound to it until then. Where IPv6 is switched off this fails, and nothing is lost.
type manualLink struct{ name string }

func (l manualLink) String() string { return "link-local address of " + l.name }

func (l manualLink) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	const none = 1 // IN6_ADDR_GEN_MODE_NONE of linux/if_link.h
	six := attr(unix.IFLA_AF_SPEC, nil)
	six.AddRtAttr(unix.AF_INET6, nil).AddRtAttr(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{none})
	return n.setLink(l.name, six)
}

// portOf makes an interface a port of a bridge.
type portOf struct{ name, bridge string }

func (p portOf) String() string { return fmt.Sprintf("interface %s to %s", p.name, p.bridge) }

func (p portOf) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	index, err := n.indexOf(p.bridge)
	if err != nil {
		return nil, err
	}
	return n.setLink(p.name, attr(unix.IFLA_MASTER, nl.Uint32Attr(uint32(index))))
}

func (n *Namespace) setLink(name string, what *nl.RtAttr) ([]*nl.NetlinkRequest, error) {
	index, err := n.indexOf(name)
	if err != nil {
		return nil, err
	}
	m := nl.NewIfInfomsg(unix.AF_UNSPEC)
	m.Index = int32(index)
	return []*nl.NetlinkRequest{request(unix.RTM_SETLINK, 0, m, what)}, nil
}

func ifname(name string) *nl.RtAttr { return attr(unix.IFLA_IFNAME, append([]byte(name), 0)) }

// note remembers the number of an interface. n is locked.
func (n *Namespace) note(name string, index int) { n.index[name] = index }

// reserve is a number for a new interface.
func (n *Namespace) reserve() (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.nextIndex()
}

// nextIndex is reserve of a locked n.
func (n *Namespace) nextIndex() (int, error) {
	if n.last == 0 {
		err := n.list(request(unix.RTM_GETLINK, unix.NLM_F_DUMP, nl.NewIfInfomsg(unix.AF_UNSPEC), briefly()), func(l link) { n.last = max(n.last, l.index) })
		if err != nil {
			return 0, fmt.Errorf("list interfaces: %w", err)
		}
	}
	n.last++
	return n.last, nil
}

// indexOf is the number of an interface. n is locked.
func (n *Namespace) indexOf(name string) (int, error) {
	if index := n.index[name]; index != 0 {
		return index, nil
	}
	index := 0
	err := n.list(request(unix.RTM_GETLINK, 0, nl.NewIfInfomsg(unix.AF_UNSPEC), ifname(name), briefly()), func(l link) { index = l.index })
	return index, err
}

// link is what the kernel says of an interface.
type link struct {
	index int
	up    bool // it carries
}

// briefly asks for no statistics.
func briefly() *nl.RtAttr {
	const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h
	return attr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStats))
}

func (n *Namespace) list(r *nl.NetlinkRequest, tell func(link)) error {
	return n.links.ask(r, func(m *syscall.NetlinkMessage) {
		const up = 6 // IF_OPER_UP of linux/if.h
		if len(m.Data) < unix.SizeofIfInfomsg {
			return
		}
		l := link{index: int(int32(binary.NativeEndian.Uint32(m.Data[4:])))}
		attrs, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			return
		}
		l.up = slices.ContainsFunc(attrs, func(a syscall.NetlinkRouteAttr) bool {
			return a.Attr.Type == unix.IFLA_OPERSTATE && len(a.Value) > 0 && a.Value[0] == up
		})
		tell(l)
	})
}
