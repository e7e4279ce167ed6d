package scenarios_test

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
)

// aftermath is what is left of a mapping two minutes after it was made for a lease: what was announced meanwhile, the table, and the
// uptime of the connection.
func (s *street) aftermath(lease int) string {
	s.t.Helper()
	news := s.member()
	s.ok(s.connections()[0].add("TCP", 8080, "192.168.1.10", lease))
	kinds := kindsOf(hear(s.t, news, 2*time.Minute))
	c := s.connections()[0] // perhaps elsewhere now
	return fmt.Sprintf("said %v, listed %v, up %s s", kinds, s.listed(c), s.ok(c.request("GetStatusInfo"))["NewUptime"])
}

// kindsOf are the kinds of announcements, each once in a row.
func kindsOf(all []datagram) (kinds []string) {
	for _, a := range all {
		if kind := a.fields.Get("NTS"); len(kinds) == 0 || kinds[len(kinds)-1] != kind {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// status is ConnectionStatus, and the external address.
func (s *street) status(c connection) string {
	s.t.Helper()
	a := s.ask(c.request("GetExternalIPAddress"))
	return s.ok(c.request("GetStatusInfo"))["NewConnectionStatus"] + " " + a.args["NewExternalIPAddress"] + a.args["errorCode"]
}

// place is where the description of the first gateway is.
func (s *street) place() *url.URL {
	s.t.Helper()
	u, err := url.Parse(s.gateways[0].Location())
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// subscription is what a SUBSCRIBE asks for: other than the callback of listen, an URL, and another TIMEOUT.
func (s *street) subscription(callback, timeout string) string {
	s.t.Helper()
	var path string
	s.tree().VisitServices(func(v *goupnp.Service) {
		if strings.Contains(v.ServiceType, ":WANIPConnection:") {
			path = v.EventSubURL.Str
		}
	})
	return "SUBSCRIBE " + path + " HTTP/1.1\r\nHost: 192.168.1.1\r\nConnection: close\r\nCALLBACK: <" + callback + ">\r\nNT: upnp:event\r\n" +
		"TIMEOUT: " + timeout + "\r\n\r\n"
}

// callback is where the pc takes events.
const callback = "http://192.168.1.10:4004/"

// events takes what comes to callback, and gives the properties of each event so far, "Name=value" in their order.
func (s *street) events() (sofar func() []string) {
	s.t.Helper()
	l, err := s.pc.Listen(s.t.Context(), netip.MustParseAddrPort("192.168.1.10:4004"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	var mu sync.Mutex
	var all []string
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			q, err := http.ReadRequest(bufio.NewReader(c))
			if err != nil {
				s.t.Error(err)
				c.Close()
				return
			}
			text, err := io.ReadAll(q.Body)
			if err != nil {
				s.t.Error(err)
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			c.Close()
			mu.Lock()
			all = append(all, propertiesOf(text))
			mu.Unlock()
		}
	}()
	return func() []string {
		s.sleep(time.Second) // for what is on its way
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// propertiesOf reads a property set (UDA 1.1 §4.3.2).
func propertiesOf(text []byte) string {
	var set struct {
		Properties []struct {
			Variables []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"property"`
	}
	if err := xml.Unmarshal(text, &set); err != nil {
		return err.Error()
	}
	var all []string
	for _, p := range set.Properties {
		for _, v := range p.Variables {
			all = append(all, v.XMLName.Local+"="+v.Value)
		}
	}
	return strings.Join(all, " ")
}

// reboot restarts the first gateway as an ideal one does.
func (s *street) reboot() {
	s.t.Helper()
	if err := s.gateways[0].Reboot(emulator.Reboot{}); err != nil {
		s.t.Fatal(err)
	}
}
