// Package inputrules reads the packet filter of a Linux machine (nftables, which iptables-nft, ufw and firewalld are written in, too) and
// tells what it does with a packet of IPv4 that comes in: lets it pass, keeps it out, or cannot be told. It knows the expressions that
// rulesets of homes are made of. A rule that has another one may match and may not, and only what is the same either way is told.
//
// It decodes nf_tables messages (linux/netfilter/nf_tables.h) itself: github.com/google/nftables leaves out, without a word, every expression
// that it does not know, and a rule with one condition less matches more than the kernel's.
package inputrules

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// Packet is the first packet of a flow that comes in from the network.
type Packet struct {
	Interface string // that it arrives at
	Index     int    // of the interface
	Protocol  uint8  // 6: TCP, by its SYN; 17: UDP
	// From is who sends it. Without an address it is anybody on the Internet whom no rule means in particular; port 0 is some high port.
	From netip.AddrPort
	To   netip.AddrPort // an address of this machine by IPv4, and the port
}

// The protocols of [Packet].
const (
	TCP = 6
	UDP = 17
)

// Verdict is what becomes of a packet.
type Verdict uint8

// The verdicts.
const (
	Unknown Verdict = iota // it cannot be told; Ruling.Doubt says why
	Accept                 // no rule keeps it out
	Drop                   // it is kept out without a word
	Reject                 // it is kept out, and its sender told
)

func (v Verdict) String() string { return [...]string{"unknown", "accept", "drop", "reject"}[v] }

// Ruling is what the rules do with a packet.
type Ruling struct {
	Verdict Verdict
	Place   Place  // what decides, of Drop and Reject; what cannot be told, of Unknown; zero where there is no such place
	Doubt   string // why it cannot be told, in a few words; "" unless Unknown
}

// Place is where something is decided.
type Place struct {
	Family string // "inet", "ip", "netdev" or "bridge"
	Table  string
	Base   string // the chain that the kernel calls
	Hook   string // "ingress", "prerouting" or "input"
	Chain  string // the chain with the rule: Base, or one that it jumps to
	Policy bool   // it is no rule but the policy of Base, which meets whatever no rule has decided
}

// Ruleset is what the kernel filters by. It does not change when the kernel's does.
type Ruleset struct {
	// Legacy are the tables of iptables-legacy in use, which are not read.
	Legacy []string

	chains map[name]*chain
	bases  []*chain // those that the kernel calls for what comes in, in its order
	sets   map[name]*set
}

// ErrTooLarge says that there are more rules than [Read] reads, or than can be judged.
var ErrTooLarge = errors.New("the ruleset is too large")

// Read reads the rules of the network namespace that the calling thread is in. It takes some milliseconds, and needs CAP_NET_ADMIN
// there: without it the error is os.ErrPermission. Elsewhere than on Linux it is errors.ErrUnsupported.
func Read(ctx context.Context) (*Ruleset, error) {
	r, err := read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the rules of nftables: %w", err)
	}
	return r, nil
}

// Tables are the tables that have a say in what comes in, as "inet filter", in the order in which they are asked.
func (r *Ruleset) Tables() (all []string) {
	seen := map[string]bool{}
	for _, c := range r.bases {
		if t := c.family.String() + " " + c.table; !seen[t] {
			seen[t] = true
			all = append(all, t)
		}
	}
	return all
}
