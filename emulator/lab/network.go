package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/internal/subnet"
)

// Network is what a lab is made of: gateways with a LAN each, hosts on them, and the Internet between them. Each of them is alone in a
// network namespace, so that homes may have the same addresses, and one home can lie behind another.
//
// The Internet is a router that knows the external addresses of the gateways, the prefixes of those that translate nothing, and the
// hosts on it; it refuses the rest. [STUN], [OtherSTUN] and [Resolver] are its own.
type Network struct {
	Gateways []Gateway
	Hosts    []Host
}

// Gateway is a router between a LAN and the Internet, or between two LANs.
type Gateway struct {
	Name     string       // of gateways and hosts together, each is unique
	LAN      netip.Prefix // its address on the LAN, with the LAN's length; zero: 192.168.1.1/24
	WAN      netip.Addr   // an external address from the start; zero: none until Place.Hold
	Upstream string       // the gateway on whose LAN its WAN side is; "": the Internet

	// LAN6 is its IPv6 address on the LAN, with the prefix that leads there from the Internet; zero: none. From outside, nothing gets
	// in but answers and what Place.Firewall lets in.
	LAN6 netip.Prefix

	// Routed gateways translate nothing: the LAN's own addresses are known upstream. With Filtered as well, only answers and mapped
	// ports get in from there.
	Routed, Filtered bool
}

// Host is a machine on a LAN or on the Internet, with at most one command.
type Host struct {
	Name    string
	Gateway string     // on whose LAN; "": on the Internet
	Addr    netip.Addr // zero: the first free one from .10 of the LAN, or of 198.51.100.0/24
	Command *Command   // nil: nothing runs there
}

// Command is what runs on a host.
type Command struct {
	Argv []string

	// After are hosts whose commands must have come so far that they are of use: those with Ready or Background when they are ready, others
	// when they have ended well. If one cannot any more, this command is not started.
	After []string

	// Ready is a port of the host, "tcp/8080" or "udp/53", that somebody has to be bound to before the command counts as ready. "": a
	// command is ready when it has been started.
	Ready string

	Background  bool          // it is to run as long as there are others, and is ended then
	Timeout     time.Duration // after which it is ended, with its process group unless it is Interactive, and how long it waits for Ready of others; 0: never, and for ever
	Log         string        // what it says goes to this file; "": to Options.Stdout and Stderr, each line behind the host's name
	Interactive bool          // it has Options.Stdin, Stdout and Stderr as they are
}

// The addresses that the Internet of a lab has by itself, and that of its router.
func STUN() netip.Addr       { return netip.AddrFrom4([4]byte{198, 51, 100, 1}) }
func OtherSTUN() netip.Addr  { return netip.AddrFrom4([4]byte{198, 51, 100, 2}) }
func Resolver() netip.Addr   { return netip.AddrFrom4([4]byte{198, 51, 100, 53}) }
func coreRouter() netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, 254}) }

// internetPrefix is where hosts on the Internet get addresses.
func internetPrefix() netip.Prefix { return netip.MustParsePrefix("198.51.100.0/24") }

// InternetPrefix6 is where hosts on the Internet have their IPv6 addresses.
func InternetPrefix6() netip.Prefix { return netip.MustParsePrefix("2001:db8:ffff::/64") }

// Outcome is what has become of a host's command.
type Outcome struct {
	Host       string
	Argv       []string
	Background bool
	Skipped    string // why it was not started; "": it was
	Exit       int    // its exit code; 128 plus the signal's number when a signal ended it
	TimedOut   bool
	Stopped    bool // it was in the background, or the lab was told to end, and was ended
	Took       time.Duration
}

// Failed tells whether the command is a reason for the whole not to have gone well.
func (o Outcome) Failed() bool {
	return o.Skipped != "" || o.TimedOut || o.Exit != 0 && !(o.Stopped && o.Background)
}

// defaults fills in what was left out. n is not changed.
func (n Network) defaults() Network {
	n.Gateways, n.Hosts = slices.Clone(n.Gateways), slices.Clone(n.Hosts)
	for i := range n.Gateways {
		if g := &n.Gateways[i]; !g.LAN.IsValid() {
			g.LAN = netip.MustParsePrefix("192.168.1.1/24")
		}
	}
	for i := range n.Hosts {
		h := &n.Hosts[i]
		if h.Addr.IsValid() {
			continue
		}
		h.Addr = internetPrefix().Masked().Addr()
		if g := n.gateway(h.Gateway); g != nil {
			h.Addr = g.LAN.Masked().Addr()
		}
		for range 10 {
			h.Addr = h.Addr.Next()
		}
		for n.taken(h.Gateway, h.Addr, h) {
			h.Addr = h.Addr.Next()
		}
	}
	return n
}

