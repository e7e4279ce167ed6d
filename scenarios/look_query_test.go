package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
)

// result is an answer as it stands on the wire: its HTTP status, and of a UPnP error the code and the words.
func (s *street) result(request string) string {
	s.t.Helper()
	return s.resultFor(s.pc, request)
}

// resultFor is result for another host.
func (s *street) resultFor(from *emulator.Host, request string) string {
	s.t.Helper()
	answer := s.send(from, request)
	line, _, _ := strings.Cut(answer, "\r\n")
	words := strings.Fields(line)
	if len(words) < 2 {
		return answer
	}
	said := words[1]
	for _, name := range []string{"errorCode", "errorDescription"} {
		if text, ok := element(answer, name); ok {
			said += " " + text
		}
	}
	return said
}

// element is the raw text of the first element of that name.
func element(text, name string) (string, bool) {
	_, rest, ok := strings.Cut(text, "<"+name+">")
	if !ok {
		return "", false
	}
	text, _, ok = strings.Cut(rest, "</"+name+">")
	return text, ok
}

// answers are the raw texts of elements in the answer to a request; what is not there is "none".
func (s *street) answers(request string, names ...string) string {
	s.t.Helper()
	answer := s.send(s.pc, request)
	var all []string
	for _, name := range names {
		text, ok := element(answer, name)
		if !ok {
			text = "none"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// way leads to an element in the answer to a request: the names of all that it is in.
func (s *street) way(request, name string) string {
	s.t.Helper()
	_, body, _ := strings.Cut(s.send(s.pc, request), "\r\n\r\n")
	var stack []string
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		token, err := d.Token()
		if err != nil {
			return err.Error()
		}
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, token.Name.Local)
			if token.Name.Local == name {
				return strings.Join(stack, "/")
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

// map1 adds a permanent mapping of a TCP port to the pc; the test ends if that fails.
func (s *street) map1(c connection, port int) {
	s.t.Helper()
	s.ok(c.add("TCP", port, "192.168.1.10", 0))
}

// asked are the results of requests, one after the other.
func (s *street) asked(requests ...string) string {
	s.t.Helper()
	var all []string
	for _, r := range requests {
		all = append(all, s.result(r))
	}
	return strings.Join(all, ", ")
}

// through tells in a word whether a peer gets through to a port of the pc.
func (s *street) through(port int) string {
	s.t.Helper()
	p := s.run(fmt.Sprint(port))
	defer p.tcp.Close()
	defer p.udp.Close()
	if s.tcp(p) {
		return "open"
	}
	return "shut"
}

// found tells in a word whether the table has a TCP port, as the gateway itself knows it.
func (s *street) found(port int) string {
	for _, m := range s.gateways[0].Mappings() {
		if m.Protocol == "TCP" && int(m.ExternalPort) == port {
			return "there"
		}
	}
	return "gone"
}

// table are the entries as one reads them by their place, until an error, or the seventh.
func (s *street) table(c connection) string {
	s.t.Helper()
	var all []string
	for i := range 7 {
		if said := s.result(c.at(i)); said != "200" {
			all = append(all, said)
			break
		}
		all = append(all, s.answers(c.at(i), "NewProtocol", "NewExternalPort", "NewRemoteHost", "NewInternalClient", "NewInternalPort", "NewEnabled", "NewPortMappingDescription", "NewLeaseDuration"))
	}
	return strings.Join(all, "\n")
}

// common is the WANCommonInterfaceConfig of the description.
func (s *street) common() (found connection) {
	s.t.Helper()
	s.tree().VisitServices(func(v *goupnp.Service) {
		if strings.Contains(v.ServiceType, ":WANCommonInterfaceConfig:") {
			found = connection{v.ControlURL.Str, v.ServiceType}
		}
	})
	if found.urn == "" {
		s.t.Fatal("no WANCommonInterfaceConfig is described")
	}
	return found
}

// counters are what one can ask WANCommonInterfaceConfig for.
func counters() []string {
	return []string{"TotalBytesSent", "TotalBytesReceived", "TotalPacketsSent", "TotalPacketsReceived"}
}

// traffic are the counters before and after a peer has come through a mapped port.
func (s *street) traffic() (before, after string) {
	s.t.Helper()
	c := s.common()
	read := func() string {
		var all []string
		for _, name := range counters() {
			all = append(all, s.answers(c.request("Get"+name), "New"+name))
		}
		return strings.Join(all, " ")
	}
	s.map1(s.connections()[0], 8080)
	before = read()
	if s.through(8080) != "open" {
		s.t.Fatal("nobody comes through")
	}
	return before, read()
}
