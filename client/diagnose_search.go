package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// SearchEvidence is what [CheckMulticast] and [CheckUnicast] saw. Each search target was searched for from a socket of its own,
// so that it is sure which search an answer belongs to.
type SearchEvidence struct {
	Targets []string       // that were searched for
	Asked   []SearchedHost // whom, and from where
	Answers []SearchAnswer // the first of each host to each target, in the order they came
	Unused  []netip.Addr   // who answered with what no search can use: without a LOCATION, by NOTIFY, or no SSDP at all
	Errors  []*InterfaceError
}

func (*SearchEvidence) evidence() {}

// SearchedHost is where a search went.
type SearchedHost struct {
	Interface string         // "" when the routes chose it
	Kind      InterfaceKind  // of the interface
	Local     netip.Addr     // zero when the routes chose it
	To        netip.AddrPort // the group, or one host
}

// SearchAnswer is one answer to a search.
type SearchAnswer struct {
	Target    string // the search target (ST) that was searched for
	Interface string
	From      netip.AddrPort
	ST        string // of the answer; some gateways answer with another
	Location  string // as it was sent
	Server    string
	After     time.Duration // since that search was last sent
	Gateway   bool          // it claims to be a gateway or a part of one, or is the root device of a default gateway
}

// ForGateway tells whether it answers the search for a gateway, or for a part of one.
func (a SearchAnswer) ForGateway() bool { return claimsGateway(a.Target) }

const (
	// maxSearchedLinks bounds the sockets of a survey: machines with many containers have an interface for each.
	maxSearchedLinks = 8
	// maxSearchAnswers bounds what a survey remembers.
	maxSearchAnswers = 256
	// surveyRepeat is when those who have not answered are asked once more: datagrams get lost.
	surveyRepeat = 400 * time.Millisecond
)

// A survey asks for every target by itself and notes who answers.
type survey struct {
	o                  Options
	probes             []*targetProbe
	answers            chan surveyAnswer
	multicast, unicast SearchEvidence
	noted              map[notedAnswer]bool
}

// targetProbe is the search for one target from one socket.
type targetProbe struct {
	*socket
	target    string
	to        netip.AddrPort
	evidence  *SearchEvidence
	sent      time.Time
	satisfied bool // a gateway has answered
}

type surveyAnswer struct {
	probe *targetProbe
	reply
	at time.Time
}

type notedAnswer struct {
	probe   *targetProbe
	from    netip.Addr
	gateway bool
}

// search looks who answers searches, and what that says of firewalls.
func (d *diagnosis) search(ctx context.Context) {
	began := d.begin(CheckMulticast)
	v := &survey{o: d.o, answers: make(chan surveyAnswer), noted: map[notedAnswer]bool{}}
	v.run(ctx, d.links)
	multicast := Check{ID: CheckMulticast, Evidence: &v.multicast}
	unicast := Check{ID: CheckUnicast, Evidence: &v.unicast}
	multicast.Outcome, multicast.Problem = v.multicast.judge()
	unicast.Outcome, unicast.Problem = v.unicast.judge()
	switch {
	case multicast.Outcome == Faulty && multicast.Problem != ProblemKeptIn && unicast.Outcome == Sound:
		multicast.Problem = ProblemOnlyUnicast
	case unicast.Outcome == Faulty && unicast.Problem != ProblemKeptIn && multicast.Outcome == Sound:
		unicast.Outcome, unicast.Problem = Sound, ProblemUnicastSilent
	}
	for _, c := range []*Check{&multicast, &unicast} {
		switch e := c.Evidence.(*SearchEvidence); {
		case c.Problem == ProblemKeptIn:
			c.Err = e.keptIn(e.Asked[0].Interface)
		case c.Outcome == Faulty && len(e.Errors) > 0:
			c.Err = e.Errors[0]
		}
	}
	d.tell(ctx, multicast, began)
	d.tell(ctx, unicast, began)
	d.firewall(ctx, multicast, unicast)
}

func (e *SearchEvidence) judge() (Outcome, Problem) {
	switch {
	case len(e.Asked) == 0 && len(e.Errors) == 0:
		return Skipped, ProblemNotSearched
	case len(e.Answers) == 0 && len(e.Unused) > 0:
		return Faulty, ProblemUnusableAnswer
	case len(e.Answers) == 0 && len(e.Asked) > 0 && e.keptIn(e.Asked[0].Interface) != nil:
		return Faulty, ProblemKeptIn
	case len(e.Answers) == 0:
		return Faulty, ProblemNoAnswer
	case !slices.ContainsFunc(e.Answers, func(a SearchAnswer) bool { return a.Gateway }):
		return Faulty, ProblemNoGatewayAnswer
	}
	return Sound, NoProblem
}

// keptIn says that this machine did not let the search out by an interface; nil: as far as is known it did.
func (e *SearchEvidence) keptIn(ifname string) *OutboundError {
	for _, err := range e.Errors {
		if kept, ok := errors.AsType[*OutboundError](err); ok && err.Interface == ifname {
			return kept
		}
	}
	return nil
}

// run ends when all targets are answered by gateways, or when nobody can answer any more. A way on which no gateway has answered is
// searched again with more time, and without the quotes that some want left out.
func (v *survey) run(ctx context.Context, all []link) {
	ctx, cancel := context.WithCancel(ctx)
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer cancel()
	defer func() {
		for _, p := range v.probes {
			p.conn.Close()
		}
	}()
	v.open(ctx, all)
	for _, p := range v.probes {
		listeners.Go(func() { v.listen(ctx, p) })
	}
	first := burst{mx: 1}
	v.send(first, v.unsatisfied)
	v.collect(ctx, surveyRepeat)
	v.send(first, v.unsatisfied)
	v.collect(ctx, first.end())
	longer := burst{mx: 2, bare: true}
	if v.send(longer, v.unanswered) {
		v.collect(ctx, longer.end())
	}
}

