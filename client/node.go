package client

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// CandidateKind is how an address came to be one of a node's. The words are those of `igdctl reach`.
type CandidateKind string

// The kinds.
const (
	MappedCandidate CandidateKind = "mapped" // what a STUN server saw, or whoever told it: the one that is given as it is
	IGDCandidate    CandidateKind = "igd"    // a port mapping of the node's gateway
	HostCandidate   CandidateKind = "host"   // of the node's socket, on its own network
)

// A Candidate is an address at which others may reach a node (RFC 8445 §5.1.1).
type Candidate struct {
	Kind CandidateKind
	Addr netip.AddrPort
}

// maxCandidates bounds what one node may name: a computer has a few networks.
const maxCandidates = 16

// Node is what one node tells another that is to reach it: where, and from behind what. As text it is one word, that people paste and
// programs pass on.
type Node struct {
	Candidates []Candidate // best first
	NAT        NATTraits
}

// String is the node as text: "45.66.77.88:4000,host=192.168.1.10:4000,nat=eim/apdf". Mapped addresses stand without their kind.
func (n Node) String() string {
	var items []string
	for _, c := range n.Candidates {
		if c.Kind == MappedCandidate {
			items = append(items, c.Addr.String())
		} else {
			items = append(items, fmt.Sprintf("%s=%v", c.Kind, c.Addr))
		}
	}
	if n.NAT != (NATTraits{}) {
		items = append(items, "nat="+n.NAT.String())
	}
	return strings.Join(items, ",")
}

// MarshalText is String.
func (n Node) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText is ParseNode.
func (n *Node) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNode(string(text))
	return err
}

// ParseNode reads what String writes, or ADDRESS:PORT alone: IPv4, and of one host. Items of kinds that it does not know are passed over, for
// later versions have more. Errors: *ArgumentError.
func ParseNode(s string) (Node, error) {
	bad := func(item, reason string) (Node, error) {
		return Node{}, &ArgumentError{"node", fmt.Sprintf("%.64s", item), reason}
	}
	if len(s) > maxSTUN {
		return bad(s, "is too long")
	}
	var n Node
	for item := range strings.SplitSeq(s, ",") {
		key, value, found := strings.Cut(item, "=")
		if !found {
			key, value = string(MappedCandidate), item
		}
		switch kind := CandidateKind(key); {
		case kind == MappedCandidate || kind == IGDCandidate || kind == HostCandidate:
			at, err := netip.ParseAddrPort(value)
			if err != nil || !callable(at) {
				return bad(item, "must be ADDRESS:PORT, with an IPv4 address")
			}
			n.Candidates = append(n.Candidates, Candidate{kind, at})
		case key == "nat":
			class, err := ParseNATTraits(value)
			if err != nil {
				return Node{}, err
			}
			n.NAT = class
		}
	}
	if len(n.Candidates) == 0 {
		return bad(s, "names no address; an example is 45.66.77.88:4000")
	}
	if len(n.Candidates) > maxCandidates {
		return bad(s, fmt.Sprintf("names more than %d addresses", maxCandidates))
	}
	return n, nil
}

// callable tells whether UDP can be sent to a, of one host.
func callable(a netip.AddrPort) bool {
	ip := a.Addr()
	return ip.Is4() && a.Port() != 0 && !ip.IsUnspecified() && !ip.IsMulticast() && ip != broadcast()
}

// find is the address of the first candidate of a kind; zero: there is none.
func (n Node) find(kind CandidateKind) netip.AddrPort {
	i := slices.IndexFunc(n.Candidates, func(c Candidate) bool { return c.Kind == kind })
	if i < 0 {
		return netip.AddrPort{}
	}
	return n.Candidates[i].Addr
}

// outside tells whether c is an address on the Internet, as far as it can be known: a public one, or one with the IP address that the Internet
// saw. In a lab that may be any.
func (n Node) outside(c Candidate) bool {
	return Judge(c.Addr.Addr()) == Public || c.Addr.Addr() == n.find(MappedCandidate).Addr()
}

// open tells whether anybody on the Internet can send to one of the addresses.
func (n Node) open() bool {
	return slices.ContainsFunc(n.Candidates, func(c Candidate) bool {
		return n.outside(c) && (c.Kind == IGDCandidate || n.NAT.Open())
	})
}

// impossible tells whether nothing that two nodes behind different NATs can do opens a path, as far as both are known.
func (n Node) impossible(other Node) bool {
	return !n.open() && !other.open() && !n.NAT.Meets(other.NAT)
}
