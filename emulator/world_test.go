package emulator_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

func behaviour(t testing.TB, s string) *nat.Behaviour {
	t.Helper()
	b, err := nat.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return &b
}

// seen is the address that a server on the Internet sees what c sends with.
func seen(t *testing.T, town *emulator.Town, c net.PacketConn, server string) string {
	t.Helper()
	s := listenPacket(t, town.Host(server), "0.0.0.0:9")
	defer s.Close()
	say(t, c, hostAddr(t, town.Host(server))+":9", "who am I?")
	got := received(t, s)
	if len(got) != 1 {
		return fmt.Sprintf("%d datagrams", len(got))
	}
	return strings.TrimPrefix(got[0], "who am I? from ")
}

func hostAddr(t *testing.T, h *emulator.Host) string {
	t.Helper()
	all, err := h.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := h.Addrs(all[1])
	if err != nil {
		t.Fatal(err)
	}
	return addrs[0].Addr().String()
}

// Everybody sees of a home behind two, or three, NATs what the last one shows, and answers get back.
func TestWorldChains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town := emulator.StartWorld(t, emulator.World{
			Homes: []emulator.Home{
				{Name: "single", Hosts: []emulator.WorldHost{{Name: "a"}}},
				{Name: "double", Upstream: "single", Hosts: []emulator.WorldHost{{Name: "b"}}},
				{Name: "carried", Upstream: "cgnat", Hosts: []emulator.WorldHost{{Name: "c"}}},
				{Name: "deep", Upstream: "carried", Hosts: []emulator.WorldHost{{Name: "d"}}},
				{Name: "public", NAT: behaviour(t, "open"), Hosts: []emulator.WorldHost{{Name: "e"}}},
			},
			Internet: []emulator.WorldHost{{Name: "server"}},
		})
		for _, is := range [][2]string{{"a", "45.66.77.88"}, {"b", "45.66.77.88"}, {"c", "45.66.77.90"}, {"d", "45.66.77.90"}, {"e", "45.80.0.10"}} {
			host, want := is[0], is[1]
			c := listenPacket(t, town.Host(host), "0.0.0.0:7000")
			from := seen(t, town, c, "server")
			if got := netip.MustParseAddrPort(from).Addr().String(); got != want {
				t.Errorf("%s is seen as %s, want %s", host, from, want)
			}
			server := listenPacket(t, town.Host("server"), "0.0.0.0:9")
			say(t, server, from, "you")
			hear(t, c, "you", "198.51.100.10:9")
			server.Close()
		}
		// Those behind single have a port each there, and those behind the carrier.
		if got := town.Gateway("single").NATMappings(); len(got) != 2 || got[0].Internal.String() != "192.168.1.10:7000" || got[1].Internal.String() != "192.168.1.11:7000" {
			t.Errorf("single maps %v", got)
		}
		if got := town.Gateway("cgnat").NATMappings(); len(got) != 2 || got[0].Internal.String() != "100.64.0.10:7000" || got[1].Internal.String() != "100.64.0.10:7001" {
			t.Errorf("the carrier maps %v", got)
		}
	})
}

// Two homes behind one carrier reach each other's outer addresses as the carrier hairpins; two hosts of one home as the home's router does,
// and each other's own addresses always.
func TestWorldHairpins(t *testing.T) {
	for _, test := range []struct {
		is         string
		homes, lan string // what is heard by the other home, and by the other host of a home
	}{
		{"full-cone", "", ""},
		{"full-cone,hairpin=internal", "100.64.0.10:7000", "192.168.1.10:7000"},
		{"full-cone,hairpin=external", "45.66.77.90:7000", "45.66.77.89:7000"},
		{"port-restricted,hairpin=external", "", ""}, // the other has sent nothing
	} {
		synctest.Test(t, func(t *testing.T) {
			town := emulator.StartWorld(t, emulator.World{
				Homes: []emulator.Home{
					{Name: "here", Upstream: "cgnat", NAT: behaviour(t, "full-cone"), Hosts: []emulator.WorldHost{{Name: "a"}}},
					{Name: "there", Upstream: "cgnat", NAT: behaviour(t, "full-cone"), Hosts: []emulator.WorldHost{{Name: "b"}}},
					{Name: "alone", NAT: behaviour(t, test.is), External: netip.MustParseAddr("45.66.77.89"), Hosts: []emulator.WorldHost{{Name: "c"}, {Name: "d"}}},
				},
				Routers:  []emulator.Router{{Name: "cgnat", NAT: behaviour(t, test.is), External: netip.MustParseAddr("45.66.77.90")}},
				Internet: []emulator.WorldHost{{Name: "server"}},
			})
			for pair, want := range map[[2]string]string{{"a", "b"}: test.homes, {"c", "d"}: test.lan} {
				x, y := listenPacket(t, town.Host(pair[0]), "0.0.0.0:7000"), listenPacket(t, town.Host(pair[1]), "0.0.0.0:7000")
				seen(t, town, x, "server")
				say(t, x, seen(t, town, y, "server"), "hello")
				got := strings.TrimPrefix(strings.Join(received(t, y), ", "), "hello from ")
				if got != want {
					t.Errorf("%s: %s hears from %q, want %q", test.is, pair[1], got, want)
				}
				if pair[0] == "c" {
					say(t, x, "192.168.1.11:7000", "neighbour")
					hear(t, y, "neighbour", "192.168.1.10:7000")
				}
			}
		})
	}
}

