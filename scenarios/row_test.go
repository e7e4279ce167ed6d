package scenarios_test

import (
	"bufio"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// The tests of the rows look at built-in quirks from outside, as a network sniffer, a control point and a peer on the Internet see
// them. What they send and read is bytes of their own; and each shows that a gateway without the quirk passes the same look.

// street is a scenario at work in memory: its gateways at 192.168.1.1, two hosts behind them, and a peer on the Internet.
type street struct {
	t        *testing.T
	pc, nas  *emulator.Host // 192.168.1.10 and 192.168.1.11
	peer     *emulator.Host // 198.51.100.20
	network  *emulator.Network
	gateways []*emulator.Gateway
	scenario *scenarios.Scenario
}

const (
	group    = "239.255.255.250:1900"
	router   = "192.168.1.1:1900"
	external = "45.66.77.88"
)

// load reads a built-in scenario by its name. "name: {parameter: value}" is igd1 with that quirk, "{profile: igd2, …}" a device.
func load(t *testing.T, use string) *scenarios.Scenario {
	t.Helper()
	var s *scenarios.Scenario
	var err error
	if strings.HasPrefix(use, "{") {
		s, err = scenarios.Parse("row.yaml", []byte("schema: 1\ndevices: "+use+"\n"))
	} else if strings.Contains(use, ":") {
		s, err = scenarios.Parse("row.yaml", []byte("schema: 1\ndevices: {profile: igd1, quirks: {"+use+"}}\n"))
	} else {
		s, err = scenarios.Load(use)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// play starts what load reads. It belongs into a bubble of synctest.
func play(t *testing.T, use string, seed uint64) *street {
	t.Helper()
	return stand(t, load(t, use), seed, nil)
}

// stand starts a scenario. journal, if any, makes one for each gateway.
func stand(t *testing.T, sc *scenarios.Scenario, seed uint64, journal func() io.Writer) *street {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	lan := netip.MustParsePrefix("192.168.1.1/24")
	host := n.Host("router", lan)
	s := &street{
		t:        t,
		scenario: sc,
		network:  n,
		pc:       n.Host("pc", netip.MustParsePrefix("192.168.1.10/24")),
		nas:      n.Host("nas", netip.MustParsePrefix("192.168.1.11/24")),
		peer:     n.Internet("peer", netip.MustParseAddr("198.51.100.20")),
	}
	s.pc.SetDefaultGateway(lan.Addr())
	s.nas.SetDefaultGateway(lan.Addr())
	for _, o := range sc.Options() {
		o.Net, o.LAN, o.SSDP, o.Seed = host, lan.Addr(), "multicast", seed
		if journal != nil {
			o.Journal = journal()
		}
		if len(s.gateways) > 0 {
			o.Beside = s.gateways[0]
		}
		s.gateways = append(s.gateways, emulator.Start(t, o))
	}
	return s
}

// dial connects a host to the HTTP server of the first gateway.
func (s *street) dial(from *emulator.Host) net.Conn {
	s.t.Helper()
	u, err := url.Parse(s.gateways[0].Location())
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := from.Dial(s.t.Context(), "tcp", netip.Addr{}, u.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// send gives all that comes back on a new connection until the gateway closes it.
func (s *street) send(from *emulator.Host, request string) string {
	s.t.Helper()
	c := s.dial(from)
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		s.t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(all)
}

// get is a request for a document, on a connection that ends with it.
func get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 192.168.1.1\r\nConnection: close\r\n\r\n"
}

// page is the body of the document at location.
func (s *street) page(location string) string {
	s.t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := s.pc.Dial(s.t.Context(), "tcp", netip.Addr{}, u.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, get(u.Path)); err != nil {
		s.t.Fatal(err)
	}
	return body(s.t, c)
}

// body reads a response of 200 OK.
func body(t *testing.T, r io.Reader) string {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(r), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%s", resp.Status, err, all)
	}
	return string(all)
}

// tree is what goupnp reads in the description of the first gateway.
func (s *street) tree() *goupnp.Device {
	s.t.Helper()
	var root goupnp.RootDevice
	unmarshal(s.t, s.page(s.gateways[0].Location()), &root)
	return &root.Device
}

func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	if err := xml.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// sleep lets d pass.
func (s *street) sleep(d time.Duration) {
	s.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.t.Context().Done():
	}
}
