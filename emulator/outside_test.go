package emulator_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// outsider is what a scanner on the Internet gets of a gateway at an external address.
func outsider(t *testing.T, peer *emulator.Host, g *emulator.Gateway, addr string) (all []string) {
	t.Helper()
	c, err := peer.ListenPacket(t.Context(), netip.MustParseAddrPort(peerAddr+":0"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say(t, c, addr+":1900", "M-SEARCH * HTTP/1.1\r\nHOST: "+addr+":1900\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 2048)
	if n, from, err := c.ReadFrom(b); err == nil {
		_, location, _ := strings.Cut(string(b[:n]), "LOCATION: ")
		location, _, _ = strings.Cut(location, "\r\n")
		if location != g.Location() {
			t.Errorf("LOCATION is %s", location)
		}
		all = append(all, "a reply from "+from.String())
	}
	u, err := url.Parse(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	h, err := peer.Dial(t.Context(), "tcp", netip.Addr{}, addr+":"+u.Port())
	if err != nil {
		return all
	}
	defer h.Close()
	io.WriteString(h, "GET "+u.Path+" HTTP/1.0\r\nHost: "+addr+"\r\n\r\n")
	text, _ := io.ReadAll(h)
	return append(all, strings.SplitN(string(text), "\r\n", 2)[0])
}

// What a policy serves to the Internet is there at each external address that the gateway has, after a restart too, and nowhere else.
func TestServesTheInternet(t *testing.T) {
	const elsewhere = "45.66.77.99"
	for _, tt := range []struct {
		name   string
		policy []emulator.Exposure
		want   []string
	}{
		{"nothing", nil, nil},
		{"ssdp", []emulator.Exposure{"ssdp"}, []string{"a reply from 45.66.77.88:1900"}},
		{"http", []emulator.Exposure{"http"}, []string{"HTTP/1.1 200 OK"}},
		{"both", []emulator.Exposure{"http", "ssdp"}, []string{"a reply from 45.66.77.88:1900", "HTTP/1.1 200 OK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, router, _ := lan(t)
				peer := n.Internet("peer", netip.MustParseAddr(peerAddr))
				g := emulator.Start(t, emulator.Options{
					Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Policy: emulator.Policy{Internet: tt.policy},
				})
				look := func(when, addr string, want []string) {
					t.Helper()
					if diff := cmp.Diff(want, outsider(t, peer, g, addr)); diff != "" {
						t.Errorf("%s (-want +got)\n%s", when, diff)
					}
				}
				look("at first", external, tt.want)
				if err := g.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
					t.Fatal(err)
				}
				look("after a restart", external, tt.want)
				if err := g.SetExternalIP(netip.MustParseAddr(elsewhere)); err != nil {
					t.Fatal(err)
				}
				var moved []string
				for _, s := range tt.want {
					moved = append(moved, strings.ReplaceAll(s, external, elsewhere))
				}
				look("at another address", elsewhere, moved)
				if err := g.SetExternalIP(netip.MustParseAddr(external)); err != nil {
					t.Fatal(err)
				}
				look("back again", external, tt.want)
				if err := g.Reboot(emulator.Reboot{Downtime: emulator.Duration(time.Hour)}); err != nil {
					t.Fatal(err)
				}
				look("while it is down", external, nil)
			})
		})
	}
}

// On this machine's network there is no Internet that would be the emulator's: nobody is served but by the doors of the LAN.
func TestServesNoStrangers(t *testing.T) {
	g := emulator.Start(t, emulator.Options{
		ExternalIP: netip.MustParseAddr("127.0.0.2"), Policy: emulator.Policy{Internet: []emulator.Exposure{"http", "ssdp"}},
	})
	u, err := url.Parse(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", "127.0.0.2:"+u.Port()); err == nil {
		c.Close()
		t.Error("it listens at the external address")
	}
}

// Subscriptions for third parties are granted where a policy allows that, and nobody is called who is not the emulator's.
func TestCallbacksToThirdParties(t *testing.T) {
	for _, tt := range []struct {
		scope          emulator.ClientScope
		host           string
		status, called int
	}{
		{"", "127.0.0.1", 200, 1},
		{"", "127.0.0.2", 412, 0},
		{"", "192.0.2.77", 412, 0},
		{"lan", "127.0.0.2", 200, 1},
		{"lan", "192.0.2.77", 412, 0},
		{"any", "127.0.0.2", 200, 1},
		{"any", "192.0.2.77", 200, 0},
		{"any", "localhost", 412, 0}, // names are nobody's address
	} {
		t.Run(string(tt.scope)+" "+tt.host, func(t *testing.T) {
			w := &watched{Net: emulator.SystemNet()}
			g := emulator.Start(t, emulator.Options{Net: w, Version: 1, Policy: emulator.Policy{Events: emulator.EventPolicy{Callbacks: tt.scope}}})
			u, err := url.Parse(g.Location())
			if err != nil {
				t.Fatal(err)
			}
			u.Path = "/event/WANIPConnection1"
			q, err := http.NewRequestWithContext(t.Context(), "SUBSCRIBE", u.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			q.Header = http.Header{"CALLBACK": {"<http://" + tt.host + ":9/>"}, "NT": {"upnp:event"}, "TIMEOUT": {"Second-1800"}}
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.status == http.StatusOK {
				for e := range g.Follow(t.Context(), 0) {
					if e.Kind == "gena.notify" {
						break
					}
				}
			}
			if got := w.calls(); len(got) != tt.called {
				t.Errorf("called %v, want %d", got, tt.called)
			}
		})
	}
}
