package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// kernelNAT is the NAT of nftables. Numbers are those of mappings.
type kernelNAT struct {
	ruleset
	classes [4]*nftables.Chain         // by how exactly they match; the first to match translates
	flows   *nftables.Chain            // counts what passes
	class   map[uint32]*nftables.Chain // of each mapping
}

// newNAT makes the namespace of s translate. It fails where the kernel has no nftables or does not forward.
func newNAT(s *site) (*kernelNAT, error) {
	if forward, err := s.space.ReadSysctl("net/ipv4/ip_forward"); err != nil || forward != "1" {
		return nil, errors.Join(errors.New("the gateway does not forward"), err)
	}
	n := &kernelNAT{class: map[uint32]*nftables.Chain{}}
	if err := n.open(s, nftables.TableFamilyIPv4, "lab"); err != nil {
		return nil, err
	}
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

// Map is Forwarding's.
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

// Unmap is Forwarding's.
func (n *kernelNAT) Unmap(number uint32) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	class := n.class[number]
	if class == nil {
		return fmt.Errorf("lab: no translation %d", number)
	}
	delete(n.class, number)
	return n.remove(number, func() error { return endFlows(number) }, class, n.flows)
}

// Passed is Forwarding's.
func (n *kernelNAT) Passed(tell func(number uint32, inward bool, packets, bytes uint64)) error {
	return n.counted(n.flows, func(number uint32, last []byte, c *expr.Counter) { // the last is the direction
		tell(number, last[0] == 0, c.Packets, c.Bytes)
	})
}
