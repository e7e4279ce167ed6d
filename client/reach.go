package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Plan is how others get to a node.
type Plan string

// The plans, the best first. They are the words of `igdctl reach`.
const (
	PublicPlan  Plan = "public"  // anybody can send to the socket's own address
	IGDPlan     Plan = "igd"     // anybody can send to a port mapping of the gateway, which is kept
	MappedPlan  Plan = "mapped"  // anybody can send to what the NAT has made of the socket's address, as long as the socket sends
	PunchPlan   Plan = "punch"   // the peer and the node have to send at one time: see [Punch]
	RelayPlan   Plan = "relay"   // nobody gets in but who can be sent to first: others need a relay
	UnknownPlan Plan = "unknown" // nobody could be asked
)

// ReachOptions say whom [Reach] may ask.
type ReachOptions struct {
	// Options say where to look for a gateway; Options.STUN is the server to ask, best one that knows RFC 5780 with two addresses. Without a server
	// a public address of this host is believed in, and a NAT to keep ports.
	Options

	// NoIGD asks no gateway for a port mapping.
	NoIGD bool

	// Other is given what comes to the socket meanwhile and is no answer to Reach. It must not keep b. nil: that is dropped.
	Other func(b []byte, from netip.AddrPort)
}

// Reachability is what [Reach] has found out, and what it has opened.
type Reachability struct {
	Plan    Plan
	Address netip.AddrPort // that others call; zero where they can call none
	Method  Method         // by which they get here: DirectMethod, PunchMethod or GuessMethod; "" for RelayPlan and UnknownPlan
	Node    Node           // to be told to others, by whatever way there is
	NAT     *NATReport     // nil: no server could be asked
	Mapping *Mapping       // on the gateway, kept; nil: none

	// Failures are what could not be found out or had: *STUNError, the errors of [Map], or that the mapping leads nowhere, *UnreachedError.
	Failures []error

	conn   net.PacketConn
	stop   context.CancelFunc // of keeping; nil: nothing is
	server netip.AddrPort
	known  netip.AddrPort // what a server saw of conn, or the port after which the next one comes
}

// An UnreachedError says that a gateway has opened a port, and that its address is none at which the Internet gets there.
type UnreachedError struct {
	External netip.AddrPort // of the mapping
	Verdict  AddressVerdict // Private, CGNAT, Mismatch, …
	Seen     netip.Addr     // what the Internet sees instead; zero: not known
	Blocked  bool           // no UDP comes through, to whichever address
}

func (e *UnreachedError) Error() string {
	if e.Blocked {
		return fmt.Sprintf("the gateway has opened %v, which is of no use: no UDP comes through from the Internet", e.External)
	}
	s := fmt.Sprintf("the gateway has opened %v, where the Internet does not get: the address is %s", e.External, e.Verdict)
	if e.Seen.IsValid() {
		s += fmt.Sprintf(", and %v is seen", e.Seen)
	}
	return s
}

// Reach finds out how others can get to conn, an IPv4 UDP socket, and has the gateway of this network open a port for it if that can be: on the gateways
// beyond, too. The mapping is renewed until [Reachability.Close]. Then the STUN server is asked from conn itself, because a NAT treats each socket
// by itself. It takes five seconds or so, and four more where no gateway answers.
//
// Until it returns nobody else may read from conn or set its deadline for reading, and afterwards it has none. What fails is in Failures, and the
// plan is made of what is known. The plan of a node behind a NAT holds as long as conn sends something now and then: see [Reachability.Refresh].
// Errors: *ArgumentError for what is no server or no such socket, [net.ErrClosed], and ctx's.
func Reach(ctx context.Context, conn net.PacketConn, o ReachOptions) (*Reachability, error) {
	r := &Reachability{conn: conn}
	local, err := ownSocket(conn)
	if err != nil {
		return nil, err
	}
	if o.STUN != "" {
		within, cancel := context.WithTimeout(ctx, stunPatience)
		defer cancel()
		if r.server, err = stunServer(within, o.STUN); err != nil {
			if _, wrong := errors.AsType[*ArgumentError](err); wrong {
				return nil, err
			}
			r.Failures = append(r.Failures, err)
		}
	}
	if !o.NoIGD {
		r.open(ctx, local, o.Options)
	}
	if r.server.IsValid() && ctx.Err() == nil {
		r.survey(ctx, o)
	}
	if ctx.Err() != nil {
		after, cancel := cleanupTime(ctx)
		defer cancel()
		r.Close(after)
		return nil, context.Cause(ctx)
	}
	r.plan(hostAddresses(o.defaults(), local))
	return r, nil
}

