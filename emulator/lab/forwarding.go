package lab

import "net/netip"

// Forwarding is the gateway's kernel as a router: it rewrites the addresses of what comes to a port of the gateway. The peer is refused where
// the host refuses, closes and resets pass through, and the host sees the peer's own address, unless the peer is on the LAN
// itself: then it sees the gateway's, without which its answers would not come back the same way (RFC 5382 REQ-9).
type Forwarding interface {
	// Map sends what comes by protocol, "TCP" or "UDP", from remote (from anybody when that is zero) to external (to any port of it
	// when that is 0) on to internal, whose port is kept when it is 0. It returns a number for it. Of several that fit, one for the
	// remote goes before one for anybody, and one for any port comes last. IPv4 only.
	Map(protocol string, remote netip.Addr, external, internal netip.AddrPort) (number uint32, err error)

	// Unmap ends that, and the connections through it: both ends are reset, and their datagrams are refused from then on.
	Unmap(number uint32) error

	// Passed tells what has passed since Map, each way. Bytes are those of whole packets.
	Passed(tell func(number uint32, inward bool, packets, bytes uint64)) error
}
