package e2e

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/scenarios"
)

// The rows of the catalogue that are about SSDP, on sockets of the kernel and with real multicast. Package scenarios has the same in memory.

const (
	ssdpGroup   = "239.255.255.250:1900"
	ssdpGateway = "192.168.1.1:1900"
	rootDevice  = "upnp:rootdevice"
	igd         = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
)

// inRow runs body on the host of a lab behind igd1 with the quirk, or behind a scenario of several devices, or igd1 itself.
func inRow(t *testing.T, use string, body func(t *testing.T)) {
	t.Parallel()
	text := "schema: 1\ndevices: {profile: igd1, quirks: {" + use + "}}\n"
	if !strings.Contains(use, ":") {
		sc, err := scenarios.Load(use)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := sc.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		text = string(resolved)
	}
	labtest.Host(t, lab.Options{Spec: spec{Scenario: text}.json(t)}, body)
}

// datagram is one that was heard.
type datagram struct {
	start  string
	fields http.Header
	from   netip.AddrPort
}

// nextDatagram waits for one until the deadline; false when none comes.
func nextDatagram(t *testing.T, c net.PacketConn, deadline time.Time) (d datagram, ok bool) {
	t.Helper()
	if err := c.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		return d, false
	}
	start, rest, _ := strings.Cut(string(b[:n]), "\r\n")
	// net/http reads fields of a response only.
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\n"+rest)), nil)
	if err != nil {
		t.Fatalf("%q: %v", b[:n], err)
	}
	resp.Body.Close()
	return datagram{start, resp.Header, from.(*net.UDPAddr).AddrPort()}, true
}

// searching sends a search with MX 1 from a socket of its own, on which the replies arrive.
func searching(t *testing.T, to, st string) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", netip.AddrPortFrom(labHost, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	text := "M-SEARCH * HTTP/1.1\r\nHOST: " + ssdpGroup + "\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: " + st + "\r\n\r\n"
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	soon    = 5 * time.Second         // for what must come
	silence = 1500 * time.Millisecond // of what must not: more than MX
)

func TestRowSourcePort(t *testing.T) {
	t.Parallel()
	for use, ephemeral := range map[string]bool{"igd1": false, "ssdp-src-port-ephemeral": true} {
		t.Run(use, func(t *testing.T) {
			inRow(t, use, func(t *testing.T) {
				for _, to := range []string{ssdpGroup, ssdpGateway} {
					for range 2 {
						r, ok := nextDatagram(t, searching(t, to, igd), time.Now().Add(soon))
						if !ok || r.from.Addr() != labGateway || (r.from.Port() != 1900) != ephemeral || r.from.Port() < 1024 {
							t.Errorf("a reply to %s from %v: %v", to, r.from, ok)
						}
					}
				}
			})
		})
	}
}

func TestRowReplyByNotify(t *testing.T) {
	t.Parallel()
	for use, notifies := range map[string]bool{"igd1": false, "ssdp-reply-by-notify: {wait: 1s}": true} {
		t.Run(strings.ReplaceAll(use, ": ", " "), func(t *testing.T) {
			inRow(t, use, func(t *testing.T) {
				news, err := emulator.SystemNet().ListenGroup(t.Context(), labHost, netip.MustParseAddrPort(ssdpGroup))
				if err != nil {
					t.Fatal(err)
				}
				defer news.Close()
				for quiet := false; !quiet; { // what the boot is announced with is over
					_, more := nextDatagram(t, news, time.Now().Add(time.Second))
					quiet = !more
				}
				begin := time.Now()
				replies := searching(t, ssdpGroup, igd)
				if !notifies {
					if _, ok := nextDatagram(t, replies, begin.Add(soon)); !ok {
						t.Error("no reply")
					}
					for {
						a, ok := nextDatagram(t, news, begin.Add(soon/2))
						if !ok {
							return
						}
						if a.start == "NOTIFY * HTTP/1.1" {
							t.Errorf("announced without need: %v", a.fields)
						}
					}
				}
				n := 0
				for n < 30 { // three sets of ten
					a, ok := nextDatagram(t, news, begin.Add(3*soon))
					if !ok {
						break
					}
					if a.start != "NOTIFY * HTTP/1.1" {
						continue // our search
					}
					n++
					if took := time.Since(begin); a.fields.Get("NTS") != "ssdp:alive" || a.from.String() != ssdpGateway || took < time.Second {
						t.Errorf("after %v from %v: %v", took, a.from, a.fields)
					}
				}
				if n != 30 {
					t.Errorf("%d announcements, want 30", n)
				}
				if r, ok := nextDatagram(t, replies, time.Now().Add(silence)); ok {
					t.Errorf("a reply from %v", r.from)
				}
			})
		})
	}
}

func TestRowMulticastDies(t *testing.T) {
	t.Parallel()
	const uptime = 3 * time.Second
	for use, dies := range map[string]bool{"igd1": false, "ssdp-multicast-dies: {uptime: 3s}": true} {
		t.Run(strings.ReplaceAll(use, ": ", " "), func(t *testing.T) {
			inRow(t, use, func(t *testing.T) {
				answered := func(to string) bool {
					_, ok := nextDatagram(t, searching(t, to, igd), time.Now().Add(silence))
					return ok
				}
				// A slow machine may get here when it has died. What is sent during a reboot is lost.
				var booted time.Time
				alive := false
				for try := 0; try < 5 && !alive; try++ {
					booted = time.Now()
					reboot(t)
					alive = answered(ssdpGroup)
				}
				if !alive {
					t.Fatal("no reply after a reboot")
				}
				asked := booted
				for alive && time.Since(booted) < 2*uptime {
					asked = time.Now()
					alive = answered(ssdpGroup)
				}
				if after := asked.Sub(booted); alive == dies || !alive && after < uptime {
					t.Errorf("%v after the boot, a multicast search is answered: %v", after, alive)
				}
				if !answered(ssdpGateway) {
					t.Error("a unicast search is not answered")
				}
			})
		})
	}
}

func TestRowWPSRootFirst(t *testing.T) {
	t.Parallel()
	const wfa = "urn:schemas-wifialliance-org:device:WFADevice:1"
	for use, want := range map[string][]string{"igd1": {igd}, "ssdp-wps-root-first": {wfa, igd}} {
		t.Run(use, func(t *testing.T) {
			inRow(t, use, func(t *testing.T) {
				for _, to := range []string{ssdpGroup, ssdpGateway} {
					replies, deadline := searching(t, to, rootDevice), time.Now().Add(soon)
					var got []string
					for {
						r, ok := nextDatagram(t, replies, deadline)
						if !ok {
							break
						}
						got = append(got, rootAt(t, r.fields.Get("LOCATION")))
						if len(got) == len(want) {
							deadline = time.Now().Add(silence)
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("replies to %s (-want +got)\n%s", to, diff)
					}
				}
			})
		})
	}
}

// rootAt is the type of the root device that is described at location.
func rootAt(t *testing.T, location string) string {
	t.Helper()
	resp, err := http.Get(location)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Type string `xml:"device>deviceType"`
	}
	if err := xml.NewDecoder(bytes.NewReader(text)).Decode(&root); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return root.Type
}
