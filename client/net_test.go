package client

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator"
)

// This machine has a loopback interface that holds 127.0.0.1, and its routes can be read.
func TestHost(t *testing.T) {
	h := host{}
	ifis, err := h.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, ifi := range ifis {
		prefixes, err := h.Addrs(ifi)
		if err != nil {
			t.Errorf("%s: %v", ifi.Name, err)
		}
		found = found || slices.Contains(prefixes, netip.MustParsePrefix("127.0.0.1/8")) && ifi.Flags&net.FlagLoopback != 0
		if _, err := h.DefaultGateways(ifi); err != nil {
			t.Errorf("%s: %v", ifi.Name, err)
		}
	}
	if !found {
		t.Error("127.0.0.1/8 is on no loopback interface")
	}
}

// On loopback everything goes through this machine's own sockets: a search by unicast, the description, and an action from
// the address that the search left by.
func TestLoopback(t *testing.T) {
	e := emulator.Start(t, emulator.Options{ExternalIP: netip.MustParseAddr("45.66.77.88")})
	var trace bytes.Buffer
	tests := map[string]Options{
		"searched": {SSDP: e.SSDP().String(), Trace: &trace},
		"given":    {Gateway: e.Location()},
		"by name":  {Gateway: strings.Replace(e.Location(), "127.0.0.1", "localhost", 1)},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := Find(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if g.Local != netip.MustParseAddr("127.0.0.1") || g.UDN() != e.UDN() || !g.Connected || g.Verdict() != Public {
				t.Errorf("found %+v", g)
			}
			if len(g.Quirks()) > 0 {
				t.Errorf("an ideal gateway has the quirks %v", g.Quirks())
			}
			if got, err := g.ExternalIP(t.Context()); err != nil || got != e.ExternalIP() {
				t.Errorf("ExternalIP = %v, %v", got, err)
			}
		})
	}
	for _, want := range []string{"> M-SEARCH * HTTP/1.1\n", "< HTTP/1.1 200 OK\n", "> GET ", "> SOAPAction: "} {
		if !strings.Contains(trace.String(), want) {
			t.Errorf("the trace lacks %q", want)
		}
	}
}

// Multicast leaves by every interface of the machine and finds the ideal gateway of each.
func TestMulticastOnEveryInterface(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		for i, p := range []string{"192.168.1.1/24", "10.9.0.1/24"} {
			prefix := netip.MustParsePrefix(p)
			emulator.Start(t, emulator.Options{Net: n.Host("router"+p, prefix), LAN: prefix.Addr(), SSDP: "multicast", Version: i + 1})
		}
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("10.9.0.10/24"))
		found, errs := discover(t.Context(), Options{Net: pc})
		if len(errs) > 0 {
			t.Error(errs)
		}
		var got []string
		for _, g := range found {
			got = append(got, g.Interface+" "+g.Local.String()+" "+g.Service.Type)
		}
		slices.Sort(got)
		want := []string{
			"eth0 192.168.1.10 urn:schemas-upnp-org:service:WANIPConnection:1",
			"eth1 10.9.0.10 urn:schemas-upnp-org:service:WANIPConnection:2",
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
}
