package emulator

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/hostname"
	"github.com/igdkit/igdkit/internal/subnet"
)

// Settled is w with nothing left out: every NAT, LAN and address is said, and a router cgnat is there if somebody is behind it. The error
// is a [Problem]: what cannot be, of whom, and where in w that is said.
func (w World) Settled() (World, error) {
	w.Homes, w.Routers, w.Internet = slices.Clone(w.Homes), slices.Clone(w.Routers), slices.Clone(w.Internet)
	s := settler{World: &w, taken: map[string]map[netip.Addr]addressOf{}}
	for _, step := range []func() error{s.names, s.upstreams, s.lans, s.said, s.hosts, s.externals, s.within} {
		if err := step(); err != nil {
			return World{}, fmt.Errorf("emulator: %w", err)
		}
	}
	return w, nil
}

// settler fills in a World.
type settler struct {
	*World
	nodes  []*worldNode
	byName map[string]*worldNode
	taken  map[string]map[netip.Addr]addressOf // whose an address is, by the LAN that it is on; "" is the Internet
	next   map[string]netip.Addr               // of which to give, by LAN
}

// wrong is a Problem as an error.
func wrong(at []any, format string, args ...any) error { return wrongBeside(at, nil, format, args...) }

// wrongBeside is one about two places.
func wrongBeside(at, other []any, format string, args ...any) error {
	return Problem{At: at, Message: fmt.Sprintf(format, args...), Other: other}
}

// worldNode is a home or a router, whichever: what both have.
type worldNode struct {
	at             []any // where it stands in the World
	name, upstream string
	nat            **nat.Behaviour
	lan            *netip.Prefix
	external       *netip.Addr
	pool           []netip.Addr
	router         bool
}

// maxWorldName bounds names in bytes: a lab puts ".lab" behind them, for its resolver.
const maxWorldName = 253 - len(".lab")

// carrier is the name of the router that need not be said.
const carrierNAT = "cgnat"