// A mapping opened on both routers of a chain lets in, whatever the NATs filter.
func TestWorldMappedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mapped := func(port uint16, to string) emulator.InitialMapping {
			at := netip.MustParseAddrPort(to)
			return emulator.InitialMapping{Protocol: "UDP", ExternalPort: port, InternalPort: at.Port(), InternalClient: at.Addr()}
		}
		town := emulator.StartWorld(t, emulator.World{
			Homes: []emulator.Home{
				{Name: "outer", NAT: behaviour(t, "symmetric"), Gateway: emulator.Options{Mappings: []emulator.InitialMapping{mapped(8000, "192.168.1.10:9000")}}},
				{Name: "inner", NAT: behaviour(t, "symmetric"), Upstream: "outer", Gateway: emulator.Options{Mappings: []emulator.InitialMapping{mapped(9000, "192.168.2.10:7000")}},
					Hosts: []emulator.WorldHost{{Name: "a"}}},
			},
			Internet: []emulator.WorldHost{{Name: "server"}},
		})
		a, s := listenPacket(t, town.Host("a"), "0.0.0.0:7000"), listenPacket(t, town.Host("server"), "0.0.0.0:9")
		say(t, s, "45.66.77.88:8000", "in")
		hear(t, a, "in", "198.51.100.10:9")
		say(t, a, "198.51.100.10:9", "out")
		hear(t, s, "out", "45.66.77.88:8000")
	})
}

