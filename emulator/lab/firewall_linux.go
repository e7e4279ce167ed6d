package lab

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// kernelFirewall is the Firewall of nftables. From the Internet's side nothing gets in but ICMPv6 (RFC 4890 §4.3), answers, and what
// is let in, whose flows have marks.
type kernelFirewall struct {
	ruleset
	counts *nftables.Chain // of what passes
	lets   *nftables.Chain
}

func newFirewall(s *site) (*kernelFirewall, error) {
	f := &kernelFirewall{}
	// A connection that was ended would otherwise begin anew with the first segment that the host sends.
	_ = s.space.Sysctl("net/netfilter/nf_conntrack_tcp_loose", "0")
	if err := f.open(s, nftables.TableFamilyIPv6, "lab6"); err != nil {
		return nil, err
	}
	f.counts = f.conn.AddChain(&nftables.Chain{Name: "counts", Table: f.table})
	f.lets = f.conn.AddChain(&nftables.Chain{Name: "lets", Table: f.table})
	c := f.conn.AddChain(&nftables.Chain{
		Name: "inward", Table: f.table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	inward := []expr.Any{meta(expr.MetaKeyIIFNAME), named(wanInterface)}
	rule := func(exprs ...expr.Any) { f.rule(c, 0, append(inward[:2:2], exprs...)...) }
	accept := &expr.Verdict{Kind: expr.VerdictAccept}
	rule(&expr.Verdict{Kind: expr.VerdictJump, Chain: f.lets.Name})
	rule(&expr.Verdict{Kind: expr.VerdictJump, Chain: f.counts.Name})
	rule(&expr.Ct{Key: expr.CtKeySTATE, Register: 1}, masked(native(expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)), differs(native(0)), accept)
	rule(meta(expr.MetaKeyL4PROTO), equals([]byte{unix.IPPROTO_ICMPV6}), accept)
	rule(&expr.Ct{Key: expr.CtKeyMARK, Register: 1}, differs(native(0)), accept)
	rule(&expr.Verdict{Kind: expr.VerdictDrop})
	return f, f.conn.Flush()
}

// Let is Firewall's.
func (f *kernelFirewall) Let(protocol uint8, remote, internal netip.AddrPort) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	number := f.last + 1
	match := []expr.Any{&expr.Ct{Key: expr.CtKeySTATE, Register: 1}, masked(native(expr.CtStateBitNEW)), differs(native(0))}
	if protocol != 0 {
		match = append(match, meta(expr.MetaKeyL4PROTO), equals([]byte{protocol}))
	}
	for i, end := range []netip.AddrPort{remote, internal} {
		if end.Addr().IsValid() {
			match = append(match, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: uint32(8 + 16*i), Len: 16}, equals(end.Addr().AsSlice()))
		}
		if end.Port() != 0 {
			match = append(match, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: uint32(2 * i), Len: 2},
				equals(binaryutil.BigEndian.PutUint16(end.Port())))
		}
	}
	f.rule(f.lets, number, append(match, load(1, native(number)), &expr.Ct{Key: expr.CtKeyMARK, Register: 1, SourceRegister: true})...)
	f.rule(f.counts, number, &expr.Ct{Key: expr.CtKeyMARK, Register: 1}, equals(native(number)), &expr.Counter{})
	if err := f.conn.Flush(); err != nil {
		return 0, fmt.Errorf("lab: let %v in to %v: %w", remote, internal, err)
	}
	f.last = number
	return number, nil
}

// End is Firewall's.
func (f *kernelFirewall) End(number uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	forget := func() error {
		_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET6, &marked{mark: number})
		return err
	}
	return f.remove(number, forget, f.lets, f.counts)
}

// Passed is Firewall's.
func (f *kernelFirewall) Passed(tell func(number uint32, packets uint64)) error {
	return f.counted(f.counts, func(number uint32, _ []byte, c *expr.Counter) { tell(number, c.Packets) })
}
