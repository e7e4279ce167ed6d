package emulator

import (
	"net/netip"

	"github.com/igdkit/igdkit/emulator/nat"
)

// World is a whole network: homes behind their gateways, routers between those and the Internet, and hosts on the Internet. It says where
// everything is and what NATs there are; [StartWorld] builds it in memory for a test, `fakeigd lab -f` of namespaces. What is left out gets a
// place: see [World.Settled].
//
// The two addresses of a STUN server, [STUNAddrs], are on its Internet. In a lab one answers there; in memory when [StartSTUN] is called for
// Town.STUN.
type World struct {
	Homes    []Home      `yaml:"homes"`
	Routers  []Router    `yaml:"routers"`  // a router named cgnat need not be said: it is there if somebody is behind it
	Internet []WorldHost `yaml:"internet"` // hosts on the Internet
	Seed     uint64      `yaml:"seed"`     // of all that gateways choose by chance
}

// Home is a gateway with the LAN behind it. Homes may have the same LAN as others, unless one is behind the other.
type Home struct {
	Name     string         `yaml:"name,required"` // of all that a World names, each is unique
	Scenario string         `yaml:"scenario"`      // the name or the file of what the gateway is like: who reads it makes Gateway of it
	NAT      *nat.Behaviour `yaml:"nat"`           // port-restricted when left out. "open" and firewalls translate nothing: the hosts have addresses of the Internet
	LAN      netip.Prefix   `yaml:"lan"`           // 192.168.1.0/24 when left out, or a further one behind another home; the gateway is its first address
	External netip.Addr     `yaml:"external"`      // when left out the next one from 45.66.77.88, or of the LAN that it is on. Clients do not believe those for documentation (203.0.113.0/24)
	Pool     []netip.Addr   `yaml:"pool"`          // further external addresses, say of one-to-one
	Upstream string         `yaml:"upstream"`      // the router, or home, behind which it is; "": the Internet
	IPv6     netip.Prefix   `yaml:"ipv6"`          // that of its LAN, in a lab; none when left out
	Hosts    []WorldHost    `yaml:"hosts"`

	Gateway Options `yaml:"-"` // what the gateway is like; the rest of Home goes before it
}

// Router is a NAT that does not speak UPnP, such as a carrier's.
type Router struct {
	Name     string         `yaml:"name,required"`
	NAT      *nat.Behaviour `yaml:"nat"`      // rfc4787 when left out, as RFC 6888 wants carriers' to be
	LAN      netip.Prefix   `yaml:"lan"`      // 100.64.0.0/10 (RFC 6598) when left out; the router is its first address
	External netip.Addr     `yaml:"external"` // as a home's
	Pool     []netip.Addr   `yaml:"pool"`     // further external addresses
	Upstream string         `yaml:"upstream"` // as a home's
	PerHost  int            `yaml:"per-host"` // how many mappings a home may have at a time; any number when left out
}

// WorldHost is a machine on a LAN or on the Internet. Commands are for labs.
type WorldHost struct {
	Name       string     `yaml:"name,required"`
	Address    netip.Addr `yaml:"address"`    // the first free one from the tenth of the LAN, or of 198.51.100.0/24, when left out
	Command    Command    `yaml:"command"`    // runs there
	After      []string   `yaml:"after"`      // hosts whose commands have to be of use before: ready, or ended well
	Ready      string     `yaml:"ready"`      // the port that shows that the command is ready, tcp/8080 or udp/53
	Background bool       `yaml:"background"` // it runs as long as there are others
	Timeout    Duration   `yaml:"timeout"`    // after which the command is ended, and how long it waits for Ready of others; never when left out
	Log        string     `yaml:"log"`        // what the command says goes to this file
}

// STUNAddrs are the two addresses of the STUN server in every World.
func STUNAddrs() [2]netip.Addr {
	return [2]netip.Addr{netip.AddrFrom4([4]byte{198, 51, 100, 1}), netip.AddrFrom4([4]byte{198, 51, 100, 2})}
}

// worldInternet is where hosts on the Internet get addresses when they say none. worldTaken of it are others': STUN, a lab's resolver and
// its router.
func worldInternet() netip.Prefix { return netip.MustParsePrefix("198.51.100.0/24") }

func worldTaken() []netip.Addr {
	stun := STUNAddrs()
	return []netip.Addr{stun[0], stun[1], netip.AddrFrom4([4]byte{198, 51, 100, 53}), netip.AddrFrom4([4]byte{198, 51, 100, 254})}
}