func (s *settler) names() error {
	behind := slices.ContainsFunc(s.Homes, func(h Home) bool { return h.Upstream == carrierNAT }) ||
		slices.ContainsFunc(s.Routers, func(r Router) bool { return r.Upstream == carrierNAT })
	if behind && !slices.ContainsFunc(s.Routers, func(r Router) bool { return r.Name == carrierNAT }) {
		s.Routers = append(s.Routers, Router{Name: carrierNAT})
	}
	for i := range s.Homes {
		h := &s.Homes[i]
		h.Hosts = slices.Clone(h.Hosts)
		s.nodes = append(s.nodes, &worldNode{[]any{"homes", i}, h.Name, h.Upstream, &h.NAT, &h.LAN, &h.External, h.Pool, false})
	}
	for i := range s.Routers {
		r := &s.Routers[i]
		at := []any{"routers", i}
		if r.PerHost < 0 {
			return wrong(below(at, "per-host"), "%d is no number of mappings that a home of %s may have", r.PerHost, r.Name)
		}
		s.nodes = append(s.nodes, &worldNode{at, r.Name, r.Upstream, &r.NAT, &r.LAN, &r.External, r.Pool, true})
	}
	s.byName = map[string]*worldNode{}
	seen := map[string][]any{}
	unique := func(what, name string, at []any) error {
		at = below(at, "name")
		if !hostname.Valid(name) || len(name) > maxWorldName {
			return wrong(at, "%q is no name of a %s: letters, digits, hyphens and dots, such as alice", name, what)
		}
		if other := seen[hostname.Key(name)]; other != nil {
			return wrongBeside(at, other, "the name %q of a %s is there twice", name, what)
		}
		seen[hostname.Key(name)] = at
		return nil
	}
	for _, n := range s.nodes {
		if err := unique("home or router", n.name, n.at); err != nil {
			return err
		}
		s.byName[n.name] = n
	}
	for _, lan := range s.lanHosts() {
		for i, h := range lan.hosts {
			if err := unique("host", h.Name, below(lan.at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// lanHosts are the hosts of a LAN.
type lanHosts struct {
	lan   string // its home; "": the Internet
	at    []any
	hosts []WorldHost
}

// lanHosts are those of each LAN.
func (s *settler) lanHosts() []lanHosts {
	all := []lanHosts{{"", []any{"internet"}, s.Internet}}
	for i := range s.Homes {
		all = append(all, lanHosts{s.Homes[i].Name, []any{"homes", i, "hosts"}, s.Homes[i].Hosts})
	}
	return all
}

func (s *settler) upstreams() error {
	for _, n := range s.nodes {
		at := n
		for hops := 0; at.upstream != ""; hops++ {
			if s.byName[at.upstream] == nil {
				return wrong(below(at.at, "upstream"), "%s is behind %q, which is none of the homes and routers", at.name, at.upstream)
			}
			if at = s.byName[at.upstream]; at == n || hops == len(s.nodes) {
				return wrong(below(n.at, "upstream"), "%s is behind itself", n.name)
			}
		}
	}
	return nil
}

// lans says of each NAT what it is and which LAN it has.
func (s *settler) lans() error {
	plain := 0
	for _, n := range s.nodes {
		if *n.nat == nil {
			is := nat.PortRestricted()
			if n.router {
				is = nat.RFC4787()
			}
			*n.nat = &is
		}
		if err := (*n.nat).Check(); err != nil {
			return wrong(below(n.at, "nat"), "that of %s: %s", n.name, strings.TrimPrefix(err.Error(), "nat: "))
		}
	}
	for _, n := range s.nodes {
		switch {
		case n.lan.IsValid():
			*n.lan = n.lan.Masked()
		case n.router:
			*n.lan = netip.MustParsePrefix("100.64.0.0/10")
		case (*n.nat).Kind == nat.Plain:
			*n.lan = netip.PrefixFrom(netip.AddrFrom4([4]byte{45, 80 + byte(plain>>8), byte(plain), 0}), 24)
			plain++
		}
	}
	for _, n := range s.nodes {
		if err := s.lan(n); err != nil {
			return err
		}
	}
	for _, n := range s.nodes {
		if !subnet.Usable(*n.lan) {
			return wrong(below(n.at, "lan"), "the LAN %v of %s is no IPv4 network with room for hosts, such as 192.168.1.0/24", *n.lan, n.name)
		}
	}
	return s.apart()
}

// lan gives a home the first of the usual LANs that none has behind which it is.
func (s *settler) lan(n *worldNode) error {
	if n.lan.IsValid() {
		return nil
	}
	if up := s.byName[n.upstream]; up != nil {
		if err := s.lan(up); err != nil {
			return err
		}
	}
	for _, usual := range [][2]byte{{192, 168}, {10, 0}} {
		for third := 1; third <= 255; third++ {
			lan := netip.PrefixFrom(netip.AddrFrom4([4]byte{usual[0], usual[1], byte(third), 0}), 24)
			if !s.beyond(n, lan) {
				*n.lan = lan
				return nil
			}
		}
	}
	return wrong(below(n.at, "lan"), "no usual LAN is left for %s: those behind which it is have them all; say one, such as 172.16.0.0/24", n.name)
}

// beyond tells whether a LAN is also that of somebody behind whom n is.
func (s *settler) beyond(n *worldNode, lan netip.Prefix) bool {
	for up := s.byName[n.upstream]; up != nil; up = s.byName[up.upstream] {
		if up.lan.Overlaps(lan) {
			return true
		}
	}
	return false
}

// apart finds LANs that cannot be told from each other where both are known.
func (s *settler) apart() error {
	var routed []*worldNode
	for _, n := range s.nodes {
		if up := s.byName[n.upstream]; up != nil && up.lan.Overlaps(*n.lan) {
			return wrongBeside(below(n.at, "lan"), below(up.at, "lan"), "the LAN %v of %s is also that of %s, behind which it is: nobody could tell the two sides apart", *n.lan, n.name, up.name)
		}
		if (*n.nat).Kind != nat.Plain {
			continue
		}
		if n.upstream != "" {
			return wrong(below(n.at, "nat"), "%s translates nothing, so it cannot be behind %s, which knows no way to its LAN", n.name, n.upstream)
		}
		for _, o := range routed {
			if o.lan.Overlaps(*n.lan) {
				return wrongBeside(below(n.at, "lan"), below(o.at, "lan"), "the LAN %v of %s is that of %s, and neither translates addresses", *n.lan, n.name, o.name)
			}
		}
		routed = append(routed, n)
	}
	return nil
}
