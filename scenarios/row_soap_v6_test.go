package scenarios_test

import (
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// soap-v6-origin-refused: who reaches a router by its IPv6 address cannot map an IPv4 port there, and by its IPv4 address can. In both
// cases the router lets anybody map ports for anybody, so that it is not for the client in the request.
func TestV6OriginRefused(t *testing.T) {
	for _, tt := range []struct{ quirks, router, pc, want string }{
		{"", "192.168.1.1/24", "192.168.1.10/24", "200 at 192.168.1.10"},
		{"", "fd00::1/64", "fd00::10/64", "200 at 192.168.1.10"},
		{"soap-v6-origin-refused", "192.168.1.1/24", "192.168.1.10/24", "200 at 192.168.1.10"},
		{"soap-v6-origin-refused", "fd00::1/64", "fd00::10/64", "500 606"},
	} {
		t.Run(tt.quirks+" "+tt.router, func(t *testing.T) {
			sc, err := scenarios.Parse("v6.yaml", []byte("schema: 1\ndevices: {profile: igd1, quirks: ["+tt.quirks+"], policy: {clients: {accept: any}}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				n := emulator.NewNetwork()
				t.Cleanup(func() { n.Close() })
				lan := netip.MustParsePrefix(tt.router)
				o := sc.Options()[0]
				o.Net, o.LAN, o.SSDP = n.Host("router", lan), lan.Addr(), "off"
				g := emulator.Start(t, o)
				pc := n.Host("pc", netip.MustParsePrefix(tt.pc))
				host, _, _ := strings.Cut(strings.TrimPrefix(g.Location(), "http://"), "/")
				c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, host)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				service := connection{"/control/WANIPConnection1", "urn:schemas-upnp-org:service:WANIPConnection:1"}
				if _, err := io.WriteString(c, service.add("TCP", 8080, "192.168.1.10", 0)); err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(c)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.Fields(string(answer))[1]
				if code := understand(t, string(answer)).args["errorCode"]; code != "" {
					got += " " + code
				}
				for _, m := range g.Mappings() {
					got += " at " + m.InternalClient.String()
				}
				if got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
			})
		})
	}
}