func TestWorldRefused(t *testing.T) {
	lan := func(s string) netip.Prefix { return netip.MustParsePrefix(s) }
	for want, w := range map[string]emulator.World{
		`emulator: homes[1].name: the name "A" of a home or router is there twice`:                                     {Homes: []emulator.Home{{Name: "a"}, {Name: "A"}}},
		`emulator: homes[0].hosts[0].name: the name "a" of a host is there twice`:                                      {Homes: []emulator.Home{{Name: "a", Hosts: []emulator.WorldHost{{Name: "a"}}}}},
		`emulator: homes[0].name: "" is no name of a home or router: letters, digits, hyphens and dots, such as alice`: {Homes: []emulator.Home{{}}},
		`emulator: homes[0].lan: the LAN 45.66.77.0/24 of a has 45.66.77.88 of a in it: nobody there could reach that`: {Homes: []emulator.Home{{Name: "a", LAN: lan("45.66.77.0/24")}}},
		`emulator: internet[0].name: "a.0/8" is no name of a host: letters, digits, hyphens and dots, such as alice`:   {Internet: []emulator.WorldHost{{Name: "a.0/8"}}},
		`emulator: homes[0].upstream: a is behind "b", which is none of the homes and routers`:                         {Homes: []emulator.Home{{Name: "a", Upstream: "b"}}},
		`emulator: homes[0].upstream: a is behind itself`:                                                              {Homes: []emulator.Home{{Name: "a", Upstream: "b"}, {Name: "b", Upstream: "a"}}},
		`emulator: homes[0].nat: a translates nothing, so it cannot be behind cgnat, which knows no way to its LAN`:    {Homes: []emulator.Home{{Name: "a", Upstream: "cgnat", NAT: behaviour(t, "open")}}},
		`emulator: homes[1].lan: the LAN 192.168.1.0/24 of a is also that of b, behind which it is: nobody could tell the two sides apart`: {
			Homes: []emulator.Home{{Name: "b"}, {Name: "a", Upstream: "b", LAN: lan("192.168.1.1/24")}}},
		`emulator: internet[0].address: 198.51.100.2 cannot be an address of s: it is the Internet`:                       {Internet: []emulator.WorldHost{{Name: "s", Address: netip.MustParseAddr("198.51.100.2")}}},
		`emulator: homes[0].hosts[0].address: 10.0.0.9 of x is no address of the LAN 192.168.1.0/24 of a`:                 {Homes: []emulator.Home{{Name: "a", Hosts: []emulator.WorldHost{{Name: "x", Address: netip.MustParseAddr("10.0.0.9")}}}}},
		`emulator: homes[0].lan: the LAN 10.0.0.0/31 of a is no IPv4 network with room for hosts, such as 192.168.1.0/24`: {Homes: []emulator.Home{{Name: "a", LAN: lan("10.0.0.0/31")}}},
		`emulator: homes[0].lan: the LAN 224.0.0.0/4 of a is no IPv4 network with room for hosts, such as 192.168.1.0/24`: {Homes: []emulator.Home{{Name: "a", LAN: lan("224.0.0.0/4")}}},
		`emulator: homes[0].lan: the LAN 127.0.0.0/8 of a is no IPv4 network with room for hosts, such as 192.168.1.0/24`: {Homes: []emulator.Home{{Name: "a", LAN: lan("127.0.0.0/8")}}},
		`emulator: routers[0].lan: the LAN 0.0.0.0/8 of r is no IPv4 network with room for hosts, such as 192.168.1.0/24`: {Routers: []emulator.Router{{Name: "r", LAN: lan("0.0.0.0/8")}}},
		`emulator: homes[0].hosts[0].address: 192.168.1.0 of x is no address of the LAN 192.168.1.0/24 of a`:              {Homes: []emulator.Home{{Name: "a", Hosts: []emulator.WorldHost{{Name: "x", Address: netip.MustParseAddr("192.168.1.0")}}}}},
		`emulator: homes[0].external: 240.0.0.1 cannot be an address of a: it is no unicast IPv4 address`:                 {Homes: []emulator.Home{{Name: "a", External: netip.MustParseAddr("240.0.0.1")}}},
		`emulator: routers[0].pool[1]: 45.66.77.5 cannot be an address of r: it is a`: {Homes: []emulator.Home{{Name: "a", External: netip.MustParseAddr("45.66.77.5")}},
			Routers: []emulator.Router{{Name: "r", Pool: []netip.Addr{netip.MustParseAddr("45.66.77.6"), netip.MustParseAddr("45.66.77.5")}}}},
		`emulator: homes[0].nat: that of a: timeout -1ns is negative`: {Homes: []emulator.Home{{Name: "a", NAT: &nat.Behaviour{Timeout: -1}}}},
	} {
		if _, err := w.Start(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A home gets a LAN whatever those have behind which it is, or the World is refused: never a search without an end.
func TestWorldUsualLANs(t *testing.T) {
	lans := func(first string, deep int) (last netip.Prefix, err error) {
		w := emulator.World{Homes: []emulator.Home{{Name: "0", LAN: netip.MustParsePrefix(first)}}}
		for i := 1; i <= deep; i++ {
			w.Homes = append(w.Homes, emulator.Home{Name: fmt.Sprint(i), Upstream: fmt.Sprint(i - 1)})
		}
		w, err = w.Settled()
		if err == nil {
			last = w.Homes[deep].LAN
		}
		return last, err
	}
	for _, c := range []struct {
		first string
		deep  int
		want  string
	}{
		{"192.168.1.0/24", 1, "192.168.2.0/24"},
		{"192.168.0.0/16", 1, "10.0.1.0/24"},
		{"172.16.0.0/12", 255, "192.168.255.0/24"},
		{"172.16.0.0/12", 256, "10.0.1.0/24"},
	} {
		if got, err := lans(c.first, c.deep); err != nil || got.String() != c.want {
			t.Errorf("%d behind %s: %v, %v; want %s", c.deep, c.first, got, err, c.want)
		}
	}
	if got, err := lans("172.16.0.0/12", 511); err == nil {
		t.Errorf("511 nested homes: the last has %v", got)
	}
}

// A gateway may be closed while its hosts send: go test -race has nothing to say.
func TestWorldClosesUnderTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town := emulator.StartWorld(t, emulator.World{
			Homes:    []emulator.Home{{Name: "home", Hosts: []emulator.WorldHost{{Name: "a"}}}},
			Internet: []emulator.WorldHost{{Name: "server"}},
		})
		c := listenPacket(t, town.Host("a"), "0.0.0.0:7000")
		to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(hostAddr(t, town.Host("server")) + ":9"))
		sent, over, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
					_, _ = c.WriteTo([]byte("more"), to) // refused in the end
				}
				if i == 100 {
					close(sent)
				}
			}
		}()
		<-sent
		if err := town.Gateway("home").Close(); err != nil {
			t.Error(err)
		}
		close(over)
		<-ended
	})
}
