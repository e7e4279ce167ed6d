package lab

import (
	"context"
	"net/netip"
	"time"
)

// Place is where a gateway stands.
type Place struct {
	Name      string       // Gateway.Name
	Interface string       // the name of the LAN's interface
	LAN       netip.Prefix // the gateway's address on it
	WAN       netip.Addr   // its address on the Internet side; zero: none yet
	LAN6      netip.Prefix // its IPv6 address and prefix there; zero: none
	Host      netip.Addr   // the address of the first host on the LAN; zero: there is none

	// Do calls f in the gateway's network namespace. A socket that f opens belongs to it; goroutines that f starts do not.
	Do func(f func() error) error

	// Hold gives the gateway a further address, or takes one away: one of the LAN for a neighbour that it plays, any other on the side
	// of the Internet, which leads there from then on. It is no error that the gateway has it, or has it not.
	Hold func(addr netip.Addr, on bool) error

	// Forwarding forwards ports of the gateway's addresses to hosts; nil where the kernel has no nftables, or does not let an ordinary user
	// have it. What hosts begin by TCP leaves by the kernel, too; UDP does so until there is a Wire.
	Forwarding Forwarding

	// Wire takes over all UDP that crosses the gateway, once. nil where Forwarding is.
	Wire func() (Wire, error)

	// Power switches the gateway off and on again: while it is off it forwards nothing, except by Wire, and it forgets all connections. nil where
	// Forwarding is.
	Power func(on bool) error

	// Firewall lets IPv6 in; nil where the gateway has none.
	Firewall Firewall
}

// Wire carries the UDP of a gateway. Each datagram comes out as a new one: with its time to live less one, its type of service, no
// other options of IP, and in fragments where it is too long. ICMP errors about UDP are not translated.
type Wire interface {
	// Carry hands each datagram that crosses the gateway to decide, one at a time, and sends it on as that says. It returns when ctx ends,
	// and is called once.
	Carry(ctx context.Context, decide Decide) error
}

// Decide says what becomes of a datagram of size bytes from src to dst, which came by the gateway's outside or its inside: between which
// ends it goes on, and after what delay, or that it does not.
type Decide = func(src, dst netip.AddrPort, outside bool, size int) (newSrc, newDst netip.AddrPort, delay time.Duration, ok bool)

// Firewall is the gateway's filter of IPv6.
type Firewall interface {
	// Let lets in what comes by protocol (an IANA number; 0: any) from remote to internal, of which a zero address or port means any. It
	// returns a number for it.
	Let(protocol uint8, remote, internal netip.AddrPort) (number uint32, err error)

	// End ends that. What has come in by it goes on no more.
	End(number uint32) error

	// Passed tells how many packets have come in by each since Let.
	Passed(tell func(number uint32, packets uint64)) error
}
