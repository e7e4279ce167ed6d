package nat

import (
	"net/netip"
	"time"
)

// Packet is the two ends of a datagram, as it is where it stands.
type Packet struct{ Src, Dst netip.AddrPort }

// String writes p as "192.168.1.10:5000 → 198.51.100.1:3478".
func (p Packet) String() string { return p.Src.String() + " → " + p.Dst.String() }

// Verdict is what a [Table] does with a packet. All but Passed and Hairpinned are why it is dropped.
type Verdict string

// The verdicts.
const (
	Passed     Verdict = "passed"
	Hairpinned Verdict = "hairpinned" // Out: to a host inside

	Invalid        Verdict = "invalid"           // an end that is no unicast address, or port 0
	UDPBlocked     Verdict = "udp-blocked"       // no UDP passes here
	NotExternal    Verdict = "not-external"      // In: to an address that is none of the NAT's
	NoMapping      Verdict = "no-mapping"        // In, hairpin: to a port that leads nowhere
	Filtered       Verdict = "filtered"          // In, hairpin: from where nothing has been sent to, as filtering wants
	OtherRemote    Verdict = "other-remote-host" // In, hairpin: to a static mapping for another remote host
	HairpinRefused Verdict = "no-hairpin"        // Out: to the NAT's own address
	NoPortLeft     Verdict = "no-port-left"      // Out: all ports are taken
	NoAddressLeft  Verdict = "no-address-left"   // Out, one-to-one: all external addresses are
	Full           Verdict = "too-many-mappings" // the gateway has as many as it may
	HostFull       Verdict = "too-many-mappings-of-host"
)

// Passes tells whether the packet goes on.
func (v Verdict) Passes() bool { return v == Passed || v == Hairpinned }

// Mapping is a copy of one of a table's mappings.
type Mapping struct {
	Internal netip.AddrPort
	External netip.AddrPort
	Remote   netip.AddrPort // what it is for: zero: anything; port 0: any port of the address
	Static   bool
	Expires  time.Time // zero: never
}

// Event is something that has become of a table.
type Event struct {
	Time    time.Time
	Kind    EventKind
	Mapping Mapping // of Made, Expired and Ended; of the others Internal alone, the host that could have none
}

// EventKind is what has become of a table.
type EventKind string

// The events. Those about limits are told when they are met, and again only after there was room in between.
const (
	Made      EventKind = "mapping-made"
	Expired   EventKind = "mapping-expired"
	Ended     EventKind = "mapping-ended" // by a static mapping of its port, or a reset
	Exhausted EventKind = "ports-exhausted"
	Capped    EventKind = "mappings-capped" // MaxMappings, or MaxPerHost
)
