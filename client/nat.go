package client

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Dependence is how much of the remote side a NAT looks at, when it maps or when it filters (RFC 4787 §4.1 and §5). "" is not known.
type Dependence string

// The three of RFC 4787.
const (
	EndpointIndependent     Dependence = "endpoint-independent"       // nothing: one mapping for all, or anybody gets in
	AddressDependent        Dependence = "address-dependent"          // its address
	AddressAndPortDependent Dependence = "address-and-port-dependent" // its address and port
)

// NATClass is a NAT by the names of RFC 3489, which people and programs still use. "" is not known.
type NATClass string

// The classes of RFC 3489 §5 and §10.1.
const (
	OpenInternet       NATClass = "open"               // nothing in between
	FullCone           NATClass = "full-cone"          // one mapping, and anybody gets in
	RestrictedCone     NATClass = "restricted"         // one mapping, and whose address was sent to gets in
	PortRestrictedCone NATClass = "port-restricted"    // one mapping, and only who was sent to gets in
	SymmetricNAT       NATClass = "symmetric"          // the mapping depends on whom it is for
	SymmetricFirewall  NATClass = "symmetric-firewall" // no NAT, and only who was sent to gets in
	UDPBlocked         NATClass = "blocked"            // no UDP passes
)

// Hairpin is what becomes of what is sent from behind a NAT to its own outside (RFC 4787 §6). "" is not known.
type Hairpin string

// The ways to hairpin.
const (
	HairpinNone     Hairpin = "none"     // it does not come back. From HairpinInternal a single host may not tell it: Linux takes in nothing that says to come from itself
	HairpinInternal Hairpin = "internal" // it comes back from the sender's own address
	HairpinExternal Hairpin = "external" // it comes back from the sender's mapped address, as REQ-9a wants it
)

// BindingLifetime is how long a NAT keeps a mapping that nothing passes by, between two times at which it was looked at.
type BindingLifetime struct {
	AtLeast  time.Duration // it was still there; 0: never seen
	LessThan time.Duration // it was gone; 0: it outlived what was asked for
}

// NATPart is what of a NAT may be known or not.
type NATPart string

// The parts.
const (
	PartMapping   NATPart = "mapping"
	PartFiltering NATPart = "filtering"
	PartClass     NATPart = "rfc3489"
	PartHairpin   NATPart = "hairpin"
	PartLifetime  NATPart = "lifetime"
)

// NATReport is what [NATBehaviour] has found out. What it could not tell is "" there, and Unknown says why.
type NATReport struct {
	Server netip.AddrPort // that was asked
	Local  netip.AddrPort // of the socket that asked
	Mapped netip.AddrPort // of that socket, as Server sees it; zero: nobody saw it

	NAT           bool           // Mapped is not Local
	PortPreserved bool           // every socket has had the same port outside as inside
	PortsFollow   bool           // the mappings of one socket have had ports one after the other, or nearly so, since other sockets take some
	LastMapped    netip.AddrPort // where PortsFollow: the mapping of Local's socket that was made last, or nearly so, as other servers saw it
	Rewritten     bool           // something on the way writes addresses into replies of the server (an application level gateway)

	Mapping   Dependence
	Filtering Dependence
	Class     NATClass
	Hairpin   Hairpin
	Lifetime  BindingLifetime // when it was asked for

	Unknown map[NATPart]string // why a part is not known
}

// NATQuery is what to find out.
type NATQuery struct {
	// Servers are STUN servers, HOST:PORT or HOST for port 3478, trusted as given: at least one. The first that knows RFC 5780, with an
	// alternate address, tells everything. Others only say whether they see the same as the first.
	Servers []string
	// Lifetime is how long to look whether a mapping is still there (RFC 5780 §4.6), up to a day. 0: not at all.
	Lifetime time.Duration
	// Begins is told what begins, one at a time: "mapping", "lifetime"; nil: nobody is.
	Begins func(NATPart)
}

// natPatience bounds a survey when Options.Timeout does not, but for the lifetime.
const natPatience = 15 * time.Second

// maxNATServers is how many servers are asked at most.
const maxNATServers = 8

// NATBehaviour finds out by STUN servers on the Internet how the NAT before this host, or the NATs together, treat UDP: mapping and
// filtering as RFC 5780 §4.3 and §4.4 have it, and hairpinning (§4.5), with up to four sockets of its own, and for a lifetime one more for each time that
// is tried, 32 at most. It takes a few round trips where answers come, and about four seconds more where silence has to be told from loss: Options.Timeout,
// 0 being 15 s, bounds all but the lifetime, and three seconds in which servers that are silent are asked by TCP. Options.Net, Interface and Trace are
// used as well.
//
// Nothing is concluded from a single datagram that did not come. What cannot be told, because replies get lost or the server does not
// do its part, is left out, and the report says why.
//
// Errors: *STUNError when no server answered or all refused; it says nothing about the NAT, unless the server answers by TCP at that port
// (RFC 8489 §6.2.2): then UDP is blocked, and that is the report. *ArgumentError for what is no server.
func NATBehaviour(ctx context.Context, q NATQuery, o Options) (NATReport, error) {
	s, err := newNATSurvey(q, o)
	if err != nil {
		return NATReport{}, err
	}
	conn, err := openSTUN(ctx, s.o, s.local)
	if err != nil {
		return NATReport{}, &STUNError{Server: q.Servers[0], Err: err}
	}
	defer conn.close()
	return s.run(ctx, conn)
}

// natBehaviourOf is NATBehaviour for a socket of the program itself: Mapped, Local and Mapping are those of conn, the rest is asked from sockets
// beside it, because whoever is sent to from conn gets in. It reads from conn until it returns, and hands to other what is not
// its own, in order and as it came; other must not keep b. Nobody else may read from conn or set its read deadline meanwhile, and afterwards it has none.
func natBehaviourOf(ctx context.Context, conn net.PacketConn, other func(b []byte, from netip.AddrPort), q NATQuery, o Options) (NATReport, error) {
	s, err := newNATSurvey(q, o)
	if err != nil {
		return NATReport{}, err
	}
	if other == nil {
		other = func([]byte, netip.AddrPort) {}
	}
	socket := onSTUN(conn, s.o.Trace, other)
	defer socket.close()
	if a := socket.local().Addr(); a.Is4() {
		s.local = a
	}
	return s.run(ctx, socket)
}
