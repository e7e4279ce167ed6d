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
	Interfaces []InterfaceState // those that are up, with a default route first
	Machine    Machine
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
	for _, ifi := range ifis {
		if d.o.Interface != "" && ifi.Name != d.o.Interface {
			continue
		}
		s := InterfaceState{Name: ifi.Name, Kind: kindOf(ifi)}
		s.Addrs, s.Err = d.o.Net.Addrs(ifi)
		gateways, err := d.o.Net.DefaultGateways(ifi)
		if s.Gateways = gateways; s.Err == nil {
			s.Err = err
		}
		e.Interfaces = append(e.Interfaces, s)
	}
	slices.SortStableFunc(e.Interfaces, func(a, b InterfaceState) int { return min(len(b.Gateways), 1) - min(len(a.Gateways), 1) })
	d.links, _ = links(d.o) // what is wrong with them is in the evidence
	c := Check{ID: CheckNetwork, Evidence: e, Err: err}
	c.Outcome, c.Problem = e.judge()
	d.tell(ctx, c, began)
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
	switch {
	case !up:
		return Faulty, ProblemNoInterface
	case !four:
		return Faulty, ProblemNoAddress
	case e.Machine.WSL:
		return Doubtful, ProblemInWSL
	case e.Machine.Container != "":
		return Doubtful, ProblemInContainer
	case !routed:
		return Doubtful, ProblemNoDefaultRoute
	case vpn:
		return Doubtful, ProblemVPNRoute
	}
	return Sound, NoProblem
}
