package emulator

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/internal/subnet"
)

// addressOf tells whose an address is, and where that is said.
type addressOf struct {
	whose string
	at    []any
}

// said notes the addresses that are not left out.
func (s *settler) said() error {
	s.next = map[string]netip.Addr{"": tenth(worldInternet())}
	for _, a := range worldTaken() {
		s.hold("", a, addressOf{whose: "the Internet"})
	}
	for _, n := range s.nodes {
		s.hold(n.name, n.lan.Addr().Next(), addressOf{n.name, below(n.at, "lan")})
		s.next[n.name] = tenth(*n.lan)
	}
	for _, n := range s.nodes {
		for i, a := range n.pool {
			if err := s.settle(addressOf{n.name, below(n.at, "pool", i)}, n.upstream, a); err != nil {
				return err
			}
		}
		if err := s.settle(addressOf{n.name, below(n.at, "external")}, n.upstream, *n.external); err != nil {
			return err
		}
	}
	for _, lan := range s.lanHosts() {
		for i, h := range lan.hosts {
			if err := s.settle(addressOf{h.Name, below(lan.at, i, "address")}, lan.lan, h.Address); err != nil {
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
	for _, lan := range s.lanHosts() {
		for i := range lan.hosts {
			if h := &lan.hosts[i]; !h.Address.IsValid() {
				h.Address = s.give(addressOf{h.Name, below(lan.at, i)}, lan.lan)
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
			*n.external = s.give(addressOf{n.name, n.at}, n.upstream)
		}
	}
	return nil
}

// within finds addresses that are not of their LAN.
func (s *settler) within() error {
	internet := slices.SortedFunc(maps.Keys(s.taken[""]), netip.Addr.Compare)
	for _, n := range s.nodes {
		// Of those behind another one upstreams and lans know.
		for _, a := range internet {
			if n.lan.Contains(a) {
				o := s.taken[""][a]
				return wrongBeside(below(n.at, "lan"), o.at, "the LAN %v of %s has %v of %s in it: nobody there could reach that", *n.lan, n.name, a, o.whose)
			}
		}
		all := s.taken[n.name]
		for _, a := range slices.SortedFunc(maps.Keys(all), netip.Addr.Compare) {
			if !subnet.Has(*n.lan, a) {
				return wrong(all[a].at, "%v of %s is no address of the LAN %v of %s", a, all[a].whose, *n.lan, n.name)
			}
		}
	}
	return nil
}

// settle notes that an address on a LAN is somebody's, if one is said.
func (s *settler) settle(of addressOf, lan string, a netip.Addr) error {
	if !a.IsValid() {
		return nil
	}
	if o, taken := s.taken[lan][a]; taken || !subnet.Unicast(a) {
		return wrongBeside(of.at, o.at, "%v cannot be an address of %s: it is %s", a, of.whose, cmp.Or(o.whose, "no unicast IPv4 address"))
	}
	s.hold(lan, a, of)
	return nil
}

func (s *settler) hold(lan string, a netip.Addr, of addressOf) {
	if s.taken[lan] == nil {
		s.taken[lan] = map[netip.Addr]addressOf{}
	}
	s.taken[lan][a] = of
}

// give is a free address on a LAN.
func (s *settler) give(of addressOf, lan string) netip.Addr {
	a := s.next[lan]
	for s.taken[lan][a].whose != "" {
		a = a.Next()
	}
	s.next[lan] = a.Next()
	s.hold(lan, a, of)
	return a
}
