package inputrules

import "cmp"

// family is a protocol family of linux/netfilter.h.
type family uint8

const (
	familyInet   family = 1
	familyIPv4   family = 2
	familyNetdev family = 5
	familyBridge family = 7
)

func (f family) String() string {
	switch f {
	case familyInet:
		return "inet"
	case familyIPv4:
		return "ip"
	case familyNetdev:
		return "netdev"
	case familyBridge:
		return "bridge"
	}
	return "other"
}

// name is that of a chain or a set.
type name struct {
	family family
	table  string
	name   string
}

// stage is where in a packet's way in a chain is called. They are in the order of the way.
type stage uint8

const (
	elsewhere stage = iota
	ingress
	prerouting
	input
)

func (s stage) String() string { return [...]string{"", "ingress", "prerouting", "input"}[s] }

// stageOf is where a hook is (enum nf_inet_hooks; the bridge's have the same numbers).
func stageOf(f family, hook uint32) stage {
	switch {
	case f == familyNetdev && hook == 0, f == familyInet && hook == 5:
		return ingress
	case f == familyNetdev || f != familyInet && f != familyIPv4 && f != familyBridge:
		return elsewhere
	case hook == 0:
		return prerouting
	case hook == 1:
		return input
	}
	return elsewhere
}

type chain struct {
	name
	rules []rule

	// Of base chains:
	at       stage
	priority int32
	devices  []string // that it is for, at ingress; a name may end in *. None: all
	policy   Verdict
}

// comesBefore orders base chains as a packet meets them.
func comesBefore(a, b *chain) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(bridged(b), bridged(a)), cmp.Compare(a.priority, b.priority))
}

// bridged is 1 for what a bridge asks before the machine behind it.
func bridged(c *chain) int {
	if c.family == familyBridge {
		return 1
	}
	return 0
}

type rule struct{ exprs []expression }

// expression is one step of a rule: a condition, an action, or a way to bring a value into a register.
type expression struct {
	kind string
	of   attributes
}

// ruleVerdict is what an expression or an element of a map decides (enum nft_verdicts).
type ruleVerdict struct {
	code  int32
	chain string // of jump and goto
}

const (
	verdictDrop     = 0
	verdictAccept   = 1
	verdictContinue = -1
	verdictBreak    = -2
	verdictJump     = -3
	verdictGoto     = -4
	verdictReturn   = -5
)
