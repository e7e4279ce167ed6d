package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/netns"
)

// kernelNAT is the NAT of nftables. The number of a mapping is the conntrack mark of its flows, and stands with its rules.
type kernelNAT struct {
	space   *netns.Namespace
	mu      sync.Mutex
	conn    *nftables.Conn
	table   *nftables.Table
	classes [4]*nftables.Chain // by how exactly they match; the first to match translates
	flows   *nftables.Chain    // counts what passes
	last    uint32
	class   map[uint32]*nftables.Chain // of each mapping
}

// newNAT makes the namespace of s translate. It fails where the kernel has no nftables or does not forward.
func newNAT(s *site) (*kernelNAT, error) {
	if forward, err := s.space.ReadSysctl("net/ipv4/ip_forward"); err != nil || forward != "1" {
		return nil, errors.Join(errors.New("the gateway does not forward"), err)
	}
	n := &kernelNAT{space: s.space, class: map[uint32]*nftables.Chain{}}
	// The connection belongs to the namespace that it was opened in.
	if err := s.space.Do(func() (err error) { n.conn, err = nftables.New(nftables.AsLasting()); return err }); err != nil {
		return nil, err
	}
	n.table = n.conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "lab"})
	for i, name := range []string{"one-port-one-peer", "one-port", "one-peer", "all"} {
		n.classes[i] = n.conn.AddChain(&nftables.Chain{Name: name, Table: n.table})
	}
	for _, hook := range []*nftables.ChainHook{nftables.ChainHookPrerouting, nftables.ChainHookOutput} {
		c := n.base(nftables.ChainTypeNAT, hook, nftables.ChainPriorityNATDest)
		for _, class := range n.classes {
			n.rule(c, 0, &expr.Verdict{Kind: expr.VerdictJump, Chain: class.Name})
		}
	}
	n.flows = n.base(nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter)
	n.leave(s)
	n.enter(s)
	return n, n.conn.Flush()
}

// leave translates the sources of what the gateway passes on.
func (n *kernelNAT) leave(s *site) {
	c := n.base(nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	lan := s.LAN.Masked()
	mask := binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-lan.Bits()))
	n.rule(c, 0,
		&expr.Ct{Key: expr.CtKeySTATUS, Register: 1}, masked(native(statusDNAT)), differs(native(0)),
		source(), masked(mask), equals(lan.Addr().AsSlice()), meta(expr.MetaKeyOIFNAME), named(lanInterface), &expr.Masq{})
	if !s.Routed {
		// The gateway's own has an address of its side of the Internet already.
		n.rule(c, 0, meta(expr.MetaKeyOIFNAME), named(wanInterface),
			&expr.Fib{Register: 1, FlagSADDR: true, ResultADDRTYPE: true}, differs(native(unix.RTN_LOCAL)), &expr.Masq{})
	}
}

// enter refuses passage to what nobody inside has asked for and no mapping lets in: routers upstream would have to know the LAN's
// addresses to send it, but attackers do, and a firewall is there for nothing else.
func (n *kernelNAT) enter(s *site) {
	if s.Routed && !s.Filtered {
		return
	}
	n.rule(n.flows, 0, meta(expr.MetaKeyIIFNAME), named(wanInterface),
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1}, masked(native(expr.CtStateBitNEW)), differs(native(0)),
		&expr.Ct{Key: expr.CtKeySTATUS, Register: 1}, masked(native(statusDNAT)), equals(native(0)),
		&expr.Verdict{Kind: expr.VerdictDrop})
}

// statusDNAT is IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.
const statusDNAT = 1 << 5

func (n *kernelNAT) base(kind nftables.ChainType, hook *nftables.ChainHook, at *nftables.ChainPriority) *nftables.Chain {
	return n.conn.AddChain(&nftables.Chain{Name: fmt.Sprintf("%s-%d", kind, *hook), Table: n.table, Type: kind, Hooknum: hook, Priority: at})
}

// rule adds one to c, marked with the number of its mapping.
func (n *kernelNAT) rule(c *nftables.Chain, number uint32, exprs ...expr.Any) {
	n.conn.AddRule(&nftables.Rule{Table: n.table, Chain: c, Exprs: exprs, UserData: native(number)})
}

func (n *kernelNAT) Map(protocol string, remote netip.Addr, external, internal netip.AddrPort) (uint32, error) {
	if !external.Addr().Is4() || !internal.Addr().Is4() || remote.IsValid() && !remote.Is4() {
		return 0, fmt.Errorf("lab: %v to %v is not IPv4", external, internal)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	class, number := 0, n.last+1
	match := []expr.Any{
		destination(), equals(external.Addr().AsSlice()),
		meta(expr.MetaKeyL4PROTO), equals([]byte{numberOf(protocol)}),
	}
	if external.Port() != 0 {
		match = append(match, port(), equals(binaryutil.BigEndian.PutUint16(external.Port())))
	} else {
		class += 2
	}
	if remote.IsValid() {
		match = append(match, source(), equals(remote.AsSlice()))
	} else {
		class++
	}
	to := &expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1}
	match = append(match,
		load(1, native(number)), &expr.Ct{Key: expr.CtKeyMARK, Register: 1, SourceRegister: true},
		load(1, internal.Addr().AsSlice()))
	if internal.Port() != 0 {
		to.RegProtoMin = 2
		match = append(match, load(2, binaryutil.BigEndian.PutUint16(internal.Port())))
	}
	n.rule(n.classes[class], number, append(match, to)...)
	for direction := range byte(2) {
		n.rule(n.flows, number,
			&expr.Ct{Key: expr.CtKeyMARK, Register: 1}, equals(native(number)),
			&expr.Ct{Key: expr.CtKeyDIRECTION, Register: 1}, equals([]byte{direction}), &expr.Counter{})
	}
	if err := n.conn.Flush(); err != nil {
		return 0, fmt.Errorf("lab: translate %s %v to %v: %w", protocol, external, internal, err)
	}
	n.last, n.class[number] = number, n.classes[class]
	return number, nil
}

func (n *kernelNAT) Unmap(number uint32) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, chain := range []*nftables.Chain{n.class[number], n.flows} {
		if chain == nil {
			return fmt.Errorf("lab: no translation %d", number)
		}
		rules, err := n.conn.GetRules(n.table, chain)
		if err != nil {
			return fmt.Errorf("lab: rules of %s: %w", chain.Name, err)
		}
		for _, r := range rules {
			if binaryutil.NativeEndian.Uint32(r.UserData) == number {
				if err := n.conn.DelRule(r); err != nil {
					return err
				}
			}
		}
	}
	delete(n.class, number)
	return errors.Join(n.conn.Flush(), n.space.Do(func() error { return endFlows(number) }))
}

func (n *kernelNAT) Passed(tell func(number uint32, inward bool, packets, bytes uint64)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	rules, err := n.conn.GetRules(n.table, n.flows)
	if err != nil {
		return fmt.Errorf("lab: count: %w", err)
	}
	for _, r := range rules {
		inward := true
		for _, e := range r.Exprs {
			switch e := e.(type) {
			case *expr.Cmp:
				inward = e.Data[0] == 0 // the last is the direction
			case *expr.Counter:
				tell(binaryutil.NativeEndian.Uint32(r.UserData), inward, e.Packets, e.Bytes)
			}
		}
	}
	return nil
}
