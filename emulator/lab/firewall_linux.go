package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/netns"
)

// kernelFirewall is the Firewall of nftables. From the Internet's side nothing gets in but ICMPv6 (RFC 4890 §4.3), answers, and what
// is let in, whose flows have the number of their rules as conntrack mark.
type kernelFirewall struct {
	space  *netns.Namespace
	mu     sync.Mutex
	conn   *nftables.Conn
	table  *nftables.Table
	counts *nftables.Chain // of what passes
	lets   *nftables.Chain
	last   uint32
}

func newFirewall(s *site) (*kernelFirewall, error) {
	f := &kernelFirewall{space: s.space}
	// A connection that was ended would otherwise begin anew with the first segment that the host sends.
	_ = s.space.Sysctl("net/netfilter/nf_conntrack_tcp_loose", "0")
	// The connection belongs to the namespace that it was opened in.
	if err := s.space.Do(func() (err error) { f.conn, err = nftables.New(nftables.AsLasting()); return err }); err != nil {
		return nil, err
	}
	f.table = f.conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv6, Name: "lab6"})
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

func (f *kernelFirewall) rule(c *nftables.Chain, number uint32, exprs ...expr.Any) {
	f.conn.AddRule(&nftables.Rule{Table: f.table, Chain: c, Exprs: exprs, UserData: native(number)})
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
	for _, chain := range []*nftables.Chain{f.lets, f.counts} {
		rules, err := f.conn.GetRules(f.table, chain)
		if err != nil {
			return fmt.Errorf("lab: rules of %s: %w", chain.Name, err)
		}
		for _, r := range rules {
			if binaryutil.NativeEndian.Uint32(r.UserData) == number {
				if err := f.conn.DelRule(r); err != nil {
					return err
				}
			}
		}
	}
	forget := func() error {
		_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET6, &marked{mark: number})
		return err
	}
	return errors.Join(f.conn.Flush(), f.space.Do(forget))
}

// Passed is Firewall's.
func (f *kernelFirewall) Passed(number uint32) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules, err := f.conn.GetRules(f.table, f.counts)
	if err != nil {
		return 0, fmt.Errorf("lab: count: %w", err)
	}
	for _, r := range rules {
		if binaryutil.NativeEndian.Uint32(r.UserData) != number {
			continue
		}
		for _, e := range r.Exprs {
			if c, ok := e.(*expr.Counter); ok {
				return c.Packets, nil
			}
		}
	}
	return 0, nil
}
