package emulator

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/emulator/nat"
)

// Settled is w with nothing left out: every NAT, LAN and address is said, and a router cgnat is there if somebody is behind it. The error
// says what cannot be, and of whom.
func (w World) Settled() (World, error) {
	w.Homes, w.Routers, w.Internet = slices.Clone(w.Homes), slices.Clone(w.Routers), slices.Clone(w.Internet)
	s := settler{World: &w, taken: map[string]map[netip.Addr]string{}}
	for _, step := range []func() error{s.names, s.upstreams, s.lans, s.said, s.hosts, s.externals, s.within} {
		if err := step(); err != nil {
			return World{}, err
		}
	}
	return w, nil
}

// settler fills in a World.
type settler struct {
	*World
	nodes  []*worldNode
	byName map[string]*worldNode
	taken  map[string]map[netip.Addr]string // whose an address is, by the LAN that it is on; "" is the Internet
	next   map[string]netip.Addr            // of which to give, by LAN
}

// worldNode is a home or a router, whichever: what both have.
type worldNode struct {
	name, upstream string
	nat            **nat.Behaviour
	lan            *netip.Prefix
	external       *netip.Addr
	pool           []netip.Addr
	router         bool
}

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
		s.nodes = append(s.nodes, &worldNode{h.Name, h.Upstream, &h.NAT, &h.LAN, &h.External, h.Pool, false})
	}
	for i := range s.Routers {
		r := &s.Routers[i]
		s.nodes = append(s.nodes, &worldNode{r.Name, r.Upstream, &r.NAT, &r.LAN, &r.External, r.Pool, true})
	}
	s.byName = map[string]*worldNode{}
	seen := map[string]bool{"": true}
	unique := func(what, name string) error {
		if seen[name] {
			return fmt.Errorf("emulator: the name %q of a %s is none, or there twice", name, what)
		}
		seen[name] = true
		return nil
	}
	for _, n := range s.nodes {
		if err := unique("home or router", n.name); err != nil {
			return err
		}
		s.byName[n.name] = n
	}
	for _, hosts := range s.lanHosts() {
		for _, h := range hosts {
			if err := unique("host", h.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// lanHosts are the hosts of each LAN by its name.
func (s *settler) lanHosts() map[string][]WorldHost {
	all := map[string][]WorldHost{"": s.Internet}
	for i := range s.Homes {
		all[s.Homes[i].Name] = s.Homes[i].Hosts
	}
	return all
}

func (s *settler) upstreams() error {
	for _, n := range s.nodes {
		at := n
		for hops := 0; at.upstream != ""; hops++ {
			if s.byName[at.upstream] == nil {
				return fmt.Errorf("emulator: %s is behind %q, which is none of the homes and routers", at.name, at.upstream)
			}
			if at = s.byName[at.upstream]; at == n || hops == len(s.nodes) {
				return fmt.Errorf("emulator: %s is behind itself", n.name)
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
			return fmt.Errorf("emulator: %s: %w", n.name, err)
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
		if !n.lan.Addr().Is4() || n.lan.Bits() > 29 {
			return fmt.Errorf("emulator: the LAN %v of %s is no IPv4 network with room for hosts, such as 192.168.1.0/24", *n.lan, n.name)
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
	return fmt.Errorf("emulator: no usual LAN is left for %s: those behind which it is have them all; say one, such as 172.16.0.0/24", n.name)
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
	routed := map[netip.Prefix]string{}
	for _, n := range s.nodes {
		if up := s.byName[n.upstream]; up != nil && up.lan.Overlaps(*n.lan) {
			return fmt.Errorf("emulator: the LAN %v of %s is also that of %s, behind which it is: nobody could tell the two sides apart", *n.lan, n.name, up.name)
		}
		if (*n.nat).Kind != nat.Plain {
			continue
		}
		if n.upstream != "" {
			return fmt.Errorf("emulator: %s translates nothing, so it cannot be behind %s, which knows no way to its LAN", n.name, n.upstream)
		}
		for lan, whose := range routed {
			if lan.Overlaps(*n.lan) {
				return fmt.Errorf("emulator: the LAN %v of %s is that of %s, and neither translates addresses", *n.lan, n.name, whose)
			}
		}
		routed[*n.lan] = n.name
	}
	return nil
}

// said notes the addresses that are not left out.
func (s *settler) said() error {
	s.next = map[string]netip.Addr{"": tenth(worldInternet())}
	for _, a := range worldTaken() {
		s.hold("", a, "the Internet")
	}
	for _, n := range s.nodes {
		s.hold(n.name, n.lan.Addr().Next(), n.name)
		s.next[n.name] = tenth(*n.lan)
	}
	for _, n := range s.nodes {
		for _, a := range append(slices.Clone(n.pool), *n.external) {
			if !a.IsValid() {
				continue
			}
			if err := s.settle(n.name, n.upstream, a); err != nil {
				return err
			}
		}
	}
	for lan, hosts := range s.lanHosts() {
		for _, h := range hosts {
			if !h.Address.IsValid() {
				continue
			}
			if err := s.settle(h.Name, lan, h.Address); err != nil {
				return err
			}
		}
	}
	return nil
}

// tenth is where addresses of hosts begin, with room for as many as there are.
func tenth(lan netip.Prefix) netip.Addr {
	a := lan.Addr()
	for range min(10, 1<<(32-lan.Bits())/2) {
		a = a.Next()
	}
	return a
}

func (s *settler) hosts() error {
	for lan, hosts := range s.lanHosts() {
		for i := range hosts {
			if h := &hosts[i]; !h.Address.IsValid() {
				h.Address = s.give(h.Name, lan)
			}
		}
	}
	return nil
}

// externals come after hosts, so that these are where they are without routers behind theirs.
func (s *settler) externals() error {
	s.next[""] = netip.AddrFrom4([4]byte{45, 66, 77, 88})
	for _, n := range s.nodes {
		if !n.external.IsValid() {
			*n.external = s.give(n.name, n.upstream)
		}
	}
	return nil
}

// within finds addresses that are not of their LAN.
func (s *settler) within() error {
	for lan, all := range s.taken {
		n := s.byName[lan]
		for a, whose := range all {
			if n != nil && (!n.lan.Contains(a) || !n.lan.Contains(a.Next())) {
				return fmt.Errorf("emulator: %v of %s is no address of the LAN %v of %s", a, whose, *n.lan, lan)
			}
		}
	}
	return nil
}

// settle notes that an address on a LAN is somebody's.
func (s *settler) settle(whose, lan string, a netip.Addr) error {
	if o, taken := s.taken[lan][a]; taken || !a.Is4() || !exact(a) || a.IsLoopback() || a.IsMulticast() {
		return fmt.Errorf("emulator: %v cannot be an address of %s: it is %s", a, whose, cmp.Or(o, "no unicast IPv4 address"))
	}
	s.hold(lan, a, whose)
	return nil
}

func (s *settler) hold(lan string, a netip.Addr, whose string) {
	if s.taken[lan] == nil {
		s.taken[lan] = map[netip.Addr]string{}
	}
	s.taken[lan][a] = whose
}

// give is a free address on a LAN.
func (s *settler) give(whose, lan string) netip.Addr {
	a := s.next[lan]
	for s.taken[lan][a] != "" {
		a = a.Next()
	}
	s.next[lan] = a.Next()
	s.hold(lan, a, whose)
	return a
}