// ownSocket is where a caller's socket is bound. It has no deadline for reading from then on. Errors: *ArgumentError, and that of a socket that was closed.
func ownSocket(conn net.PacketConn) (netip.AddrPort, error) {
	if conn == nil {
		return netip.AddrPort{}, &ArgumentError{"conn", "nil", "must be an IPv4 UDP socket"}
	}
	local, ok := addrPortOf(conn.LocalAddr())
	if !ok || local.Port() == 0 || local.Addr().Is6() && !local.Addr().IsUnspecified() {
		return netip.AddrPort{}, &ArgumentError{"conn", fmt.Sprint(conn.LocalAddr()), "must be an IPv4 UDP socket"}
	}
	return local, conn.SetReadDeadline(time.Time{})
}

// open asks the gateway, and those beyond it. When only those refuse, the port stays open on ours: homes behind the same NAT get to it.
func (r *Reachability) open(ctx context.Context, local netip.AddrPort, o Options) {
	req := Request{Protocol: "udp", InternalPort: local.Port(), AnyPort: true, Through: true, Lease: keepLease}
	if a := local.Addr(); a.Is4() && !a.IsUnspecified() && !a.IsLoopback() {
		req.InternalClient = a
	}
	c := New(o)
	m, err := c.Map(ctx, req)
	if _, beyond := errors.AsType[*ThroughError](err); beyond {
		r.Failures = append(r.Failures, err)
		req.Through = false
		m, err = c.Map(ctx, req)
	}
	if err != nil {
		r.Failures = append(r.Failures, err)
		return
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx)) // Close and Leave end it
	m.Keep(ctx)
	r.Mapping = m
}

// survey asks the STUN server.
func (r *Reachability) survey(ctx context.Context, o ReachOptions) {
	report, err := natBehaviourOf(ctx, r.conn, o.Other, NATQuery{Servers: []string{r.server.String()}}, o.Options)
	if err != nil {
		r.Failures = append(r.Failures, err)
		return
	}
	r.NAT, r.known = &report, report.Mapped
	if !report.PortsFollow {
		return
	}
	// The next port is not the one after the last that conn has: other sockets have taken some since. One more shows where the NAT is.
	r.known = report.LastMapped
	ctx, cancel := context.WithTimeout(ctx, stunPatience)
	defer cancel()
	now, err := askSTUN(ctx, o.defaults(), report.Local.Addr(), r.server.String())
	if err == nil && now.Addr() == r.known.Addr() && now.Port() > r.known.Port() && now.Port()-r.known.Port() < nearPorts {
		r.known = now
	}
}

// hostAddresses are those at which a socket can be sent to on its own networks.
func hostAddresses(o Options, local netip.AddrPort) (all []netip.AddrPort) {
	if !local.Addr().IsUnspecified() {
		return []netip.AddrPort{local}
	}
	on, _ := links(o) // an interface that cannot be read has none
	for _, l := range on {
		if at := netip.AddrPortFrom(l.addr(), local.Port()); !l.addr().IsLoopback() && !slices.Contains(all, at) && len(all) < maxCandidates/2 {
			all = append(all, at)
		}
	}
	return all
}

// plan makes the plan of what is known.
func (r *Reachability) plan(hosts []netip.AddrPort) {
	add := func(kind CandidateKind, at netip.AddrPort) {
		if callable(at) {
			r.Node.Candidates = append(r.Node.Candidates, Candidate{kind, at})
		}
	}
	var external netip.AddrPort
	if r.Mapping != nil {
		external = r.Mapping.External()
	}
	add(IGDCandidate, external)
	switch {
	case r.known.IsValid():
		add(MappedCandidate, r.known)
		r.Node.NAT = NATTraits{r.NAT.Mapping, r.NAT.Filtering, r.NAT.PortsFollow}
	case r.NAT == nil && external.Addr().IsValid() && Judge(external.Addr()) == Public && len(hosts) > 0 && external.Port() != hosts[0].Port():
		add(MappedCandidate, netip.AddrPortFrom(external.Addr(), hosts[0].Port())) // if the NAT keeps ports
	}
	for _, at := range hosts {
		add(HostCandidate, at)
	}
	r.choose(external, hosts)
	if r.Mapping != nil && r.Plan != IGDPlan && r.Plan != PublicPlan && external.IsValid() {
		r.Failures = append(r.Failures, r.unreached(external))
	}
}

