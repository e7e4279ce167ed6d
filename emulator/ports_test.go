package emulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// As D-Link DIR-655: each URL is served at its own port only, before and after a reboot.
func TestPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		router := n.Host("router", netip.MustParsePrefix("192.168.0.1/24"))
		pc := n.Host("pc", netip.MustParsePrefix("192.168.0.10/24"))
		o := emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.0.1"), HTTPPort: 80, SSDP: "off", Version: 1}
		o.Dialect.Description.Ports = map[string]uint16{"control": 4444, "events": 9393}
		o.Dialect.Description.URLs = emulator.ServiceURLs{
			SCPD: "http://{authority}/{service}.xml", Control: "http://{host}:{port control}/{service}", Events: "http://{host}:{port events}/{service}",
		}
		g := emulator.Start(t, o)
		get := func(method, url string) string {
			host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
			if !strings.Contains(host, ":") {
				host += ":80"
			}
			c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, host)
			if err != nil {
				return "none"
			}
			defer c.Close()
			fmt.Fprintf(c, "%s /%s HTTP/1.1\r\nHost: %s\r\nCallback: <http://192.168.0.10:1/>\r\nNT: upnp:event\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method, path, host)
			all, err := io.ReadAll(c)
			if err != nil {
				t.Error(err)
			}
			_, status, _ := strings.Cut(string(bytes.SplitN(all, []byte("\r\n"), 2)[0]), " ")
			return status[:min(3, len(status))]
		}
		check := func(when string, want []string) {
			t.Helper()
			var got []string
			for _, host := range []string{"192.168.0.1", "192.168.0.1:4444", "192.168.0.1:9393"} {
				got = append(got, host+": "+strings.Join([]string{
					get("GET", "http://"+host+"/description.xml"), get("GET", "http://"+host+"/WANIPConnection1.xml"),
					get("POST", "http://"+host+"/WANIPConnection1"), get("SUBSCRIBE", "http://"+host+"/WANIPConnection1"),
				}, " "))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: description, SCPD, control and events (-want +got)\n%s", when, diff)
			}
		}
		want := []string{"192.168.0.1: 200 200 404 404", "192.168.0.1:4444: 404 404 400 405", "192.168.0.1:9393: 404 404 405 200"}
		check("at first", want)
		if err := g.Reboot(emulator.Reboot{}); err != nil {
			t.Fatal(err)
		}
		check("after a reboot", want)
		if err := g.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		check("elsewhere", []string{"192.168.0.1: none none none none", "192.168.0.1:4444: none none none none", "192.168.0.1:9393: none none none none"})
	})
}

// What is not told where to be is where the dialect says, and elsewhere if that is taken; after a reboot it is where it was.
func TestPortsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		router := n.Host("router", netip.MustParsePrefix("192.168.0.1/24"))
		pc := n.Host("pc", netip.MustParsePrefix("192.168.0.10/24"))
		o := emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.0.1"), SSDP: "off", Version: 1}
		o.Dialect.HTTP.Ports = []emulator.PortRange{{First: 80, Last: 80}}
		o.Dialect.Description.Ports = map[string]uint16{"control": 4444}
		o.Dialect.Description.URLs.Control = "http://{host}:{port control}/{service}"
		control := func(g *emulator.Gateway) (description, control string) {
			host, _, _ := strings.Cut(strings.TrimPrefix(g.Location(), "http://"), "/")
			c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, host)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "GET /description.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			all, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			url := regexp.MustCompile(`http://([0-9.:]+)/WANIPConnection1<`).FindSubmatch(all)
			if url == nil {
				t.Fatalf("no control URL in\n%s", all)
			}
			return host, string(url[1])
		}
		one, two := emulator.Start(t, o), emulator.Start(t, o)
		if d, c := control(one); d != "192.168.0.1:80" || c != "192.168.0.1:4444" {
			t.Errorf("the first is at %s and %s", d, c)
		}
		d, c := control(two)
		if d == "192.168.0.1:80" || c == "192.168.0.1:4444" || c == d {
			t.Errorf("the second is at %s and %s, which are the first's", d, c)
		}
		if err := two.Reboot(emulator.Reboot{}); err != nil {
			t.Fatal(err)
		}
		if d2, c2 := control(two); d2 != d || c2 != c {
			t.Errorf("after a reboot the second is at %s and %s, not %s and %s", d2, c2, d, c)
		}
	})
}

// On a machine whose ports others may have, a gateway takes free ones, and names those.
func TestPortsAnywhere(t *testing.T) {
	o := emulator.Options{SSDP: "off", Version: 1}
	o.Dialect.Description.Ports = map[string]uint16{"control": 4444}
	o.Dialect.Description.URLs.Control = "http://{host}:{port control}/{service}"
	one, two := emulator.Start(t, o), emulator.Start(t, o)
	for _, g := range []*emulator.Gateway{one, two} {
		c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(g.Location(), "http://"), "/description.xml"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /description.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		all, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		url := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/WANIPConnection1<`).FindSubmatch(all)
		if url == nil {
			t.Fatalf("no control URL in\n%s", all)
		}
		control, err := net.Dial("tcp", string(url[1]))
		if err != nil {
			t.Fatal(err)
		}
		control.Close()
	}
}

func TestPortProblems(t *testing.T) {
	o := emulator.Options{Version: 1}
	o.Dialect.Description.Ports = map[string]uint16{"a b": 1, "control": 4444, "events": 4444}
	o.Dialect.Description.URLs.Control = "http://{host}:{port contol}/"
	var got []string
	for _, p := range o.Problems() {
		got = append(got, p.Error())
	}
	want := []string{
		`dialect.description.urls.control: there is no word {port contol} here, only {host}, {port}, {authority}, {udn}, {gateway}, {igd}, {seed}, {service}, {kind}, {version}, ` +
			`{port a b}, {port control}, {port events}; did you mean "port control"?`,
		"dialect.description.ports.a b: a port's name is one word, without braces",
		"dialect.description.ports.events: is 4444, and so is control",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
