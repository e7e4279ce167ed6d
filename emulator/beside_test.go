package emulator_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// wps is the second root device of a router that answers before the IGD does, or instead (ssdp-wps-root-first: Livebox 3, Archer C8).
func wps(o emulator.Options) emulator.Options {
	o.Name, o.Version, o.UDN = "wps", 1, ""
	o.Dialect.Description.Tree = &emulator.DeviceNode{
		Type:     "urn:schemas-wifialliance-org:device:WFADevice:1",
		Services: []emulator.ServiceNode{{Type: "urn:schemas-wifialliance-org:service:WFAWLANConfig:1", ID: "urn:wifialliance-org:serviceId:WFAWLANConfig1"}},
	}
	o.Dialect.SSDP.ReplyIn = new(emulator.Span{})
	return o
}

// igdBehind is an IGD:1 that takes its time.
func igdBehind(o emulator.Options) emulator.Options {
	o.Version, o.UDN = 1, testUDN
	o.Dialect.SSDP.ReplyIn = &emulator.Span{Min: 300 * time.Millisecond, Max: 300 * time.Millisecond}
	return o
}

// found are the answers to a search as "after location".
func found(all []heard, names map[string]string) []string {
	var answers []string
	for _, h := range all {
		answers = append(answers, h.after.String()+" "+names[h.get("LOCATION")])
	}
	return answers
}

func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		member := joinGroup(t, host, "192.168.1.10")
		c := listenPacket(t, host, "192.168.1.10:4000")
		first := emulator.Start(t, wps(emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"}))
		igd := emulator.Start(t, igdBehind(emulator.Options{Beside: first}))
		names := map[string]string{first.Location(): "wps", igd.Location(): "igd"}
		if len(names) != 2 || igd.SSDP() != first.SSDP() {
			t.Fatalf("two gateways at %v, %v and %v", names, first.SSDP(), igd.SSDP())
		}
		said := map[string]int{}
		for _, h := range listenFor(t, member, time.Second) {
			if h.get("NTS") == "ssdp:alive" {
				said[names[h.get("LOCATION")]]++
			}
		}
		// A root device with one service, and IGD:1: 3 + 2d + k of UDA 1.1 §1.2.2.
		if d := cmp.Diff(map[string]int{"wps": 4, "igd": 10}, said); d != "" {
			t.Errorf("announcements (-want +got):\n%s", d)
		}
		ask := func(to, st, mx string, want ...string) {
			t.Helper()
			send(t, c, to, searchFor(st, mx))
			if d := cmp.Diff(want, found(listenFor(t, c, 10*time.Second), names)); d != "" {
				t.Errorf("%s at %s (-want +got):\n%s", st, to, d)
			}
		}
		const unicast = "192.168.1.1:1900"
		for _, to := range []string{ssdpGroup().String(), unicast} {
			ask(to, "upnp:rootdevice", "2", "0s wps", "300ms igd")
			ask(to, "urn:schemas-upnp-org:device:InternetGatewayDevice:1", "2", "300ms igd")
			ask(to, "urn:schemas-wifialliance-org:device:WFADevice:1", "2", "0s wps")
			ask(to, "urn:schemas-upnp-org:device:MediaServer:1", "2")
		}

		// One of them restarts, the other is not disturbed.
		first.Reboot(emulator.Reboot{Downtime: emulator.Duration(time.Hour), NewPorts: true})
		ask(unicast, "upnp:rootdevice", "", "300ms igd")
		first.Reboot(emulator.Reboot{})
		names[first.Location()] = "wps"
		ask(unicast, "upnp:rootdevice", "", "0s wps", "300ms igd")

		// The one that came first leaves first.
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		ask(unicast, "upnp:rootdevice", "", "300ms igd")
		again := emulator.Start(t, wps(emulator.Options{Beside: igd}))
		names[again.Location()] = "wps"
		ask(unicast, "upnp:rootdevice", "", "0s wps", "300ms igd")
		again.Close()
		igd.Close()
		ask(unicast, "upnp:rootdevice", "")
		listenPacket(t, gateway, unicast) // the port is free
	})
}

// TestBesideLoopback is what a program sees that is given one address to ask.
func TestBesideLoopback(t *testing.T) {
	first := emulator.Start(t, wps(emulator.Options{}))
	igd := emulator.Start(t, igdBehind(emulator.Options{Beside: first}))
	names := map[string]string{first.Location(): "wps", igd.Location(): "igd"}
	c, err := emulator.SystemNet().ListenPacket(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, who := range []string{"wps igd", "igd"} {
		send(t, c, igd.SSDP().String(), searchFor("upnp:rootdevice", ""))
		var got []string
		for range strings.Fields(who) {
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			b := make([]byte, 2048)
			n, _, err := c.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			for location, name := range names {
				if strings.Contains(string(b[:n]), location) {
					got = append(got, name)
				}
			}
		}
		if strings.Join(got, " ") != who {
			t.Errorf("%q answered, want %q", got, who)
		}
		first.Close()
	}
}

func TestBesideProblems(t *testing.T) {
	_, gateway, _ := lan(t)
	g := emulator.Start(t, emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
	for _, o := range []emulator.Options{
		{LAN: netip.MustParseAddr("192.168.1.2")},
		{SSDP: "192.168.1.1:1901"},
	} {
		o.Beside, o.Name = g, "other"
		if other, err := emulator.New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "beside") {
			t.Errorf("at %v, SSDP %q: %v", o.LAN, o.SSDP, err)
			if err == nil {
				other.Close()
			}
		}
	}
}