// taken tells whether an address on a gateway's LAN, or on the Internet, is another's than that of except: one of n's hosts or gateways.
func (n *Network) taken(gateway string, addr netip.Addr, except any) bool {
	for i := range n.Hosts {
		if h := &n.Hosts[i]; except != any(h) && h.Gateway == gateway && h.Addr == addr {
			return true
		}
	}
	if g := n.gateway(gateway); g != nil && g.LAN.Addr() == addr {
		return true
	}
	if gateway == "" && slices.Contains([]netip.Addr{STUN(), OtherSTUN(), Resolver(), coreRouter()}, addr) {
		return true
	}
	for i := range n.Gateways {
		if g := &n.Gateways[i]; except != any(g) && g.Upstream == gateway && g.WAN == addr {
			return true
		}
	}
	return false
}

// gateway is the one of that name; nil when there is none.
func (n *Network) gateway(name string) *Gateway {
	if i := slices.IndexFunc(n.Gateways, func(g Gateway) bool { return g.Name == name }); i >= 0 && name != "" {
		return &n.Gateways[i]
	}
	return nil
}

// host is the number of the host of that name, -1 when there is none.
func (n *Network) host(name string) int {
	return slices.IndexFunc(n.Hosts, func(h Host) bool { return h.Name == name })
}

// PlaceError says what is wrong with one gateway or host of a Network.
type PlaceError struct {
	Gateway, Host string // its name; the other is ""
	Err           error
}

func (e *PlaceError) Error() string {
	if e.Host != "" {
		return fmt.Sprintf("lab: host %s: %v", e.Host, e.Err)
	}
	return fmt.Sprintf("lab: gateway %s: %v", e.Gateway, e.Err)
}

// Unwrap gives the cause.
func (e *PlaceError) Unwrap() error { return e.Err }

// Check says what is wrong with n; nil: nothing. What is wrong with one gateway or host is a *PlaceError.
func (n Network) Check() error {
	n = n.defaults()
	names := map[string]bool{}
	unique := func(name string) error {
		if name == "" || names[name] {
			return fmt.Errorf("lab: the name %q is there twice, or is none", name)
		}
		names[name] = true
		return nil
	}
	for i := range n.Gateways {
		g := &n.Gateways[i]
		if err := unique(g.Name); err != nil {
			return err
		}
		if err := n.checkGateway(g); err != nil {
			return &PlaceError{Gateway: g.Name, Err: err}
		}
	}
	for i := range n.Hosts {
		h := &n.Hosts[i]
		if err := unique(h.Name); err != nil {
			return err
		}
		if err := n.checkHost(h); err != nil {
			return &PlaceError{Host: h.Name, Err: err}
		}
	}
	return n.checkOrder()
}

func (n *Network) checkGateway(g *Gateway) error {
	switch {
	case !subnet.Usable(g.LAN) || !subnet.Has(g.LAN, g.LAN.Addr()):
		return fmt.Errorf("%v is no address on an IPv4 LAN, such as 192.168.1.1/24", g.LAN)
	case g.WAN.IsValid() && !subnet.Unicast(g.WAN):
		return fmt.Errorf("%v is no unicast IPv4 address", g.WAN)
	case g.LAN6.IsValid() && (!g.LAN6.Addr().Is6() || !g.LAN6.Addr().IsGlobalUnicast() || g.LAN6.Bits() > 64):
		return fmt.Errorf("%v is no address on an IPv6 LAN, such as 2001:db8:1::1/64", g.LAN6)
	case g.LAN6.IsValid() && g.LAN6.Overlaps(InternetPrefix6()):
		return fmt.Errorf("its IPv6 prefix %v is that of the Internet, %v", g.LAN6.Masked(), InternetPrefix6())
	case g.Upstream != "" && n.gateway(g.Upstream) == nil:
		return fmt.Errorf("there is no gateway %q to be behind", g.Upstream)
	}
	at := g
	for range n.Gateways {
		if at = n.gateway(at.Upstream); at == nil {
			break
		}
		if at == g {
			return fmt.Errorf("it is behind itself")
		}
	}
	for i := range n.Gateways {
		o := &n.Gateways[i]
		switch {
		case o == g:
			return n.checkTaken(g)
		case o.Upstream != g.Upstream:
		case o.WAN.IsValid() && o.WAN == g.WAN:
			return fmt.Errorf("its address %v is that of %s", g.WAN, o.Name)
		case g.Routed && o.Routed && o.LAN.Overlaps(g.LAN):
			return fmt.Errorf("its LAN %v is that of %s, and neither translates addresses", g.LAN.Masked(), o.Name)
		}
		if o.LAN6.IsValid() && g.LAN6.IsValid() && o.LAN6.Overlaps(g.LAN6) {
			return fmt.Errorf("its IPv6 prefix %v is that of %s", g.LAN6.Masked(), o.Name)
		}
	}
	return nil
}

