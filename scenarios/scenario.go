package scenarios

import (
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// Schema is the version of the scenario language that this package reads.
const Schema = 1

// Scenario is one document of the language. It has one of three uses: a scenario says what stands in the network and what a good
// client must reach with it; one with a single device may be named as a profile; and a quirk is a piece of a device that others name.
type Scenario struct {
	Schema   int      `yaml:"schema"`   // version of the language: 1
	Name     string   `yaml:"name"`     // lower-case words joined by hyphens; the file's name without its ending when left out
	Group    string   `yaml:"group"`    // the family it is listed with
	Summary  string   `yaml:"summary"`  // one sentence: what the gateway does
	Evidence []string `yaml:"evidence"` // where it was seen: issues, captures
	Exposes  string   `yaml:"exposes"`  // the mistake of a client that it shows
	Verdict  Verdict  `yaml:"verdict"`  // what a good client must reach; none when left out
	Kept     bool     `yaml:"kept"`     // the verdict is about a port that is kept open: what goes wrong, or right, comes with time, and says nothing of a client that opens and leaves

	Base       string               `yaml:"base"`       // of a quirk: the profile it is played on by itself; igd1 when left out
	Parameters map[string]Parameter `yaml:"parameters"` // of a quirk: what those who name it may change
	Quirk      *Part                `yaml:"quirk"`      // what it adds to a device
	Devices    []Device             `yaml:"devices"`    // at least one, unless it is a quirk

	Timeline []emulator.Moment      `yaml:"timeline"` // what happens to the first device
	Expect   []emulator.Expectation `yaml:"expect"`   // what the devices together are to see of a good client

	root     *node   // as it is written
	composed []*node // the devices with everything that they name
	options  []emulator.Options
}

// Device is one gateway of a scenario, as it is written. Scenario.Options has it with all that its profile and its quirks add.
type Device struct {
	Name    string `yaml:"name"`    // the scenario's when left out, with -1, -2, … when there are several
	Profile string `yaml:"profile"` // a scenario with one device, or a file beside this one: what the device is like where it says nothing else
	IGD     int    `yaml:"igd"`     // 1 or 2: InternetGatewayDevice:1 or :2; the profile's when left out
	Part    `yaml:",inline"`
}

// Part is what devices and quirks have in common.
type Part struct {
	Quirks     []Use                     `yaml:"quirks"`      // by name, or files beside this one: quirks: [add-lease-725, {add-table-full-silent-32: {limit: 160}}]
	Neighbour  int                       `yaml:"neighbour"`   // 1 to 8: another host of the LAN, at the address so many after the router's; where nobody searches by multicast, and with 0, at the router's own
	IPv6       bool                      `yaml:"ipv6"`        // it stands also at an IPv6 address, link-local, where searches come by multicast
	ExternalIP netip.Addr                `yaml:"external-ip"` // IPv4 address on the WAN side; 45.66.77.88 when left out; 0.0.0.0: none
	NAT        *nat.Behaviour            `yaml:"nat"`         // what its NAT does with UDP that hosts begin: symmetric, port-restricted,hairpin=external, eim/apdf,timeout=30s; in memory and in labs, where who builds them says it when left out
	WAN        []emulator.WAN            `yaml:"wan"`         // connections to the Internet; one when left out
	Dialect    emulator.Dialect          `yaml:"dialect"`     // how it writes and reads
	Policy     emulator.Policy           `yaml:"policy"`      // what its mapping table accepts and shows
	Faults     []emulator.Fault          `yaml:"faults"`      // what it does wrong; those of the profile and the quirks come first
	Mappings   []emulator.InitialMapping `yaml:"mappings"`    // what its mapping table has from the start
	Timeline   []emulator.Moment         `yaml:"timeline"`    // what happens to it by itself
}

// Use names a quirk, and gives values to its parameters.
type Use struct {
	Quirk      string
	Parameters []string // the names of those that are given

	values *node
}

// Parameter is a value of a quirk that those who name it may change. What the quirk says itself is the default.
type Parameter struct {
	Sets  []string `yaml:"sets"`  // the places in the quirk that have the value: faults[0].if.size.at-least
	About string   `yaml:"about"` // what it is
}

// Kind is one of the uses of a document.
type Kind string

// The kinds. A profile can be played as well, and so can a quirk: on the profile that is its base.
const (
	KindScenario Kind = "scenario"
	KindProfile  Kind = "profile"
	KindQuirk    Kind = "quirk"
)

// Kind is KindQuirk for a quirk, and KindProfile for one device without a story: it has neither timeline nor expectations.
func (s *Scenario) Kind() Kind {
	switch {
	case s.Quirk != nil:
		return KindQuirk
	case len(s.Devices) == 1 && len(s.Timeline) == 0 && len(s.Expect) == 0:
		return KindProfile
	}
	return KindScenario
}

// Options are the emulator options of each device, in order, with what their profiles and quirks add. Where a gateway listens,
// its seed and its journal are not part of a scenario: the caller fills them in.
func (s *Scenario) Options() []emulator.Options { return slices.Clone(s.options) }
