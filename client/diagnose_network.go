package client

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// InterfaceKind is what an interface probably is, judged by its name and flags.
type InterfaceKind string

// The kinds.
const (
	OrdinaryInterface  InterfaceKind = ""
	LoopbackInterface  InterfaceKind = "loopback"
	VPNInterface       InterfaceKind = "vpn"
	ContainerInterface InterfaceKind = "container" // a bridge or a virtual cable to containers of this machine
	VirtualInterface   InterfaceKind = "virtual"   // to virtual machines of this machine
)

// NetworkEvidence is what [CheckNetwork] saw.
type NetworkEvidence struct {
	Interfaces []InterfaceState // those that are up: Out first, then those with a default route
	// Out is the interface by which this machine sends to the Internet by IPv4, and so answers whoever comes from there: what the system makes of all its
	// routes, their metrics and its rules; without a Name when it does not tell. It need not be one that Options.Interface lets through.
	Out     InterfaceState
	Machine Machine
}

// InterfaceState is one interface that is up.
type InterfaceState struct {
	Name     string
	Kind     InterfaceKind
	Addrs    []netip.Prefix // of both families
	Gateways []netip.Addr   // next hops of default routes by it, best first
	Err      error          // why it could not be read, nil when it could
}

func (*NetworkEvidence) evidence() {}

// kindOf judges an interface. The names are those that Linux, macOS, the BSDs and Windows, and the programs that make
// interfaces there, give them.
func kindOf(ifi net.Interface) InterfaceKind {
	if ifi.Flags&net.FlagLoopback != 0 {
		return LoopbackInterface
	}
	name := strings.ToLower(ifi.Name)
	has := func(beginnings ...string) bool {
		return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(name, b) })
	}
	switch {
	case has("tun", "tap", "wg", "utun", "ppp", "ipsec", "gpd", "zt", "nordlynx", "tailscale", "wireguard", "proton", "mullvad", "cscotun", "openvpn"),
		strings.Contains(name, "vpn"), strings.Contains(name, "wintun"):
		return VPNInterface
	case has("veth") && !has("vethernet"), has("docker", "br-", "cni", "podman", "lxc", "lxdbr", "cali", "flannel"):
		return ContainerInterface
	case has("virbr", "vmnet", "vboxnet", "vethernet", "vnet", "bridge100"):
		return VirtualInterface
	}
	return OrdinaryInterface
}

// network looks at the interfaces and default routes.
func (d *diagnosis) network(ctx context.Context) {
	began := d.begin(CheckNetwork)
	e := &NetworkEvidence{}
	if d.want.Machine != nil {
		e.Machine = *d.want.Machine
	}
	ifis, err := d.o.Net.Interfaces()
	e.Out = wayOut(ctx, d.o, ifis)
	for _, ifi := range ifis {
		if d.o.Interface != "" && ifi.Name != d.o.Interface {
			continue
		}
		e.Interfaces = append(e.Interfaces, stateOf(d.o, ifi))
	}
	rank := func(s InterfaceState) int {
		if s.Name == e.Out.Name {
			return 2
		}
		return min(len(s.Gateways), 1)
	}
	slices.SortStableFunc(e.Interfaces, func(a, b InterfaceState) int { return rank(b) - rank(a) })
	d.links, _ = links(d.o) // what is wrong with them is in the evidence
	c := Check{ID: CheckNetwork, Evidence: e, Err: err}
	c.Outcome, c.Problem = e.judge()
	d.tell(ctx, c, began)
}

// somewhere is an address on the Internet: that of a.root-servers.net, for whom everybody has a way. It is sent nothing.
const somewhere = "198.41.0.4:53"

// wayOut tells by which interface this machine sends to the Internet. A UDP socket that is connected sends nothing, and has the address that the routes
// chose: of the interface that they lead to. The default route with the best metric would not tell: VPNs have routes to both halves of the Internet
// (OpenVPN's "def1") or a table of their own (wg-quick).
func wayOut(ctx context.Context, o Options, ifis []net.Interface) InterfaceState {
	c, err := o.Net.Dial(ctx, "udp4", netip.Addr{}, somewhere)
	if err != nil {
		return InterfaceState{} // no way, or none that this Net can tell
	}
	defer c.Close()
	local := addrOf(c.LocalAddr())
	for _, ifi := range ifis {
		prefixes, err := o.Net.Addrs(ifi)
		if err == nil && slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == local }) {
			return stateOf(o, ifi)
		}
	}
	return InterfaceState{}
}

func stateOf(o Options, ifi net.Interface) InterfaceState {
	s := InterfaceState{Name: ifi.Name, Kind: kindOf(ifi)}
	s.Addrs, s.Err = o.Net.Addrs(ifi)
	gateways, err := o.Net.DefaultGateways(ifi)
	if s.Gateways = gateways; s.Err == nil {
		s.Err = err
	}
	return s
}

// judge names the worst of what a search for a gateway will suffer from.
func (e *NetworkEvidence) judge() (Outcome, Problem) {
	up, four, routed, vpn := false, false, false, false
	for _, s := range e.Interfaces {
		if s.Kind == LoopbackInterface {
			continue
		}
		up = true
		four = four || slices.ContainsFunc(s.Addrs, func(p netip.Prefix) bool { return p.Addr().Is4() })
		if slices.ContainsFunc(s.Gateways, netip.Addr.Is4) && !routed {
			routed, vpn = true, s.Kind == VPNInterface
		}
	}
	if e.Out.Name != "" {
		vpn = e.Out.Kind == VPNInterface
	}
	switch {
	case !up:
		return Faulty, ProblemNoInterface
	case !four:
		return Faulty, ProblemNoAddress
	case vpn:
		return Doubtful, ProblemVPNRoute // in a container, too: then it is the way of the container
	case e.Machine.WSL:
		return Doubtful, ProblemInWSL
	case e.Machine.Container != "":
		return Doubtful, ProblemInContainer
	case !routed:
		return Doubtful, ProblemNoDefaultRoute
	}
	return Sound, NoProblem
}
