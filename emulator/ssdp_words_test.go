package emulator_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// What SSDP says of the description need not be so; who asks the gateway itself is told the truth.
func TestSSDPOtherPlaceAndName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g := emulator.Start(t, emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Version: 1, Dialect: emulator.Dialect{
			SSDP:        emulator.SSDPDialect{Location: "http://[::1]:{port}{path}", UDN: "uuid:upnp-{digits 4}"},
			Description: emulator.DescriptionDialect{UDN: "uuid:described"},
		}})
		u, err := url.Parse(g.Location())
		if err != nil {
			t.Fatal(err)
		}
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
		all := listenFor(t, c, time.Second)
		if len(all) != 1 {
			t.Fatalf("%d replies", len(all))
		}
		if got, want := all[0].get("LOCATION"), "http://[::1]:"+u.Port()+"/description.xml"; got != want || u.Hostname() != "192.168.1.1" {
			t.Errorf("LOCATION %s, want %s; it is at %v", got, want, u)
		}
		name, _, _ := strings.Cut(all[0].get("USN"), "::")
		if digits, ok := strings.CutPrefix(name, "uuid:upnp-"); !ok || len(digits) != 4 || g.UDN() != "uuid:described" {
			t.Errorf("USN %s, UDN %s", all[0].get("USN"), g.UDN())
		}
		for st, n := range map[string]int{name: 1, "uuid:described": 0} {
			send(t, c, "192.168.1.1:1900", searchFor(st, ""))
			if got := len(listenFor(t, c, time.Second)); got != n {
				t.Errorf("%d replies to a search for %s, want %d", got, st, n)
			}
		}
	})
}

// miniupnpd: the n-th answer to ssdp:all comes after n/15 of MX.
func TestSSDPPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		startMulticast(t, gateway, emulator.Options{Version: 1, Dialect: emulator.Dialect{SSDP: emulator.SSDPDialect{Pace: 15}}})
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "3"))
		var want, got []time.Duration
		for i, h := range listenFor(t, c, time.Minute) {
			want, got = append(want, time.Duration(i+1)*200*time.Millisecond), append(got, h.after)
		}
		if d := cmp.Diff(want, got); d != "" || len(got) != 10 {
			t.Errorf("%d replies (-want +got):\n%s", len(got), d)
		}
		send(t, c, "192.168.1.1:1900", searchFor("ssdp:all", "3"))
		if all := listenFor(t, c, time.Second); len(all) != 10 || all[9].after != 0 {
			t.Errorf("by unicast, %d replies", len(all))
		}
	})
}

// With new-paths every reboot moves the description, whoever asked for it.
func TestNewPathsEachBoot(t *testing.T) {
	for _, moves := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, _ := lan(t)
			g := startMulticast(t, gateway, emulator.Options{Dialect: emulator.Dialect{Description: emulator.DescriptionDialect{Path: "/{hex 8}/rootDesc.xml", NewPaths: moves}}})
			seen := map[string]bool{g.Location(): true}
			for range 3 {
				if err := g.Reboot(emulator.Reboot{}); err != nil {
					t.Fatal(err)
				}
				seen[g.Location()] = true
			}
			if want := map[bool]int{false: 1, true: 4}[moves]; len(seen) != want {
				t.Errorf("new paths %v: %d locations, want %d: %v", moves, len(seen), want, seen)
			}
		})
	}
}

func TestSSDPRaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		end := "\r\n\r\n"
		startMulticast(t, gateway, emulator.Options{Faults: []emulator.Fault{
			{On: "ssdp.search", If: emulator.Condition{Raw: emulator.Test{Lacks: &end}}, Do: emulator.Deed{Drop: true}},
		}})
		whole := searchFor("upnp:rootdevice", "")
		for data, want := range map[string]int{whole: 1, strings.TrimSuffix(whole, "\r\n"): 0} {
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, "192.168.1.1:1900", data)
			if got := len(listenFor(t, c, time.Second)); got != want {
				t.Errorf("%d replies to %q, want %d", got, data, want)
			}
			c.Close()
		}
	})
}

func TestSSDPRandom(t *testing.T) {
	garbage := func(seed uint64) (b []byte) {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			startMulticast(t, gateway, emulator.Options{Seed: seed, Faults: []emulator.Fault{{On: "ssdp.reply", Do: emulator.Deed{Random: 3000}}}})
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
			c.SetReadDeadline(time.Now().Add(time.Second))
			b = make([]byte, 9000)
			n, _, err := c.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			b = b[:n]
		})
		return b
	}
	one := garbage(1)
	values := map[byte]bool{}
	for _, x := range one {
		values[x] = true
	}
	if len(one) != 3000 || len(values) < 250 {
		t.Errorf("%d bytes of %d values", len(one), len(values))
	}
	if string(one) != string(garbage(1)) || string(one) == string(garbage(2)) {
		t.Error("the seed does not choose")
	}
}

