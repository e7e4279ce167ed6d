package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// PunchOptions say how [Punch] opens a path. The zero value is enough where both sides call it within half a minute.
type PunchOptions struct {
	// Self is what the peer was told of us: [Reachability.Node]. With it addresses inside a shared NAT are tried, and a path that cannot be is
	// told from a peer that is not there. Zero: not known.
	Self Node

	// Key is a secret that only the peer has too, 16 random bytes say. With it nothing of what others send is believed, and the peer may come from
	// any address. Without it a peer is believed to be one who sends from an IP address of one of the peer's candidates, whatever the port, and who
	// answers what was sent there: somebody who sees the datagrams on their way can pretend to be that, and so can others behind the same NAT. And
	// a peer behind the same carrier's NAT, which is seen to come from an address that nobody has named, is not believed.
	Key []byte

	// Timeout is how long it tries: both sides have to at one time. 0: 30 s.
	Timeout time.Duration

	// Guess is how many ports after the last known one are tried, 64 at most. 0: 4 where the peer's NATTraits says that ports come one after the other,
	// else none. Negative: none.
	Guess int

	// KeepAlive is how often the path is kept alive by a datagram of 40 bytes or so (RFC 8445 §11) until [Path.Close]. 0: 15 s: some NATs
	// forget within 30 s. Negative: never; whoever sends more often than that needs none.
	KeepAlive time.Duration

	// Other is given what comes to the socket and is not the peer's, meanwhile and in [Path.Read]. It must not keep b. nil: that is dropped.
	Other func(b []byte, from netip.AddrPort)

	// Net tells which networks this host is on. nil: this machine's.
	Net Net

	tie uint64 // for tests; 0: by chance
}

const (
	punchTimeout   = 30 * time.Second
	pathKeepAlive  = 15 * time.Second // Tr of RFC 8445 §11
	pathGuesses    = 4
	maxPathGuesses = 64
)

func (o PunchOptions) defaults() PunchOptions {
	if o.Net == nil {
		o.Net = host{}
	}
	o.Timeout = cmp.Or(o.Timeout, punchTimeout)
	o.KeepAlive = cmp.Or(o.KeepAlive, pathKeepAlive)
	if o.tie == 0 {
		var b [8]byte
		rand.Read(b[:])
		o.tie = binary.BigEndian.Uint64(b[:])
	}
	return o
}

// Method is how a path was opened.
type Method string

// The methods. They are those of docs/nat.md.
const (
	DirectMethod Method = "direct" // one side has an address that everybody can send to, or the two are on one network
	PunchMethod  Method = "punch"  // both have sent to addresses that they knew, or saw the other come from
	GuessMethod  Method = "guess"  // to a port that nobody had told
)

// A PunchError says that no path was opened.
type PunchError struct {
	Peer   Node
	Reason PunchReason
	Err    error // of the socket, or context's; nil: none
}

// PunchReason is why.
type PunchReason string

// The reasons.
const (
	// Unanswered: nothing came from the peer, and nothing says that the two NATs keep it from coming. It may not be there, or not try now.
	Unanswered PunchReason = "unanswered"
	// OneWay: checks of the peer came, but none of ours was answered.
	OneWay PunchReason = "one-way"
	// NeedsRelay: no order of sending gets through these two NATs: a relay is needed, or a port mapping on either side.
	NeedsRelay PunchReason = "relay-needed"
	// Broken: the socket gives nothing, took nothing all the time, as it does offline, or it was given up.
	Broken PunchReason = "broken"
)

func (e *PunchError) Error() string {
	s := "no path to " + e.Peer.String() + ": "
	switch e.Reason {
	case Unanswered:
		s += "nobody answered"
	case OneWay:
		s += "the peer was heard, and did not hear us"
	case NeedsRelay:
		s += "the NATs of the two sides let none through"
	}
	if e.Err != nil {
		if e.Reason != Broken {
			s += "; "
		}
		s += e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *PunchError) Unwrap() error { return e.Err }

// Punch opens a path of UDP from conn to a peer that calls it too, with our address, at about the same time: each sends to the addresses of the
// other that it knows, in order, and to those from which it hears the other, until an answer has come each way and both agree on one path. What a
// NAT drops at first opens the way for what comes back. No server is needed; who has no rendezvous to learn what a NAT makes of the peer's
// port gives the public address and the port that the peer's socket has: many NATs keep it (RFC 4787 §4.2.1), which chownat relies on.
//
// conn is an IPv4 UDP socket, the one whose address the peer was told. Until Punch returns nobody else may read from it; afterwards it is read by
// the Path. It sends at most 50 checks a second, answers each address four times a second, and tries 16 addresses at most that it was not told.
// When ctx ends it returns at once. The deadline for reading of conn is gone when it returns.
// Errors: *PunchError, *ArgumentError.
func Punch(ctx context.Context, conn net.PacketConn, peer Node, o PunchOptions) (*Path, error) {
	o = o.defaults()
	switch {
	case len(peer.Candidates) == 0 || len(peer.Candidates) > maxCandidates:
		return nil, &ArgumentError{"peer", peer.String(), fmt.Sprintf("must have 1 to %d addresses", maxCandidates)}
	case o.Timeout < 0:
		return nil, &ArgumentError{"Timeout", o.Timeout.String(), "is negative"}
	case o.Guess > maxPathGuesses:
		return nil, &ArgumentError{"Guess", fmt.Sprint(o.Guess), fmt.Sprintf("must be %d at most", maxPathGuesses)}
	}
	for _, c := range peer.Candidates {
		if !callable(c.Addr) {
			return nil, &ArgumentError{"peer", c.Addr.String(), "is no IPv4 address and port of one host"}
		}
	}
	if _, err := ownSocket(conn); err != nil {
		if _, wrong := errors.AsType[*ArgumentError](err); wrong {
			return nil, err
		}
		return nil, &PunchError{peer, Broken, err}
	}
	p := newPuncher(conn, peer, o)
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(interrupted); conn.SetReadDeadline(time.Unix(1, 0)) })
	t, err := p.run(ctx)
	if !stop() {
		<-interrupted // it may have begun a moment ago
	}
	conn.SetReadDeadline(time.Time{})
	if err != nil {
		return nil, &PunchError{peer, Broken, err}
	}
	if t == nil {
		return nil, &PunchError{Peer: peer, Reason: p.why()}
	}
	return newPath(p, t), nil
}

// why is the reason when time is up.
func (p *puncher) why() PunchReason {
	switch {
	case p.heard:
		return OneWay
	case !p.near() && p.o.Self.impossible(p.peer):
		return NeedsRelay
	}
	return Unanswered
}
