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

// dualHost is a host of the LAN that has both versions of IP.
func dualHost(n *emulator.Network) *emulator.Host {
	h := n.Host("dual")
	h.AddInterface("", prefix("192.168.1.20/24"), prefix("fe80::20/64"))
	return h
}

// foundBy are the replies to a search by multicast from an address: from where, and where they lead.
func foundBy(t *testing.T, h *emulator.Host, from string) (all []string) {
	t.Helper()
	c := listenPacket(t, h, from)
	defer c.Close()
	group := ssdpGroup().String()
	if strings.HasPrefix(from, "[") {
		group = "[ff02::c]:1900"
	}
	send(t, c, group, searchFor("upnp:rootdevice", "1"))
	for _, h := range listenFor(t, c, 2*time.Second) {
		u, err := url.Parse(h.get("LOCATION"))
		if err != nil {
			t.Fatal(err)
		}
		at, _ := netip.ParseAddrPort(h.from)
		all = append(all, fmt.Sprint(at.Addr().WithZone(""), " ", at.Port(), " leads to ", u.Hostname()))
	}
	return all
}

// A gateway with both versions of IP is one gateway: it answers each by its own, has one name and one table, and leaves both.
func TestIPv6Beside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, gateway, _ := lan(t)
		host := dualHost(n)
		six, err := host.ListenGroup(t.Context(), netip.MustParseAddr("fe80::20%eth0"), netip.MustParseAddrPort("[ff02::c]:1900"))
		if err != nil {
			t.Fatal(err)
		}
		g := startMulticast(t, gateway, emulator.Options{IPv6: true})
		if d := cmp.Diff([]string{"192.168.1.1 1900 leads to 192.168.1.1"}, foundBy(t, host, "192.168.1.20:4000")); d != "" {
			t.Errorf("by IPv4 (-want +got)\n%s", d)
		}
		found := foundBy(t, host, "[fe80::20%eth0]:4000")
		if len(found) != 1 || !strings.HasPrefix(found[0], "fe80::") || !strings.HasSuffix(found[0], strings.Fields(found[0])[0]) {
			t.Errorf("by IPv6: %q", found)
		}
		u, err := url.Parse(g.Location())
		if err != nil {
			t.Fatal(err)
		}
		addr := strings.Fields(found[0])[0]
		c, err := host.Dial(t.Context(), "tcp", netip.Addr{}, "["+addr+"%eth0]:"+u.Port())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if err := g.Reboot(emulator.Reboot{}); err != nil {
			t.Fatal(err)
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		said := map[string]int{}
		for _, h := range listenFor(t, six, time.Second) {
			if h.get("NTS") != "" && h.get("NT") == "upnp:rootdevice" {
				said[h.get("NTS")]++
			}
		}
		// byebye at the start, at the reboot and at the end; IGD:2.
		if d := cmp.Diff(map[string]int{"ssdp:alive": 2, "ssdp:byebye": 3}, said); d != "" {
			t.Errorf("announcements (-want +got)\n%s", d)
		}
	})
}

// What is said by IPv6 may lead elsewhere, and a fault may be about one version of IP, or about both at once.
func TestIPv6Faults(t *testing.T) {
	everybody, second := netip.MustParsePrefix("0.0.0.0/0"), emulator.Age{Below: emulator.Duration(time.Second)}
	for _, tt := range []struct {
		name      string
		o         emulator.Options
		four, six int
		lead      string        // of IPv6
		pause     time.Duration // between the search by IPv4, which comes first, and that by IPv6
	}{
		{name: "elsewhere", o: emulator.Options{Dialect: emulator.Dialect{SSDP: emulator.SSDPDialect{Location6: "http://[2001:db8::1]:{port}{path}"}}}, four: 1, six: 1, lead: "2001:db8::1"},
		{name: "silent by IPv4", o: emulator.Options{Faults: []emulator.Fault{{On: "ssdp.search", If: emulator.Condition{Client: emulator.ClientTest{Prefix: everybody}}, Do: emulator.Deed{Drop: true}}}}, six: 1},
		{name: "crossed", o: emulator.Options{Faults: []emulator.Fault{{On: "ssdp.search", If: emulator.Condition{Crossed: second}, Do: emulator.Deed{Drop: true}}}}, four: 1, pause: 10 * time.Millisecond},
		{name: "not crossed", o: emulator.Options{Faults: []emulator.Fault{{On: "ssdp.search", If: emulator.Condition{Crossed: second}, Do: emulator.Deed{Drop: true}}}}, four: 1, six: 1, pause: time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, gateway, _ := lan(t)
				host := dualHost(n)
				tt.o.IPv6 = true
				startMulticast(t, gateway, tt.o)
				c4, c6 := listenPacket(t, host, "192.168.1.20:4000"), listenPacket(t, host, "[fe80::20%eth0]:4000")
				send(t, c4, ssdpGroup().String(), searchFor("upnp:rootdevice", "1"))
				time.Sleep(tt.pause)
				send(t, c6, "[ff02::c]:1900", searchFor("upnp:rootdevice", "1"))
				four, six := listenFor(t, c4, 2*time.Second), listenFor(t, c6, 2*time.Second)
				if len(four) != tt.four || len(six) != tt.six {
					t.Errorf("%d replies by IPv4, want %d; %d by IPv6, want %d", len(four), tt.four, len(six), tt.six)
				}
				if tt.lead != "" && !strings.HasPrefix(six[0].get("LOCATION"), "http://["+tt.lead+"]:") {
					t.Errorf("LOCATION %s", six[0].get("LOCATION"))
				}
			})
		})
	}
}
