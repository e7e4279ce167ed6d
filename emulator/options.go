package emulator

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
)

// Options says what gateway to be and where to stand. The zero value is an ideal IGD:2 on loopback, found by unicast
// search on a free port.
type Options struct {
	Net      Net    // nil: SystemNet()
	Version  int    // 1 or 2: IGD:1 or IGD:2; 0: 2
	Scenario string // where these options come from, for the words of a failed test; "": nowhere
	Name     string // in the journal, events and the description's friendlyName; "": "igd1" or "igd2" by Version

	LAN       netip.Addr     // address it serves on; zero: 127.0.0.1
	HTTPPort  uint16         // of description, control and eventing; 0: as HTTPDialect.Ports says
	SSDP      string         // "": unicast on a free port of LAN; "HOST:PORT": unicast there; "multicast": the group, on LAN's interface; "off"
	Beside    *Gateway       // one whose Net, LAN and SSDP are this one's too: both answer at one socket, and these are left out here; nil: nobody
	Neighbour int            // 1 to 8: it is another host of the LAN, at the address so many after LAN, which Net's host must own, where searches come by multicast; elsewhere, and with 0, it stands at LAN
	IPv6      bool           // it stands also at the link-local IPv6 address of LAN's interface, with the group that belongs to it, where searches come by multicast and there is such an address. Clients are let in from networks of Clients: with global addresses theirs has to be named there
	Mute      bool           // it speaks neither SSDP nor HTTP, and only carries: a carrier's NAT, or a router without UPnP. SSDP, HTTPPort and Advertise are without meaning then
	Advertise string         // HOST:PORT put into LOCATION; "": where it really listens
	Clients   []netip.Prefix // who is answered; nil: loopback if LAN is loopback, private addresses if LAN is unspecified, otherwise LAN's /24 or /64

	ExternalIP netip.Addr // zero: 45.66.77.88; 0.0.0.0: none
	Connection string     // "WANIPConnection" or "WANPPPConnection"; "": WANIPConnection. WANPPPConnection exists in IGD:1 only, or in a tree of the dialect's own
	WAN        []WAN      // connections to the Internet; nil: one, as Connection and ExternalIP say

	Seed   uint64 // of everything that is chosen by chance: UDNs, SIDs, ports, delays
	UDN    string // of the root device, "uuid:…"; "": derived from Seed, Name and LAN, so two gateways on one address need two of either
	Policy Policy // what the mapping table accepts; the zero value is the ideal

	Mappings []InitialMapping // what the table has from the start

	Dialect  Dialect  // how it writes and reads; the zero value is that of the standards
	Faults   []Fault  // what it does wrong, in the order in which they are asked
	Timeline []Moment // what happens to it by itself

	Plane Plane // how bytes get through mapped ports; the zero value carries them

	Clock   *Clock      // nil: package time
	Journal io.Writer   // receives each Entry as a line of JSON; nil: none. Used by one goroutine at a time
	Tally   *Tally      // counts each Entry; nil: none
	OnEvent func(Event) // called in order, one at a time; it may call the gateway, except Close; nil: none
}

func (o Options) defaults() (Options, error) {
	if b := o.Beside; b != nil {
		if o.Net == nil {
			o.Net = b.options.Net
		}
		o.LAN, o.SSDP = cmp.Or(o.LAN, b.options.LAN), cmp.Or(o.SSDP, b.options.SSDP)
	}
	if o.Net == nil {
		o.Net = SystemNet()
	}
	if o.Mute {
		o.SSDP = "off"
	}
	o.Version = cmp.Or(o.Version, 2)
	o.Name = cmp.Or(o.Name, fmt.Sprintf("igd%d", o.Version))
	o.Connection = cmp.Or(o.Connection, ipConnection)
	if !o.LAN.IsValid() {
		o.LAN = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if !o.ExternalIP.IsValid() {
		// An address for documentation (203.0.113.0/24) would be nobody's, but upnpc, transmission and i2pd take a
		// gateway that has one for disconnected.
		o.ExternalIP = netip.AddrFrom4([4]byte{45, 66, 77, 88})
	}
	o.WAN = wanOf(o)
	o.Plane = o.Plane.defaults(o)
	if o.Clients == nil {
		o.Clients = clientsOf(o.LAN)
		if o.dual() {
			o.Clients = append(o.Clients, netip.MustParsePrefix("fe80::/10"))
		}
	}
	if o.UDN == "" {
		o.UDN = o.rootUDN(0)
	}
	if all := o.Problems(); len(all) > 0 {
		return o, fmt.Errorf("emulator: %w", all[0])
	}
	return o, o.check()
}

// maxNeighbour keeps the neighbours of a router clear of the first clients.
const maxNeighbour = 8

// Stands is the address at which the gateway serves and from which it speaks.
func (o *Options) Stands() netip.Addr {
	addr := o.LAN
	if o.SSDP != "multicast" || addr.IsUnspecified() {
		return addr
	}
	for range o.Neighbour {
		addr = addr.Next()
	}
	return addr
}

// dual reports whether there is an IPv6 address beside LAN.
func (o *Options) dual() bool {
	return o.IPv6 && o.SSDP == "multicast" && o.LAN.Is4() && !o.LAN.IsUnspecified()
}

func (o Options) check() error {
	switch {
	case !validUDN(o.UDN):
		return fmt.Errorf("emulator: UDN %q does not begin with uuid: or holds ::, spaces or markup", o.UDN)
	case o.Beside != nil && (o.LAN != o.Beside.options.LAN || o.SSDP != o.Beside.options.SSDP && o.SSDP != "off"):
		return fmt.Errorf("emulator: gateway %s is at %v, SSDP %q: nobody can stand beside it at %v, SSDP %q",
			o.Beside.options.Name, o.Beside.options.LAN, o.Beside.options.SSDP, o.LAN, o.SSDP)
	}
	if o.Advertise != "" {
		if err := checkHostPort(o.Advertise); err != nil {
			return fmt.Errorf("emulator: advertise: %w", err)
		}
	}
	return o.Plane.check()
}

// clientsOf is who may talk to a gateway on lan when nobody said so: an emulator that strayed onto a real network must
// not answer strangers.
func clientsOf(lan netip.Addr) []netip.Prefix {
	lan = lan.Unmap().WithZone("")
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	switch {
	case lan.IsLoopback():
		return loopback
	case lan.IsUnspecified():
		// In a container the callers come from whatever private network the container has.
		return append(loopback,
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
			netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"))
	case lan.Is4():
		return []netip.Prefix{netip.PrefixFrom(lan, 24).Masked()}
	}
	return []netip.Prefix{netip.PrefixFrom(lan, 64).Masked()}
}
