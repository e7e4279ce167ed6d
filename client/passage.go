package client

import (
	"context"
	"net/netip"
)

// Inbound is the first packet of a flow that comes to this machine from its network, by IPv4.
type Inbound struct {
	Interface string
	Index     int            // of the interface
	Protocol  string         // "TCP" or "UDP"
	From      netip.AddrPort // without an address: anybody on the Internet; port 0: some high port
	To        netip.AddrPort
}

// PassageVerdict is what the packet filter of this machine does with an [Inbound].
type PassageVerdict string

// The verdicts.
const (
	Passes         PassageVerdict = "passes"   // no rule keeps it out
	Dropped        PassageVerdict = "dropped"  // it is kept out without a word
	Rejected       PassageVerdict = "rejected" // it is kept out, and its sender told
	PassageUnknown PassageVerdict = "unknown"  // it cannot be told; Doubt says why
)

// Passage is what a packet filter does with an [Inbound], and where.
type Passage struct {
	Inbound
	Verdict PassageVerdict

	// Where it is kept out, or where it cannot be told; "" where there is no such place. The words are those of nft(8).
	Family string // of the table: "ip", "inet", "netdev" or "bridge"
	Table  string
	Base   string // the chain that the kernel calls
	Hook   string // "ingress", "prerouting" or "input"
	Chain  string // the chain with the rule: Base, or one that it leads to
	Policy bool   // no rule is it, but what Base does with whatever no rule decides

	Doubt string // why it cannot be told, in a few words
}

// KeptOut tells whether it is certain that the packet does not come in.
func (p *Passage) KeptOut() bool { return p != nil && (p.Verdict == Dropped || p.Verdict == Rejected) }

// FilterReport is what a packet filter would do with what comes.
type FilterReport struct {
	Tables   []string  // that have a say in what comes in, as "inet filter"; none: everything does
	Passages []Passage // in the order of the question
}

// A FilterFunc tells what the packet filter of a machine does with packets that come in. An error that is os.ErrPermission says that it could
// be told with more privilege, one that is errors.ErrUnsupported that this system does not tell.
type FilterFunc func(ctx context.Context, all []Inbound) (FilterReport, error)
