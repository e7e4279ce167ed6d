package netns

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Change is something that [Namespace.Apply] does to a namespace: an [Addr], a [Route], [Up], or a [Try] of one of them.
type Change interface {
	// requests are what the kernel is asked for. n is locked.
	requests(n *Namespace) ([]*nl.NetlinkRequest, error)
	String() string
}

// Addr gives an interface an address, usable at once. It is no error that it has it.
type Addr struct {
	Interface string
	Prefix    netip.Prefix
}

// Up lets an interface carry.
type Up struct{ Interface string }

// Route adds a way to a network, in place of any other to the same network.
type Route struct {
	To        netip.Prefix
	Via       netip.Addr // the next hop, which need not be of a network of the interface; zero: To is on the wire itself
	Interface string     // "": that with the network of Via
}

// Try is a Change of which it is no error that it cannot be made.
type Try struct{ Change }

// ChangeError says which Change the kernel refuses.
type ChangeError struct {
	Change Change
	Err    error
}

func (e *ChangeError) Error() string { return fmt.Sprintf("%v: %v", e.Change, e.Err) }
func (e *ChangeError) Unwrap() error { return e.Err }

// Apply makes changes, in their order and with as few words to the kernel as it takes. Those after one that the kernel refuses are made,
// too. The error is a [*ChangeError] of the first.
func (n *Namespace) Apply(changes ...Change) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.apply(changes)
}

func (n *Namespace) apply(changes []Change) error {
	if n.links == nil {
		return fmt.Errorf("network namespace: %w", os.ErrClosed)
	}
	var first error
	fail := func(c Change, err error) {
		if _, tried := c.(Try); !tried && first == nil {
			first = &ChangeError{c, err}
		}
	}
	var all []*nl.NetlinkRequest
	var of []Change
	for _, c := range changes {
		requests, err := c.requests(n)
		if err != nil {
			fail(c, err)
			continue
		}
		for _, r := range requests {
			all, of = append(all, r), append(of, c)
		}
	}
	if err := n.links.change(all, func(i int, err error) { fail(of[i], err) }); err != nil {
		return err
	}
	return first
}

func (a Addr) String() string { return fmt.Sprintf("address %v on %s", a.Prefix, a.Interface) }
func (u Up) String() string   { return fmt.Sprintf("interface %s up", u.Interface) }
func (r Route) String() string {
	return fmt.Sprintf("route to %v by %s", r.To, cmp.Or(r.Interface, r.Via.String()))
}

func (a Addr) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	return a.request(n, unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
}

func (a Addr) request(n *Namespace, kind, flags int) ([]*nl.NetlinkRequest, error) {
	index, err := n.indexOf(a.Interface)
	if err != nil {
		return nil, err
	}
	m := nl.NewIfAddrmsg(family(a.Prefix.Addr()))
	m.Index, m.Prefixlen = uint32(index), uint8(a.Prefix.Bits())
	if a.Prefix.Addr().Is6() {
		// Duplicate address detection keeps an address unusable for a second or two.
		m.IfAddrmsg.Flags = unix.IFA_F_NODAD
	}
	addr := a.Prefix.Addr().AsSlice()
	r := request(kind, flags, m, attr(unix.IFA_LOCAL, addr), attr(unix.IFA_ADDRESS, addr))
	if a.Prefix.Addr().Is4() && a.Prefix.Bits() < 31 {
		r.AddData(attr(unix.IFA_BROADCAST, broadcast(a.Prefix)))
	}
	return []*nl.NetlinkRequest{r}, nil
}

func (u Up) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	index, err := n.indexOf(u.Interface)
	if err != nil {
		return nil, err
	}
	m := nl.NewIfInfomsg(unix.AF_UNSPEC)
	m.Index, m.Change, m.Flags = int32(index), unix.IFF_UP, unix.IFF_UP
	return []*nl.NetlinkRequest{request(unix.RTM_NEWLINK, 0, m)}, nil
}

func (r Route) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	m := nl.NewRtMsg()
	m.Scope = unix.RT_SCOPE_LINK
	switch {
	case r.Interface == "":
		m.Scope = unix.RT_SCOPE_UNIVERSE
	case r.Via.IsValid():
		m.Scope, m.Flags = unix.RT_SCOPE_UNIVERSE, unix.RTNH_F_ONLINK
	}
	return r.request(n, unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, m)
}

func (r Route) request(n *Namespace, kind, flags int, m *nl.RtMsg) ([]*nl.NetlinkRequest, error) {
	m.Family, m.Dst_len = uint8(family(r.To.Addr())), uint8(r.To.Bits())
	q := request(kind, flags, m, attr(unix.RTA_DST, r.To.Addr().AsSlice()))
	if r.Interface != "" {
		index, err := n.indexOf(r.Interface)
		if err != nil {
			return nil, err
		}
		q.AddData(attr(unix.RTA_OIF, nl.Uint32Attr(uint32(index))))
	}
	if r.Via.IsValid() {
		q.AddData(attr(unix.RTA_GATEWAY, r.Via.AsSlice()))
	}
	return []*nl.NetlinkRequest{q}, nil
}

// removal is a Change that takes away what another one gave.
type removal struct{ Change }

func (r removal) String() string { return "remove " + r.Change.String() }

func (r removal) requests(n *Namespace) ([]*nl.NetlinkRequest, error) {
	switch c := r.Change.(type) {
	case Addr:
		return c.request(n, unix.RTM_DELADDR, 0)
	case Route:
		return c.request(n, unix.RTM_DELROUTE, 0, nl.NewRtDelMsg())
	}
	return nil, syscall.EINVAL
}

// marked is TakeMarked.
type marked struct{ mark uint32 }

func (m marked) String() string { return fmt.Sprintf("take what is marked %d", m.mark) }

func (m marked) requests(*Namespace) ([]*nl.NetlinkRequest, error) {
	const table = 100 // any that is not one of the kernel's own three
	way := nl.NewRtMsg()
	way.Family, way.Type, way.Scope, way.Table = unix.AF_INET, unix.RTN_LOCAL, unix.RT_SCOPE_HOST, table
	rule := nl.NewRtMsg() // struct fib_rule_hdr has the same fields, and the action where this one has the type: FR_ACT_TO_TBL is 1, too
	rule.Family, rule.Table = unix.AF_INET, table
	return []*nl.NetlinkRequest{
		request(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, way, attr(unix.RTA_OIF, nl.Uint32Attr(1))),
		request(unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, rule, attr(nl.FRA_FWMARK, nl.Uint32Attr(m.mark))),
	}, nil
}

// request is one to the kernel.
func request(kind, flags int, data ...nl.NetlinkRequestData) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Data = data
	return r
}

func attr(kind int, data []byte) *nl.RtAttr { return nl.NewRtAttr(kind, data) }

func family(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

func broadcast(p netip.Prefix) []byte {
	a := p.Addr().As4()
	return binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(a[:])|^uint32(0)>>p.Bits())
}
