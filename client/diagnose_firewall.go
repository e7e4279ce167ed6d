package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// FirewallEvidence is what [CheckFirewall] saw.
type FirewallEvidence struct {
	Firewalls []Firewall // that seem to be at work
	Known     bool       // the system tells what filters it has
	// KeptIn is what it did not let out of the searches, first that to the gateway itself; nil: it did, as far as is known. It is in doubt nowhere: the system said so.
	KeptIn    *OutboundError
	Swallowed bool // the gateway answers searches by unicast and not by multicast, as behind a filter that knows no multicast

	Read   bool     // the rules were read: what follows is what they do
	Tables []string // of rules, that have a say in what comes in, as "inet filter"; none: everything does
	// Port is what becomes of a stranger who comes to Diagnosis.Port or, when that is 0, to some high port that no rule names; nil: it is not known.
	Port  *Passage
	Named bool // Port is about Diagnosis.Port
	// Answers is what becomes of an answer to a search by multicast; nil: it is not known, or answers have arrived, which proves more.
	Answers *Passage
}

func (*FirewallEvidence) evidence() {}

// firewall judges by the rules of this machine where they can be read, and else by what the machine tells and by whose answers arrive. A
// filter that keeps state takes an answer for one only when it comes from the address that was asked: from a group none does.
func (d *diagnosis) firewall(ctx context.Context, multicast, unicast Check) {
	began := d.begin(CheckFirewall)
	e := &FirewallEvidence{Swallowed: multicast.Problem == ProblemOnlyUnicast, Named: d.want.Port != 0}
	if m := d.want.Machine; m != nil {
		e.Firewalls, e.Known = m.Firewalls, m.FirewallsKnown
	}
	c := Check{ID: CheckFirewall, Evidence: e}
	c.Err = d.readRules(ctx, e)
	if multicast.Outcome == Sound {
		e.Answers = nil
	}
	for _, search := range []Check{unicast, multicast} {
		if kept, ok := errors.AsType[*OutboundError](search.Err); ok && search.Problem == ProblemKeptIn && e.KeptIn == nil {
			e.KeptIn = kept
		}
	}
	c.Outcome, c.Problem = e.judge(multicast.Outcome, unicast.Outcome)
	d.unsure = c.Outcome == Untold || c.Outcome == Doubtful && !e.Read
	d.tell(ctx, c, began)
}

func (e *FirewallEvidence) judge(multicast, unicast Outcome) (Outcome, Problem) {
	sure := slices.ContainsFunc(e.Firewalls, func(f Firewall) bool { return f.Name == "ufw" || f.Name == "firewalld" })
	switch {
	case e.KeptIn != nil && multicast != Sound && unicast != Sound:
		return Faulty, ProblemKeptIn // and nobody is found
	case e.Named && e.Port.KeptOut():
		return Faulty, ProblemFirewallDrops
	case e.KeptIn != nil:
		return Doubtful, ProblemKeptIn
	case multicast == Faulty && e.Answers.KeptOut() && unicast != Sound:
		return Faulty, ProblemAnswersSwallowed // and nobody is found
	case multicast == Faulty && e.Answers.KeptOut(), e.Swallowed && (e.Answers == nil || e.Answers.Verdict != Passes):
		return Doubtful, ProblemAnswersSwallowed
	case e.Port.KeptOut():
		return Doubtful, ProblemFirewallActive
	case e.Port != nil && e.Port.Verdict == Passes:
		return Sound, NoProblem
	case e.Read:
		return Untold, ProblemFirewallHidden
	case sure:
		return Doubtful, ProblemFirewallActive
	case !e.Known || len(e.Firewalls) > 0:
		return Untold, ProblemFirewallHidden
	}
	return Sound, NoProblem
}

// readRules asks the packet filter. It leaves e as it is when that cannot be told.
func (d *diagnosis) readRules(ctx context.Context, e *FirewallEvidence) error {
	l := d.outward()
	if l == nil || d.want.Machine == nil || d.want.Machine.Filter == nil {
		return nil
	}
	port := d.want.Port
	if port == 0 {
		port = somePort
	}
	all := []Inbound{l.inbound(d.want.Protocol, netip.AddrPort{}, port)}
	if gateway := l.gateway(); gateway.IsValid() {
		for _, port := range answerPorts() {
			all = append(all, l.inbound("UDP", netip.AddrPortFrom(gateway, ssdp.Port), port))
		}
	}
	f, err := d.want.Machine.Filter(ctx, all)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil || len(f.Passages) != len(all) {
		return err
	}
	e.Read, e.Tables, e.Port = true, f.Tables, &f.Passages[0]
	for i := range f.Passages[1:] {
		p := f.Passages[1+i]
		if e.Answers == nil {
			e.Answers = &p
		} else if p.Verdict != e.Answers.Verdict {
			e.Answers.Verdict, e.Answers.Doubt = PassageUnknown, "it depends on the port that the search was sent from"
		}
	}
	return nil
}

// somePort stands for a port that no rule names, in the middle of those that are for whoever wants one (RFC 6335 §6).
const somePort = 57343

// answerPorts are ports that searches may be sent from: of the ranges that Linux and RFC 6335 take them from.
func answerPorts() []uint16 { return []uint16{33021, 45007, 50111, 60923} }

// outward is the link that a gateway forwards to, nil when there is none.
func (d *diagnosis) outward() *link {
	for i := range d.links { // those with a default route come first
		l := &d.links[i]
		if l.ifi.Flags&net.FlagLoopback == 0 && (d.gateway == nil || l.addr() == d.gateway.Local.Unmap()) {
			return l
		}
	}
	return nil
}

// gateway is the next hop by IPv4; zero when there is none.
func (l *link) gateway() netip.Addr {
	if i := slices.IndexFunc(l.gateways, netip.Addr.Is4); i >= 0 {
		return l.gateways[i]
	}
	return netip.Addr{}
}

func (l *link) inbound(protocol string, from netip.AddrPort, port uint16) Inbound {
	return Inbound{Interface: l.ifi.Name, Index: l.ifi.Index, Protocol: protocol, From: from, To: netip.AddrPortFrom(l.addr(), port)}
}

// keptOut tells whether this machine certainly lets in nobody of some who come to a port: the first that is in its way, or nil.
func (d *diagnosis) keptOut(ctx context.Context, protocol string, port uint16, from ...netip.Addr) *Passage {
	l := d.outward()
	if l == nil || d.want.Machine == nil || d.want.Machine.Filter == nil {
		return nil
	}
	var all []Inbound
	for _, a := range from {
		all = append(all, l.inbound(protocol, netip.AddrPortFrom(a, 0), port))
	}
	f, err := d.want.Machine.Filter(ctx, all)
	if err != nil || len(f.Passages) == 0 || slices.ContainsFunc(f.Passages, func(p Passage) bool { return !p.KeptOut() }) {
		return nil
	}
	return &f.Passages[0]
}