func (n *Network) checkTaken(g *Gateway) error {
	up := n.gateway(g.Upstream)
	switch {
	case up != nil && up.LAN.Masked().Overlaps(g.LAN.Masked()):
		return fmt.Errorf("its LAN %v is also that of %s, behind which it is: nobody could tell the two sides apart", g.LAN.Masked(), up.Name)
	case g.WAN.IsValid() && n.taken(g.Upstream, g.WAN, g):
		return fmt.Errorf("its address %v is another's", g.WAN)
	}
	return nil
}

func (n *Network) checkHost(h *Host) error {
	g := n.gateway(h.Gateway)
	switch {
	case g == nil && h.Gateway != "":
		return fmt.Errorf("there is no gateway %q", h.Gateway)
	case !subnet.Unicast(h.Addr): // any other does on the Internet
		return fmt.Errorf("%v is no unicast IPv4 address", h.Addr)
	case g != nil && !subnet.Has(g.LAN, h.Addr):
		return fmt.Errorf("%v is no address of %v", h.Addr, g.LAN.Masked())
	case n.taken(h.Gateway, h.Addr, h):
		return fmt.Errorf("its address %v is another's", h.Addr)
	case h.Command == nil:
		return nil
	case len(h.Command.Argv) == 0:
		return fmt.Errorf("it has an empty command")
	}
	if h.Command.Ready != "" {
		if _, _, err := parsePort(h.Command.Ready); err != nil {
			return err
		}
	}
	for _, name := range h.Command.After {
		if j := n.host(name); j < 0 || n.Hosts[j].Command == nil {
			return fmt.Errorf("it is to start after %q, which has no command", name)
		}
	}
	return nil
}

// checkOrder finds commands that would wait for each other.
func (n *Network) checkOrder() error {
	done := map[string]bool{}
	for progress := true; progress; {
		progress = false
		for _, h := range n.Hosts {
			if h.Command == nil || done[h.Name] || slices.ContainsFunc(h.Command.After, func(name string) bool { return !done[name] }) {
				continue
			}
			done[h.Name], progress = true, true
		}
	}
	for _, h := range n.Hosts {
		if h.Command != nil && !done[h.Name] {
			return &PlaceError{Host: h.Name, Err: errors.New("it is to start after commands that wait for it")}
		}
	}
	return nil
}

// parsePort reads "tcp/8080".
func parsePort(s string) (protocol string, port uint16, err error) {
	for _, protocol := range []string{"tcp", "udp"} {
		if n, err := fmt.Sscanf(s, protocol+"/%d", &port); n == 1 && err == nil && port > 0 && s == fmt.Sprintf("%s/%d", protocol, port) {
			return protocol, port, nil
		}
	}
	return "", 0, fmt.Errorf("%q is no port such as tcp/8080 or udp/53", s)
}

// HostAddr6 is the IPv6 address that a host has in a prefix: it ends in the IPv4 one, as people write them: 2001:db8:1::192:168:1:10.
func HostAddr6(prefix netip.Prefix, addr netip.Addr) netip.Addr {
	a := prefix.Masked().Addr().As16()
	for i, b := range addr.As4() {
		// A decimal that looks the same in hexadecimal.
		a[8+2*i], a[9+2*i] = b/100, b/10%10<<4|b%10
	}
	return netip.AddrFrom16(a)
}
