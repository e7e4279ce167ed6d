package emulator

import "net/netip"

// Plane is how bytes get through mapped ports. What is carried follows the mapping table: a port opens within the call that maps it,
// and closes, with its connections reset, when its entry is deleted, expires, is disabled, or the gateway reboots. A renewal disturbs
// nothing. Mapping.Reach tells where to connect.
//
// In memory (Options.Net is a *Host) it is the mapped port itself on the external address, by translation: the program on the LAN
// sees the peer's true address, answers by its default gateway, and leaves from the mapped port. The address is one of the Host's, or
// else is put on the wire "internet" unless somebody has it there: see [Network.Internet].
//
// Anywhere else connections are accepted here and dialled again, so that the program sees them come from the gateway. A peer is
// connected before that is known to be possible: where a router would refuse, it is reset. By default a mapping has a door, a port of
// its own on Doors, because the mapped port of this machine may belong to the program under test.
type Plane struct {
	Mode  PlaneMode
	Doors netip.Addr // where doors open; zero: Options.LAN

	MaxPorts int // doors or ports that are open at a time; further mappings have none. 0: 256
	MaxFlows int // connections, and peers by UDP, at a time; more are refused. 0: 1024

	// Stealth drops what comes from the Internet to a port that is not mapped; without it that is refused. In memory only.
	Stealth bool

	// Hold is called, in PlanePorts, with each external address that the gateway gets, and makes it an address of this machine. nil:
	// it is one already.
	Hold func(netip.Addr) error
}

// PlaneMode is a kind of [Plane].
type PlaneMode string

// The kinds of plane.
const (
	PlaneAuto  PlaneMode = ""      // translation in memory, doors elsewhere
	PlaneOff   PlaneMode = "off"   // nothing is carried
	PlanePorts PlaneMode = "ports" // the mapped ports themselves on the external address, which this machine must have, as in a lab
)

const (
	defaultMaxPorts = 256
	defaultMaxFlows = 1024
)