// choose takes the best plan that there is.
func (r *Reachability) choose(external netip.AddrPort, hosts []netip.AddrPort) {
	set := func(p Plan, at netip.AddrPort, by Method) { r.Plan, r.Address, r.Method = p, at, by }
	n := r.Node
	mapped := n.find(MappedCandidate)
	public := slices.IndexFunc(hosts, func(a netip.AddrPort) bool { return Judge(a.Addr()) == Public })
	switch {
	case r.NAT != nil && r.NAT.Class == UDPBlocked:
		set(RelayPlan, netip.AddrPort{}, "")
	case r.NAT != nil && !r.NAT.NAT && n.NAT.Open():
		set(PublicPlan, mapped, DirectMethod)
	case external.Addr().IsValid() && n.outside(Candidate{IGDCandidate, external}) && r.answersBy(external.Addr()):
		set(IGDPlan, external, DirectMethod)
	case r.NAT == nil && public >= 0:
		set(PublicPlan, hosts[public], DirectMethod)
	case r.NAT == nil && mapped.IsValid():
		set(PunchPlan, mapped, PunchMethod)
	case r.NAT == nil:
		set(UnknownPlan, netip.AddrPort{}, "")
	case n.NAT.Open():
		set(MappedPlan, mapped, DirectMethod)
	case !n.NAT.hides() || n.NAT.Mapping == "":
		set(PunchPlan, mapped, PunchMethod)
	case n.NAT.Next:
		set(PunchPlan, mapped, GuessMethod)
	default:
		set(RelayPlan, netip.AddrPort{}, "")
	}
}

// answersBy tells whether what answers those who call the mapping leaves by the gateway at external, as far as is known: its address is the one that is seen, or
// it only filters, and what is seen is the address that the mapping leads to. Otherwise they would hear from another address, such as that of a VPN.
func (r *Reachability) answersBy(external netip.Addr) bool {
	if r.NAT == nil {
		return true
	}
	seen := r.NAT.Mapped.Addr()
	return seen == external || slices.ContainsFunc(r.Mapping.Entries(), func(e Entry) bool { return e.Internal.Addr() == seen })
}

// unreached says why the mapping at external does not count.
func (r *Reachability) unreached(external netip.AddrPort) error {
	e := &UnreachedError{External: external, Verdict: Judge(external.Addr())}
	if r.NAT != nil {
		e.Seen, e.Blocked = r.NAT.Mapped.Addr(), r.NAT.Class == UDPBlocked
	}
	if e.Verdict == Public && e.Seen.IsValid() && e.Seen != external.Addr() {
		e.Verdict = Mismatch
	}
	return e
}

// Refresh sends something to the STUN server, so that the NATs on the way remember conn: some forget within 30 s. The answer, if one comes, is a
// datagram like any other. Without a server it does nothing. Errors are the socket's.
func (r *Reachability) Refresh() error {
	if !r.server.IsValid() {
		return nil
	}
	request, err := buildSTUN(0, 0)
	if err != nil {
		return err
	}
	_, err = r.conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(r.server))
	return err
}

// RefreshInterval is how often to Refresh.
const RefreshInterval = 15 * time.Second

// Close closes the port on the gateway. The socket stays open. Errors are those of [Mapping.Close].
func (r *Reachability) Close(ctx context.Context) error {
	if r.Mapping == nil {
		return nil
	}
	defer r.stop()
	return r.Mapping.Close(ctx)
}

// Leave ends the keeping, and leaves the port open to the end of its lease.
func (r *Reachability) Leave() {
	if r.Mapping != nil {
		r.stop()
		<-r.Mapping.done
	}
}
