package emulator_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// heard is a datagram as net/http reads it, with the header names in their order on the wire.
type heard struct {
	start  string
	names  []string
	header http.Header
	from   string
	after  time.Duration
}

// listenFor collects what c receives for d.
func listenFor(t testing.TB, c net.PacketConn, d time.Duration) []heard {
	t.Helper()
	start := time.Now()
	c.SetReadDeadline(start.Add(d))
	var all []heard
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return all
		}
		h := heard{from: from.String(), after: time.Since(start)}
		lines := strings.Split(string(b[:n]), "\r\n")
		if len(lines) < 3 || lines[len(lines)-1] != "" || lines[len(lines)-2] != "" {
			t.Errorf("datagram does not end with one empty line: %q", b[:n])
		}
		h.start = lines[0]
		for _, l := range lines[1 : len(lines)-2] {
			name, _, _ := strings.Cut(l, ":")
			h.names = append(h.names, name)
		}
		if strings.HasPrefix(h.start, "HTTP/") {
			r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:n])), nil)
			if err != nil {
				t.Errorf("%q: %v", b[:n], err)
				continue
			}
			r.Body.Close()
			h.header = r.Header
		} else {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n])))
			if err != nil {
				t.Errorf("%q: %v", b[:n], err)
				continue
			}
			h.header = r.Header
		}
		all = append(all, h)
	}
}

func (h heard) get(name string) string { return h.header.Get(name) }

// search is the request of UDA 1.1 §1.3.2; mx "" leaves the header out.
func searchFor(st, mx string) string {
	if mx != "" {
		mx = "MX: " + mx + "\r\n"
	}
	return "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n" + mx + "ST: " + st + "\r\n\r\n"
}

const testUDN = "uuid:00000000-0000-4000-8000-000000000001"

// announced is what UDA 1.1 §1.2.2 has a gateway with two embedded devices announce: 3 + 2·2 + k.
// The UDNs of the embedded devices are the emulator's choice and left out.
func announced(version int) []string {
	v := fmt.Sprint(":", version)
	all := []string{
		"upnp:rootdevice", testUDN, "urn:schemas-upnp-org:device:InternetGatewayDevice" + v,
		"uuid", "urn:schemas-upnp-org:device:WANDevice" + v,
		"uuid", "urn:schemas-upnp-org:device:WANConnectionDevice" + v,
		"urn:schemas-upnp-org:service:Layer3Forwarding:1",
		"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1",
		"urn:schemas-upnp-org:service:WANIPConnection" + v,
	}
	if version == 2 {
		all = append(all, "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1")
	}
	return all
}

// targets are the NT or ST of all, with the UDNs of embedded devices made alike.
func targets(all []heard, name string) []string {
	var out []string
	for _, h := range all {
		st := h.get(name)
		if strings.HasPrefix(st, "uuid:") && st != testUDN {
			st = "uuid"
		}
		out = append(out, st)
	}
	return out
}

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

func startMulticast(t *testing.T, h *emulator.Host, o emulator.Options) *emulator.Gateway {
	o.Net, o.LAN, o.SSDP, o.UDN = h, netip.MustParseAddr("192.168.1.1"), "multicast", testUDN
	return emulator.Start(t, o)
}

func TestSSDPSearchAll(t *testing.T) {
	for _, version := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			g := startMulticast(t, gateway, emulator.Options{Version: version, Seed: 7})
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "3"))
			all := listenFor(t, c, time.Minute)
			if d := cmp.Diff(sorted(announced(version)), sorted(targets(all, "ST"))); d != "" {
				t.Errorf("IGD:%d answers (-want +got):\n%s", version, d)
			}
			distinct := map[time.Duration]bool{}
			for _, h := range all {
				distinct[h.after] = true
				if h.from != "192.168.1.1:1900" || h.after > 3*time.Second {
					t.Errorf("%s from %s after %v", h.get("ST"), h.from, h.after)
				}
			}
			if len(distinct) < 5 {
				t.Errorf("replies are not spread over MX: %d moments", len(distinct))
			}
			if g.SSDP().String() != "192.168.1.1:1900" {
				t.Errorf("unicast search address is %v", g.SSDP())
			}
		})
	}
}

func TestSSDPReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g := startMulticast(t, gateway, emulator.Options{Version: 2})
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, "192.168.1.1:1900", searchFor("urn:schemas-upnp-org:device:InternetGatewayDevice:1", ""))
		all := listenFor(t, c, time.Minute)
		if len(all) != 1 {
			t.Fatalf("%d replies, want 1", len(all))
		}
		h := all[0]
		// UDA 1.1 §1.3.3: the order of the standard's own listing.
		names := []string{"CACHE-CONTROL", "DATE", "EXT", "LOCATION", "SERVER", "ST", "USN", "BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG"}
		if d := cmp.Diff(names, h.names); d != "" {
			t.Errorf("headers (-want +got):\n%s", d)
		}
		got := map[string]string{}
		for _, name := range []string{"CACHE-CONTROL", "EXT", "LOCATION", "ST", "USN"} {
			got[name] = h.get(name)
		}
		want := map[string]string{
			"CACHE-CONTROL": "max-age=1800", "EXT": "", "LOCATION": g.Location(),
			"ST":  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
			"USN": testUDN + "::urn:schemas-upnp-org:device:InternetGatewayDevice:1",
		}
		if d := cmp.Diff(want, got); d != "" || h.start != "HTTP/1.1 200 OK" {
			t.Errorf("%s (-want +got):\n%s", h.start, d)
		}
		if date, err := http.ParseTime(h.get("DATE")); err != nil || time.Since(date).Abs() > time.Hour {
			t.Errorf("DATE %q: %v", h.get("DATE"), err)
		}
		if server := h.get("SERVER"); !strings.Contains(server, " UPnP/1.") || len(strings.Fields(server)) < 3 {
			t.Errorf("SERVER %q is not OS UPnP/1.x product", server)
		}
		if h.after > time.Second || h.from != "192.168.1.1:1900" {
			t.Errorf("from %s after %v, want within a second of a unicast search", h.from, h.after)
		}
	})
}

func TestSSDPSearchTargets(t *testing.T) {
	const device, service = "urn:schemas-upnp-org:device:", "urn:schemas-upnp-org:service:"
	tests := []struct {
		st       string
		igd1     int // replies of an IGD:1
		igd2     int
		ofDevice bool // the USN is the ST itself
	}{
		{st: "upnp:rootdevice", igd1: 1, igd2: 1},
		{st: testUDN, igd1: 1, igd2: 1, ofDevice: true},
		{st: "uuid:00000000-0000-4000-8000-000000000002"},
		{st: device + "InternetGatewayDevice:1", igd1: 1, igd2: 1},
		{st: device + "InternetGatewayDevice:2", igd2: 1},
		{st: device + "InternetGatewayDevice:3"},
		{st: device + "InternetGatewayDevice:0"},
		{st: device + "InternetGatewayDevice"},
		{st: device + "InternetGatewayDevice:x"},
		{st: device + "WANDevice:1", igd1: 1, igd2: 1},
		{st: device + "WANConnectionDevice:2", igd2: 1},
		{st: service + "WANIPConnection:1", igd1: 1, igd2: 1},
		{st: service + "WANIPConnection:2", igd2: 1},
		{st: service + "WANIPv6FirewallControl:1", igd2: 1},
		{st: service + "Layer3Forwarding:1", igd1: 1, igd2: 1},
		{st: service + "Layer3Forwarding:2"},
		{st: service + "WANPPPConnection:1"},
		{st: "urn:schemas-upnp-org:device:MediaServer:1"},
		{st: "ssdp:everything"},
	}
	for _, version := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			startMulticast(t, gateway, emulator.Options{Version: version})
			c := listenPacket(t, host, "192.168.1.10:4000")
			for _, tt := range tests {
				want := tt.igd1
				if version == 2 {
					want = tt.igd2
				}
				for _, to := range []string{ssdpGroup().String(), "192.168.1.1:1900"} {
					send(t, c, to, searchFor(tt.st, "1"))
					all := listenFor(t, c, time.Minute)
					if len(all) != want {
						t.Errorf("IGD:%d, %s to %s: %d replies, want %d", version, tt.st, to, len(all), want)
					}
					for _, h := range all {
						usn := h.get("USN")
						if h.get("ST") != tt.st || !tt.ofDevice && !strings.HasSuffix(usn, "::"+tt.st) || tt.ofDevice && usn != tt.st {
							t.Errorf("IGD:%d, %s: ST %s, USN %s", version, tt.st, h.get("ST"), usn)
						}
					}
				}
			}
		})
	}
}

func TestSSDPDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		startMulticast(t, gateway, emulator.Options{Seed: 3})
		c := listenPacket(t, host, "192.168.1.10:4000")
		for _, tt := range []struct {
			mx  string
			max time.Duration
		}{{"1", time.Second}, {"5", 5 * time.Second}, {"120", 5 * time.Second}} {
			var longest time.Duration
			for range 40 {
				send(t, c, ssdpGroup().String(), searchFor("upnp:rootdevice", tt.mx))
				all := listenFor(t, c, time.Minute)
				if len(all) != 1 {
					t.Fatalf("MX %s: %d replies", tt.mx, len(all))
				}
				longest = max(longest, all[0].after)
			}
			if longest > tt.max || longest < tt.max/2 {
				t.Errorf("MX %s: the longest of 40 random delays is %v", tt.mx, longest)
			}
		}
	})
}

func TestSSDPIgnored(t *testing.T) {
	good := searchFor("upnp:rootdevice", "1")
	tests := []struct {
		name, data string
		unicast    bool
		from       string // "": 192.168.1.10:4000
		want       int
	}{
		{name: "good", data: good, want: 1},
		{name: "unquoted MAN", data: strings.ReplaceAll(good, `"`, ""), want: 1},
		{name: "no MX", data: searchFor("upnp:rootdevice", "")},
		{name: "no MX, unicast", data: searchFor("upnp:rootdevice", ""), unicast: true, want: 1},
		{name: "MX 0", data: searchFor("upnp:rootdevice", "0")},
		{name: "MX soon", data: searchFor("upnp:rootdevice", "soon")},
		{name: "no MAN", data: strings.ReplaceAll(good, "MAN: \"ssdp:discover\"\r\n", "")},
		{name: "other MAN", data: strings.ReplaceAll(good, "ssdp:discover", "ssdp:find")},
		{name: "no ST", data: strings.ReplaceAll(good, "ST: upnp:rootdevice\r\n", "")},
		{name: "another method", data: strings.ReplaceAll(good, "M-SEARCH", "GET")},
		{name: "an announcement", data: "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:byebye\r\nUSN: uuid:x::upnp:rootdevice\r\n\r\n"},
		{name: "a reply", data: "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: http://192.168.1.9/\r\n\r\n"},
		{name: "empty", data: "", unicast: true},
		{name: "bytes", data: "\x00\xff\xfe\r\n\r\n"},
		{name: "too long", data: good + strings.Repeat("x", 8<<10)},
		{name: "from elsewhere", data: good, from: "10.0.0.10:4000"},
		{name: "after all that", data: good, want: 1},
	}
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		t.Cleanup(func() { n.Close() })
		gateway, host := n.Host("gateway"), n.Host("host")
		gateway.AddInterface("home", prefix("192.168.1.1/24"), prefix("10.0.0.1/24"))
		host.AddInterface("home", prefix("192.168.1.10/24"), prefix("10.0.0.10/24"))
		startMulticast(t, gateway, emulator.Options{})
		for _, tt := range tests {
			if tt.from == "" {
				tt.from = "192.168.1.10:4000"
			}
			to := ssdpGroup().String()
			if tt.unicast {
				to = "192.168.1.1:1900"
			}
			c := listenPacket(t, host, tt.from)
			send(t, c, to, tt.data)
			if all := listenFor(t, c, time.Minute); len(all) != tt.want {
				t.Errorf("%s: %d replies, want %d", tt.name, len(all), tt.want)
			}
			c.Close()
		}
	})
}

func TestSSDPSeed(t *testing.T) {
	run := func(seed uint64) (moments []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			_, gateway, host := lan(t)
			startMulticast(t, gateway, emulator.Options{Seed: seed})
			c := listenPacket(t, host, "192.168.1.10:4000")
			send(t, c, ssdpGroup().String(), searchFor("ssdp:all", "5"))
			for _, h := range listenFor(t, c, time.Minute) {
				moments = append(moments, h.after)
			}
		})
		return moments
	}
	one := run(1)
	if d := cmp.Diff(one, run(1)); d != "" {
		t.Errorf("one seed, two runs:\n%s", d)
	}
	if cmp.Equal(one, run(2)) {
		t.Error("two seeds, one run")
	}
}
