package scenarios_test

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// More targets of searches.
const (
	gateway2 = "urn:schemas-upnp-org:device:InternetGatewayDevice:2"
	ipConn1  = "urn:schemas-upnp-org:service:WANIPConnection:1"
	ipConn2  = "urn:schemas-upnp-org:service:WANIPConnection:2"
	pppConn1 = "urn:schemas-upnp-org:service:WANPPPConnection:1"
)

// raw is a datagram as it came.
type raw struct {
	text  string
	from  netip.AddrPort
	after time.Duration // since the search, or since somebody began to listen
}

// field is the value of a header field, in any case and without the blanks around it.
func (d raw) field(name string) string {
	for line := range strings.SplitSeq(d.text, "\r\n") {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// names are the names of the header fields, as they are spelt, in their order.
func (d raw) names() string {
	var all []string
	for _, line := range strings.Split(d.text, "\r\n")[1:] {
		if name, _, ok := strings.Cut(line, ":"); ok {
			all = append(all, name)
		}
	}
	return strings.Join(all, " ")
}

// mSearch is an M-SEARCH of UDA 1.1 §1.3.2.
func mSearch(st string) string {
	return "M-SEARCH * HTTP/1.1\r\nHOST: " + group + "\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: " + st + "\r\n\r\n"
}

// shout sends text from a socket of the pc's and gives what comes back to it within d.
func (s *street) shout(to, text string, d time.Duration) []raw {
	s.t.Helper()
	c := s.socket()
	defer c.Close()
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		s.t.Fatal(err)
	}
	return listen(c, d)
}

// listen gives what comes to c within d.
func listen(c net.PacketConn, d time.Duration) (all []raw) {
	begin := time.Now()
	c.SetReadDeadline(begin.Add(d))
	for b := make([]byte, 16<<10); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return all
		}
		all = append(all, raw{string(b[:n]), from.(*net.UDPAddr).AddrPort(), time.Since(begin)})
	}
}

// replies gives the answers to a search for st by unicast, or by multicast, whose MX is 2 s.
func (s *street) replies(to, st string) []raw {
	s.t.Helper()
	return s.shout(to, mSearch(st), 3*time.Second)
}

// reply is the one reply to a search for the gateway by unicast, masked.
func (s *street) reply() string {
	s.t.Helper()
	all := s.replies(router, gateway)
	if len(all) != 1 {
		s.t.Fatalf("%d replies: %v", len(all), all)
	}
	return masked(all[0].text)
}

// masked is a datagram in which what differs from one gateway to the next has a name.
func masked(text string) string {
	for _, m := range [][2]string{
		{`(?i)(location: ?http://[^/]*:)\d+`, "${1}PORT"},
		{`(?i)(date: ?)\w+, \d\d \w+ 20\d\d [\d:]+ GMT`, "${1}DATE"},
		{`uuid:[-0-9a-f]{36}`, "UDN"},
		{`(01-NLS: )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`, "${1}UUID"},
		{`((?:BOOT|CONFIG)ID.UPNP.ORG: )(\d{5,})`, "${1}NUMBER"},
	} {
		text = regexp.MustCompile(m[0]).ReplaceAllString(text, m[1])
	}
	return text
}

// ideal is the reply of igd1 to a search for the gateway, masked (UDA 1.1 §1.3.3).
func ideal() string {
	return lines("HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "DATE: DATE", "EXT:", "LOCATION: http://192.168.1.1:PORT/description.xml",
		"SERVER: igdkit/1 UPnP/1.1 igdkit-emulator/1", "ST: "+gateway, "USN: UDN::"+gateway, "BOOTID.UPNP.ORG: NUMBER", "CONFIGID.UPNP.ORG: NUMBER")
}

// lines is a datagram.
func lines(all ...string) string { return strings.Join(all, "\r\n") + "\r\n\r\n" }

// rebooted gives the announcements of a kind that go with a reboot of the first gateway.
func (s *street) rebooted(nts string) (all []raw) {
	s.t.Helper()
	news := s.member()
	defer news.Close()
	if err := s.gateways[0].Reboot(emulator.Reboot{}); err != nil {
		s.t.Fatal(err)
	}
	for _, d := range listen(news, time.Second) {
		if d.field("NTS") == nts {
			all = append(all, d)
		}
	}
	return all
}

// targets are those of the usual targets that are found by a search by multicast.
func targets(s *street) string {
	s.t.Helper()
	var found []string
	for _, st := range []string{anything, rootDevice, gateway, gateway2, ipConn1, ipConn2, pppConn1} {
		if len(s.replies(group, st)) > 0 {
			found = append(found, short(st))
		}
	}
	return strings.Join(found, " ")
}

// short is a type without what all have in common.
func short(st string) string {
	for _, part := range []string{":device:", ":service:"} {
		if _, kind, ok := strings.Cut(st, part); ok {
			return kind
		}
	}
	return st
}

// described is what the description at location is of: the type of its root, or why there is none.
func (s *street) described(location string) string {
	s.t.Helper()
	u, err := url.Parse(location)
	if err != nil || u.Port() == "" {
		return "nowhere"
	}
	text, end := s.exchangeAt(u.Host, get(u.Path))
	_, rest, ok := strings.Cut(text, "<deviceType>")
	if !ok {
		return end
	}
	kind, _, _ := strings.Cut(rest, "</deviceType>")
	return short(kind)
}

// finders are the replies to a search by multicast in their order: who sent them, and what they describe.
func (s *street) finders(st string) string {
	s.t.Helper()
	var all []string
	for _, d := range s.replies(group, st) {
		all = append(all, fmt.Sprint(d.from.Addr(), " ", s.described(d.field("LOCATION"))))
	}
	return strings.Join(slices.Compact(all), ", ")
}

// hostOf is the host of a URL.
func hostOf(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return err.Error()
	}
	return u.Hostname()
}

// candidates are the gateways that a search by multicast finds, in the order of their replies: their address, whether they say that they
// are connected, and their external address.
func candidates(s *street) string {
	s.t.Helper()
	var all []string
	for _, d := range s.replies(group, gateway) {
		u, err := url.Parse(d.field("LOCATION"))
		if err != nil {
			s.t.Fatal(err)
		}
		c := connection{"/control/WANIPConnection1", ipConn1}
		status, _ := s.exchangeAt(u.Host, c.request("GetStatusInfo"))
		addr, _ := s.exchangeAt(u.Host, c.request("GetExternalIPAddress"))
		all = append(all, fmt.Sprintf("%v %s %q", d.from.Addr(), understand(s.t, status).args["NewConnectionStatus"], understand(s.t, addr).args["NewExternalIPAddress"]))
	}
	return strings.Join(all, ", ")
}