// A client behind another router asks by unicast, and is allowed to.
func TestSSDPRouted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		t.Cleanup(func() { n.Close() })
		gateway := n.Host("gateway", prefix("192.168.1.1/24"), prefix("192.168.2.1/24"))
		near, far := n.Host("near", prefix("192.168.1.10/24")), n.Host("far", prefix("192.168.2.10/24"))
		startMulticast(t, gateway, emulator.Options{
			Clients: []netip.Prefix{prefix("192.168.0.0/16")},
			Faults:  []emulator.Fault{{On: "ssdp.search", If: emulator.Condition{Client: emulator.ClientTest{Word: "routed"}}, Do: emulator.Deed{Drop: true}}},
		})
		far.SetDefaultGateway(netip.MustParseAddr("192.168.2.1"))
		for _, tt := range []struct {
			host *emulator.Host
			addr string
			want int
		}{{near, "192.168.1.10:4000", 1}, {far, "192.168.2.10:4000", 0}} {
			c := listenPacket(t, tt.host, tt.addr)
			send(t, c, "192.168.1.1:1900", searchFor("upnp:rootdevice", ""))
			if got := len(listenFor(t, c, time.Second)); got != tt.want {
				t.Errorf("%d replies to %s, want %d", got, tt.addr, tt.want)
			}
		}
	})
}

// A neighbour hears the searches of the router's network, and is a host of its own: its datagrams, its description and its calls come
// from the address beside the router's, also after a reboot.
func TestNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		member := joinGroup(t, host, "192.168.1.10")
		router := startMulticast(t, gateway, emulator.Options{Name: "router"})
		second := emulator.Start(t, emulator.Options{Name: "second", Beside: router, Neighbour: 2})
		look := func() string {
			c := listenPacket(t, host, "192.168.1.10:4000")
			defer c.Close()
			send(t, c, ssdpGroup().String(), searchFor("upnp:rootdevice", "1"))
			from := map[string]string{}
			for _, h := range listenFor(t, c, 2*time.Second) {
				u, err := url.Parse(h.get("LOCATION"))
				if err != nil {
					t.Fatal(err)
				}
				from[h.from] = u.Hostname()
				conn, err := host.Dial(t.Context(), "tcp", netip.Addr{}, u.Host)
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()
			}
			return fmt.Sprint(from)
		}
		const want = "map[192.168.1.1:1900:192.168.1.1 192.168.1.3:1900:192.168.1.3]"
		if got := look(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if err := second.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		if got := look(); got != want {
			t.Errorf("after a reboot %s, want %s", got, want)
		}
		said := map[string]bool{}
		for _, h := range listenFor(t, member, time.Second) {
			if h.get("NTS") != "" {
				said[h.from] = true
			}
		}
		if !said["192.168.1.1:1900"] || !said["192.168.1.3:1900"] || len(said) != 2 {
			t.Errorf("announcements from %v", said)
		}
	})
}

// Where nobody searches by multicast there is one address, which all gateways have.
func TestNeighbourOnLoopback(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Neighbour: 1})
	if u, err := url.Parse(g.Location()); err != nil || u.Hostname() != "127.0.0.1" || g.SSDP().Addr().String() != "127.0.0.1" {
		t.Errorf("%s, SSDP %v, %v", g.Location(), g.SSDP(), err)
	}
}

func TestNeighbourTaken(t *testing.T) {
	n, gateway, _ := lan(t)
	n.Host("squatter", prefix("192.168.1.2/24"))
	if _, err := emulator.New(t.Context(), emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Neighbour: 1}); err == nil {
		t.Error("two hosts have one address")
	}
}

func TestSSDPWordProblems(t *testing.T) {
	o := emulator.Options{
		Neighbour: 9,
		Dialect: emulator.Dialect{
			SSDP:        emulator.SSDPDialect{Location: "http://{hots}/", Location6: "http://[2001:db8::1]/\n", UDN: "upnp-1", Pace: -1},
			Description: emulator.DescriptionDialect{UDN: "uuid:{nobody}"},
		},
		Faults: []emulator.Fault{
			{On: "ssdp.reply", If: emulator.Condition{Raw: emulator.Test{Lacks: new("x")}}, Do: emulator.Deed{Random: 9000}},
			{On: "ssdp.search", If: emulator.Condition{Client: emulator.ClientTest{Word: "routd"}}, Do: emulator.Deed{Drop: true}},
			{On: "ssdp.reply", If: emulator.Condition{Crossed: emulator.Age{Below: 1}}, Do: emulator.Deed{Drop: true}},
		},
	}
	want := []string{
		`neighbour: 9 is not within 1..8`,
		`dialect.ssdp.pace: -1 is not within 1..120`,
		`dialect.ssdp.location: there is no word {hots} here, only {host}, {port}, {authority}, {udn}, {gateway}, {igd}, {seed}, {path}; did you mean "host"?`,
		`dialect.ssdp.location6: must be one line`,
		`dialect.ssdp.udn: must begin with uuid:`,
		`dialect.description.udn: there is no word {nobody} here, only {host}, {port}, {authority}, {udn}, {gateway}, {igd}, {seed}`,
		`faults[0].if.raw: ssdp.reply cannot be asked that, only via, st, client, size and header`,
		`faults[0].do.random: 9000 is not within 1..8192`,
		`faults[1].if.client: "routd" is neither same nor other nor routed nor an address or prefix; did you mean "routed"?`,
		`faults[2].if.crossed: ssdp.reply cannot be asked that, only via, st, client, size and header`,
	}
	var got []string
	for _, p := range o.Problems() {
		got = append(got, p.Error())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
