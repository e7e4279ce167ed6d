package nat

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"
)

// Behaviour is how a NAT treats UDP. The zero value is a full cone that preserves ports, keeps mappings for 5 minutes after the last
// packet out, and does not hairpin.
type Behaviour struct {
	Kind      Kind
	Mapping   Dependence // of the external port on the remote side: RFC 4787 §4.1. Only of Translating
	Filtering Dependence // of what gets in on what was sent: RFC 4787 §5
	Ports     Ports      // which external port a new mapping gets: RFC 4787 §4.2. Only of Translating

	// Parity gives even ports to even ports and odd ones to odd ones as long as there are any: RTP wants the even one, and RTCP the
	// odd one above it. REQ-4.
	Parity bool

	Timeout time.Duration // how long a mapping, and a permission to get in, lasts unless refreshed; 0: 5 minutes, as REQ-5c recommends
	Refresh Refresh       // by which packets: REQ-6
	Hairpin Hairpin       // what happens to packets from inside to the NAT's own address: REQ-9
}

// DefaultTimeout is what REQ-5c recommends at least.
const DefaultTimeout = 5 * time.Minute

// Kind is what a NAT does to addresses.
type Kind uint8

// The kinds.
const (
	Translating Kind = iota // many hosts behind few addresses: addresses and ports are translated (NAPT of RFC 3022 §2.2)
	OneToOne                // each host has an external address of its own, and ports stay (Basic NAT of RFC 3022 §2.1)
	Plain                   // nothing is translated: the open Internet, or a firewall when Filtering says so
	Blocking                // no UDP passes, either way
)

// Dependence is what of the remote side a mapping or a filter looks at.
type Dependence uint8

// The three of RFC 4787 §4.1 and §5.
const (
	EndpointIndependent     Dependence = iota // nothing
	AddressDependent                          // its address
	AddressAndPortDependent                   // its address and port
)

// Ports is how the external port of a new mapping is chosen. But for Overload, no two mappings have the same port (REQ-3), and what
// is below 1024 inside stays below outside, as what is above stays above (REQ-3a), as long as there are any.
type Ports uint8

// The ways to choose ports.
const (
	Preserve   Ports = iota // that of the host; when it is taken, the next one above that is free
	Sequential              // one after the other
	Random                  // by chance, from the seed

	// Overload keeps the host's port even if another mapping has it: "port overloading" of RFC 4787 §4.2.1, against REQ-3. What comes in
	// goes to the mapping that has sent to where it comes from, else to the newest. Without collisions a NAT that maps by address and
	// port then looks endpoint-independent to STUN, as Linux's masquerade does.
	Overload
)

// Refresh is which packets keep a mapping alive. What is dropped never does.
type Refresh uint8

// The directions: REQ-6.
const (
	Outbound Refresh = iota // what leaves; REQ-6 requires it
	Inbound                 // what gets in, and nothing else
	Both                    // REQ-6a allows it
)

// Hairpin is what happens to a packet from inside to an external address of the NAT.
type Hairpin uint8

// The ways to hairpin: RFC 4787 §6.
const (
	NoHairpin      Hairpin = iota // it is dropped
	InternalSource                // it reaches the other host with the sender's internal address
	ExternalSource                // it reaches the other host with the sender's external address: REQ-9a
)

// Lasts is Timeout or what stands in for it.
func (b Behaviour) Lasts() time.Duration { return cmp.Or(b.Timeout, DefaultTimeout) }

// Renews tells whether packets of a direction, Outbound or Inbound, refresh.
func (b Behaviour) Renews(way Refresh) bool { return b.Refresh == Both || b.Refresh == way }

// Stateless tells whether what gets in depends on nothing that was sent.
func (b Behaviour) Stateless() bool {
	return (b.Kind == OneToOne || b.Kind == Plain) && b.Filtering == EndpointIndependent
}

// permission is what of a remote end is remembered when something is sent to it. Overload has to tell apart mappings of one port.
func (b Behaviour) permission(remote netip.AddrPort) netip.AddrPort {
	if b.Filtering == EndpointIndependent && b.Ports == Overload {
		return remote
	}
	return b.Filtering.part(remote)
}

// implied tells whether a mapping is itself the permission: it looks at no less of the remote side than the filter does.
func (b Behaviour) implied() bool {
	if b.Filtering == EndpointIndependent && b.Ports == Overload {
		return b.Mapping == AddressAndPortDependent
	}
	return b.Mapping >= b.Filtering
}

// Check says what is wrong with b; nil: nothing.
func (b Behaviour) Check() error {
	switch {
	case b.Kind > Blocking, b.Mapping > AddressAndPortDependent, b.Filtering > AddressAndPortDependent, b.Ports > Overload, b.Refresh > Both,
		b.Hairpin > ExternalSource:
		return fmt.Errorf("nat: behaviour %+v has a value that is none of its constants", b)
	case b.Timeout < 0:
		return fmt.Errorf("nat: timeout %v is negative", b.Timeout)
	case b.Kind != Translating && (b.Mapping != 0 || b.Ports != 0 || b.Parity):
		return fmt.Errorf("nat: %v has neither mapping nor ports nor parity: it does not translate ports", b.Kind)
	case b.Kind == Plain && b.Hairpin != 0:
		return fmt.Errorf("nat: %v has no address of its own to hairpin at", b.Kind)
	case b.Kind == Blocking && b != (Behaviour{Kind: Blocking}):
		return fmt.Errorf("nat: %v has nothing else to say", b.Kind)
	case b.Parity && b.Ports == Overload:
		return fmt.Errorf("nat: with ports=%v each port stays as it is, so parity has nothing to say", b.Ports)
	}
	return nil
}

// The four NATs of RFC 3489 §5, and the others that it tells apart in §10.1. What it calls open is [Open].
func FullCone() Behaviour       { return Behaviour{} }
func Restricted() Behaviour     { return Behaviour{Filtering: AddressDependent} }
func PortRestricted() Behaviour { return Behaviour{Filtering: AddressAndPortDependent} }

// Symmetric takes random ports, so that nobody can foretell them.
func Symmetric() Behaviour {
	return Behaviour{Mapping: AddressAndPortDependent, Filtering: AddressAndPortDependent, Ports: Random}
}

// Open is the Internet without anything in between.
func Open() Behaviour { return Behaviour{Kind: Plain} }

// SymmetricFirewall lets in only what answers what was sent, and translates nothing.
func SymmetricFirewall() Behaviour { return Behaviour{Kind: Plain, Filtering: AddressAndPortDependent} }

// Blocked lets no UDP pass.
func Blocked() Behaviour { return Behaviour{Kind: Blocking} }

// RFC4787 is a NAT that meets each MUST of RFC 4787 that is about its table, and follows the recommendations REQ-3a, 4, 5c and 8 (for
// transparency).
func RFC4787() Behaviour { return Behaviour{Parity: true, Hairpin: ExternalSource} }
