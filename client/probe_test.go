package client

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator"
)

// The connected service with a public address is chosen, under its own type.
func TestServiceChoice(t *testing.T) {
	two := func(services ...string) string {
		d := description("uuid:router", "Layer3Forwarding:1", "/l3f")
		var all strings.Builder
		for i, s := range services {
			fmt.Fprintf(&all, "<service><serviceType>%s</serviceType><controlURL>/ctl%d</controlURL></service>", s, i)
		}
		return strings.Replace(d, "<serviceList>", "<deviceList><device><serviceList>"+all.String()+"</serviceList></device></deviceList><serviceList>", 1)
	}
	const ip1, ip2 = "urn:schemas-upnp-org:service:WANIPConnection:1", "urn:schemas-upnp-org:service:WANIPConnection:2"
	const ppp1, dsl = "urn:schemas-upnp-org:service:WANPPPConnection:1", "urn:dslforum-org:service:WANIPConnection:1"
	silent := map[string]any{}
	tests := []struct {
		name     string
		services []string
		answers  []map[string]any
		want     string
		external string
	}{
		{"desc-two-wandevices", []string{ip1, ip1}, []map[string]any{disconnected(), connected("45.66.77.88")}, "/ctl1", "45.66.77.88"},
		{"extip-per-service", []string{ip1, ip1}, []map[string]any{connected("10.0.0.9"), connected("45.66.77.88")}, "/ctl1", "45.66.77.88"},
		{"desc-ip-and-ppp-together, PPP is up", []string{ip1, ppp1}, []map[string]any{disconnected(), connected("45.66.77.88")}, "/ctl1", "45.66.77.88"},
		{"version 2 first", []string{ip1, ip2}, []map[string]any{connected("45.66.77.88"), connected("45.66.77.88")}, "/ctl1", "45.66.77.88"},
		{"dslforum last", []string{dsl, ppp1}, []map[string]any{connected("45.66.77.88"), connected("45.66.77.88")}, "/ctl1", "45.66.77.88"},
		{"one that does not say before one that is down", []string{ip1, ppp1}, []map[string]any{disconnected(), silent}, "/ctl1", "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "router", "192.168.1.1/24")
				s.page("/desc.xml", two(tt.services...))
				for i, a := range tt.answers {
					s.actions(fmt.Sprint("/ctl", i), a)
				}
				g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.TrimPrefix(g.Service.ControlURL, "http://192.168.1.1:5000"); got != tt.want || g.External.String() != tt.external {
					t.Errorf("chose %s with %v, want %s", got, g.External, tt.want)
				}
				if g.Service.ControlURL != g.Services[0].ControlURL || len(g.Services) != 2 {
					t.Errorf("services %+v", g.Services)
				}
			})
		})
	}
}

// Once a service is known that none can be better than, the others are not waited for.
func TestProbeStops(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", strings.Replace(description("uuid:router", "WANIPConnection:1", "/ctl"), "</serviceList>",
			"<service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType><controlURL>/ppp</controlURL></service></serviceList>", 1))
		s.actions("/ctl", connected("45.66.77.88"))
		s.mux.HandleFunc("/ppp", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Services) != 2 || g.Service.ControlURL != s.url("/ctl") || s.times("/ppp") != 0 {
			t.Errorf("services %+v, asked %v", g.Services, s.requests())
		}
	})
}

// A description that misleads about its control URL is read the other way.
func TestOtherReadingOfControlURL(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", strings.Replace(description("uuid:router", "WANIPConnection:1", "/ctl"), "<device>", "<URLBase>http://192.168.1.1:8888/</URLBase><device>", 1))
		s.actions("/ctl", connected("45.66.77.88"))
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		if !g.Connected || g.Service.ControlURL != s.url("/ctl") || !slices.Equal(g.Service.Alternatives, []string{"http://192.168.1.1:8888/ctl"}) {
			t.Errorf("service %+v", g.Service)
		}
		if !slices.Contains(g.Quirks(), "desc-urlbase-wrong-port") {
			t.Errorf("quirks %v", g.Quirks())
		}
	})
}