// open makes a socket for each target of each way.
func (v *survey) open(ctx context.Context, all []link) {
	t, location, err := v.o.target(ctx)
	if err != nil || location != nil {
		return // the error is told by the search for the gateway
	}
	if !t.group {
		from := v.linkTo(all, t.addr.Addr())
		v.add(ctx, from, t.addr, &v.unicast)
		return
	}
	s := &search{o: v.o, target: t}
	served := 0
	for i := range all {
		l := &all[i]
		if !s.serves(l) || served == maxSearchedLinks {
			continue
		}
		served++
		if l.ifi.Flags&net.FlagMulticast != 0 {
			v.add(ctx, l, t.addr, &v.multicast)
		}
		for _, g := range l.gateways {
			if g.Is4() && v.o.SSDP == "" {
				v.add(ctx, l, netip.AddrPortFrom(g, ssdp.Port), &v.unicast)
			}
		}
	}
}

// linkTo is the link that leads to a host, nil when the routes are to choose.
func (v *survey) linkTo(all []link, host netip.Addr) *link {
	for i := range all {
		if all[i].near(host) {
			return &all[i]
		}
	}
	return nil
}

func (v *survey) add(ctx context.Context, l *link, to netip.AddrPort, e *SearchEvidence) {
	asked := SearchedHost{To: to}
	bind := netip.IPv4Unspecified()
	if to.Addr().Is6() {
		bind = netip.IPv6Unspecified()
	}
	if l != nil {
		asked.Interface, asked.Kind, asked.Local, bind = l.ifi.Name, kindOf(l.ifi), l.addr(), l.addr()
	}
	for _, target := range searchTargets() {
		conn, err := v.o.Net.ListenPacket(ctx, netip.AddrPortFrom(bind, 0))
		if err != nil {
			e.Errors = append(e.Errors, &InterfaceError{Interface: asked.Interface, Local: asked.Local, Err: err})
			return
		}
		p := &targetProbe{socket: &socket{conn: conn, link: l, local: asked.Local}, target: target, to: to, evidence: e}
		v.probes = append(v.probes, p)
	}
	e.Asked = append(e.Asked, asked)
	e.Targets = searchTargets()
}

// unsatisfied are the probes that no gateway has answered.
func (v *survey) unsatisfied(p *targetProbe) bool { return !p.satisfied }

// unanswered are the probes of ways on which no gateway has answered anything.
func (v *survey) unanswered(p *targetProbe) bool {
	return !slices.ContainsFunc(v.probes, func(o *targetProbe) bool { return o.evidence == p.evidence && o.satisfied })
}

// send sends the search of every probe that is wanted, and tells whether there were any.
func (v *survey) send(b burst, wanted func(*targetProbe) bool) (sent bool) {
	for _, p := range v.probes {
		if !wanted(p) {
			continue
		}
		sent = true
		p.sent = time.Now()
		mx := b.mx
		if !p.to.Addr().IsMulticast() {
			mx = 0
		}
		if err := p.ask(v.o.Trace, p.to, []string{p.target}, burst{mx: mx, bare: b.bare}); err != nil {
			e := p.failure(err)
			if !slices.ContainsFunc(p.evidence.Errors, func(o *InterfaceError) bool { return o.Interface == e.Interface }) {
				p.evidence.Errors = append(p.evidence.Errors, e)
			}
		}
	}
	return sent
}

// collect notes answers for a time, and no longer than there is one to wait for.
func (v *survey) collect(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for slices.ContainsFunc(v.probes, v.unsatisfied) {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case a := <-v.answers:
			v.note(a)
		}
	}
}

func (v *survey) note(a surveyAnswer) {
	p, from := a.probe, a.from.Addr().Unmap()
	switch {
	case p.to.Addr().IsMulticast() && !p.link.near(from), !p.to.Addr().IsMulticast() && from != p.to.Addr():
		return // from beyond the link: forged, or not for us
	case a.message == nil || a.message.Kind != ssdp.SearchReply || a.message.Location == "":
		if len(p.evidence.Unused) < maxSearchAnswers && !slices.Contains(p.evidence.Unused, from) {
			p.evidence.Unused = append(p.evidence.Unused, from)
		}
		return
	}
	gateway := claimsGateway(a.message.ST) || isRoot(a.message.ST) && (from == p.to.Addr() || p.link != nil && slices.Contains(p.link.gateways, from))
	p.satisfied = p.satisfied || gateway
	key := notedAnswer{p, from, gateway}
	if v.noted[key] || len(v.noted) >= maxSearchAnswers {
		return
	}
	v.noted[key] = true
	answer := SearchAnswer{Target: p.target, From: a.from, ST: a.message.ST, Location: a.message.Location, Server: a.message.Server,
		After: a.at.Sub(p.sent), Gateway: gateway}
	if p.link != nil {
		answer.Interface = p.link.ifi.Name
	}
	p.evidence.Answers = append(p.evidence.Answers, answer)
}

// listen reads answers until the socket is closed.
func (v *survey) listen(ctx context.Context, p *targetProbe) {
	receive(ctx, p.conn, v.o.Trace, func(from netip.AddrPort, m *ssdp.Message) bool {
		select {
		case v.answers <- surveyAnswer{p, reply{p.socket, from, m}, time.Now()}:
			return true
		case <-ctx.Done():
			return false
		}
	})
}
