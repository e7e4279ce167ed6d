package inputrules

import (
	"slices"
	"strings"
)

// Judge tells what the rules do with a packet that comes alone, under every limit of how many there may be.
func (r *Ruleset) Judge(p Packet) Ruling {
	if !validPacket(p) {
		return Ruling{Doubt: "it is no packet of TCP or UDP by IPv4"}
	}
	ruling := r.judge(p, nearlyAll)
	switch ruling.Verdict {
	case Drop, Reject:
		// Somebody whom a rule means in particular may come in all the same.
		if all := r.judge(p, everybody); all.Verdict == Unknown {
			return Ruling{Place: all.Place, Doubt: "it depends on who sends it"}
		}
	case Accept:
		if len(r.Legacy) > 0 {
			return Ruling{Doubt: "iptables-legacy has rules, too, in " + strings.Join(r.Legacy, ", ")}
		}
	}
	return ruling
}

func (r *Ruleset) judge(p Packet, w world) Ruling {
	j := &judgement{rules: r, packet: p, headers: headersOf(p), world: w, written: map[meaning]bool{}}
	dropped := false // perhaps
	for _, base := range r.bases {
		if !base.on(p.Interface) {
			continue
		}
		j.base = base
		its := j.chain(base, 0)
		if its.ends {
			its.decide(base.policy, j.place(base, true))
		}
		if base.family == familyBridge && its.out != nil {
			// Whether the interface is a bridge, and which of its ports the packet came by, is not known.
			j.doubt(base, "whether it comes by a bridge is not known")
			its.accept = true
		}
		if !its.accept {
			return *its.out
		}
		dropped = dropped || its.out != nil
	}
	if !dropped {
		return Ruling{Verdict: Accept}
	}
	return j.doubtful
}

// on tells whether a base chain is called for packets of an interface.
func (c *chain) on(device string) bool {
	return c.at != ingress || slices.ContainsFunc(c.devices, func(d string) bool {
		beginning, any := strings.CutSuffix(d, "*")
		return d == device || any && strings.HasPrefix(device, beginning)
	})
}

// judgement is the way of one packet through the rules. Where it may go two ways it goes both.
type judgement struct {
	rules   *Ruleset
	packet  Packet
	headers *headers
	world   world

	base      *chain           // that the kernel has called
	written   map[meaning]bool // what rules may have changed
	untracked bool             // rules may have taken the packet from connection tracking
	helped    bool             // there may be a helper, which knows what belongs to what
	steps     int              // rules that were looked at
	doubtful  Ruling           // of the first thing that could not be told
}

// meaning is what a rule may change of a packet: a key of meta or of ct.
type meaning struct {
	of  string
	key uint32
}

const (
	// maxSteps bounds the rules that one judgement looks at. Chains that jump to each other may be long on the way.
	maxSteps = 1 << 17
	// elementsPerStep is how many elements of a set take as long to look at as a rule does.
	elementsPerStep = 8
	// maxJumps bounds how deep chains jump. The kernel allows 16 (NFT_JUMP_STACK_SIZE).
	maxJumps = 16
)

// fates are what may become of a packet in a chain.
type fates struct {
	accept bool
	out    *Ruling // the last way in which it is dropped or rejected, which is what happens when nothing that is in doubt holds; nil: it is not
	ends   bool    // the chain ends, or returns, and nothing is decided
}

func (f *fates) decide(v Verdict, at Place) {
	if v == Accept {
		f.accept = true
		return
	}
	f.out = &Ruling{Verdict: v, Place: at}
}

func (f *fates) add(o fates) {
	f.accept = f.accept || o.accept
	if o.out != nil {
		f.out = o.out
	}
}

// anything is what becomes of a packet that nobody knows the way of.
func (f *fates) anything(at Place) {
	f.decide(Accept, at)
	f.decide(Drop, at)
}

func (j *judgement) place(c *chain, policy bool) Place {
	return Place{Family: c.family.String(), Table: c.table, Base: j.base.name.name, Hook: j.base.at.String(), Chain: c.name.name, Policy: policy}
}

func (j *judgement) doubt(c *chain, why string) {
	if j.doubtful.Doubt == "" {
		j.doubtful = Ruling{Place: j.place(c, false), Doubt: why}
	}
}

// chain tells what may become of the packet in a chain.
func (j *judgement) chain(c *chain, depth int) (f fates) {
	if depth > maxJumps {
		j.doubt(c, "chains jump too deep")
		f.anything(j.place(c, false))
		f.ends = true
		return f
	}
	for i := range c.rules {
		if j.steps++; j.steps > maxSteps {
			j.doubt(c, "there are too many rules")
			f.anything(j.place(c, false))
			f.ends = true
			return f
		}
		m := move{j: j, in: c, depth: depth}
		m.rule(&c.rules[i])
		f.add(m.fates)
		f.ends = f.ends || m.returns
		if !m.next {
			return f
		}
	}
	f.ends = true
	return f
}

// move is what one rule may do with the packet.
type move struct {
	j       *judgement
	in      *chain
	depth   int
	fates        // of them, ends is not used
	next    bool // the next rule is looked at
	returns bool // the chain returns
	r       registers
}

// rule goes through the conditions and actions of a rule, until one that certainly does not hold.
func (m *move) rule(is *rule) {
	for i := range is.exprs {
		if !m.expression(&is.exprs[i]) {
			return
		}
	}
	m.next = true
}

// when gives whether the rule goes on behind a condition. It may end here when the condition may not hold.
func (m *move) when(t truth, why string) bool {
	if t != yes {
		m.next = true
	}
	if t == maybe {
		m.j.doubt(m.in, why)
	}
	return t != no
}

// anything ends a rule that may do whatever rules do.
func (m *move) anything(why string) bool {
	m.j.doubt(m.in, why)
	m.fates.anything(m.j.place(m.in, false))
	m.next, m.returns = true, true
	return false
}

// verdict follows a verdict.
func (m *move) verdict(v ruleVerdict) {
	switch v.code {
	case verdictAccept:
		m.decide(Accept, Place{})
	case verdictDrop:
		m.decide(Drop, m.j.place(m.in, false))
	case verdictContinue, verdictBreak:
		m.next = true
	case verdictReturn:
		m.returns = true
	case verdictJump, verdictGoto:
		to := m.j.rules.chains[name{m.in.family, m.in.table, v.chain}]
		if to == nil {
			m.anything("a chain is missing")
			return
		}
		f := m.j.chain(to, m.depth+1)
		m.add(f)
		if v.code == verdictJump {
			m.next = m.next || f.ends
		} else {
			m.returns = m.returns || f.ends
		}
	default:
		m.anything("a program decides (queue)")
	}
}
