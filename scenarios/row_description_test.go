package scenarios_test

import (
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
)

// desc-two-wandevices: MikroTik CHR 7.10 has wanipconn-1 and wanipconn-7, of which the first leads nowhere.
func TestTwoWANDevices(t *testing.T) {
	const dead, live = "Disconnected", "Connected " + external
	for use, want := range map[string][]string{
		"igd1":                {live},
		"desc-two-wandevices": {dead, live},
	} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				if got := wanDevices(s.tree()); got != len(want) {
					t.Errorf("%d WANDevices with a WANIPConnection each, want %d", got, len(want))
				}
				var got []string
				for _, c := range s.connections() {
					status := s.ok(c.request("GetStatusInfo"))["NewConnectionStatus"]
					addr := s.ok(c.request("GetExternalIPAddress"))["NewExternalIPAddress"]
					if status == dead && (addr == "" || addr == "0.0.0.0") {
						addr = ""
					}
					got = append(got, strings.TrimSpace(status+" "+addr))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("(-want +got)\n%s", diff)
				}
				behind := s.run("8080")
				for i, c := range s.connections() {
					s.ok(c.add("TCP", 8080, "192.168.1.10", 0))
					for j, other := range s.connections() {
						if got, want := s.listed(other), []string{"TCP 8080"}; (i == j) != slices.Equal(got, want) {
							t.Errorf("mapped on %d, listed on %d: %v", i, j, got)
						}
					}
					if got := s.tcp(behind); got != (want[i] == live) {
						t.Errorf("mapped on connection %d, which is %s: a peer gets through: %v", i, want[i], got)
					}
					s.ok(c.of("DeletePortMapping", "TCP", 8080))
				}
			})
		})
	}
}

// wanDevices counts the WANDevices below d whose connection service has a way to it that no other has.
func wanDevices(d *goupnp.Device) int {
	ways := map[string]bool{}
	d.VisitDevices(func(d *goupnp.Device) {
		if !strings.HasPrefix(d.DeviceType, "urn:schemas-upnp-org:device:WANDevice:") {
			return
		}
		d.VisitServices(func(v *goupnp.Service) {
			if strings.Contains(v.ServiceType, ":WANIPConnection:") {
				ways[v.ControlURL.Str] = true
			}
		})
	})
	return len(ways)
}

// desc-drops-first-connection: OpenWrt and the Netgear R8000 disconnect who comes for the first time.
func TestDropsFirstConnection(t *testing.T) {
	for use, dropped := range map[string]bool{"igd1": false, "desc-drops-first-connection": true} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				u, err := url.Parse(s.gateways[0].Location())
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range []*emulator.Host{s.pc, s.nas} { // each is a client of its own
					for i := range 3 {
						got := s.send(h, get(u.Path))
						if served := strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n"); served == (i == 0 && dropped) || !served && got != "" {
							t.Errorf("%s, connection %d: %.40q", h.Name(), i+1, got)
						}
					}
				}
			})
			// It is the connection that is dropped, and not a request: who says nothing is told at once.
			synctest.Test(t, func(t *testing.T) {
				s := play(t, use, 1)
				c := s.dial(s.pc)
				begin := time.Now()
				c.SetReadDeadline(begin.Add(time.Second))
				n, err := c.Read(make([]byte, 1))
				if gone := err == io.EOF && time.Since(begin) == 0; n != 0 || gone != dropped {
					t.Errorf("%d bytes, %v after %v", n, err, time.Since(begin))
				}
			})
		})
	}
}
