package scenarios_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// description is the document at LOCATION as it stands, with ROUTER for host and port of LOCATION.
func (s *street) description() string {
	s.t.Helper()
	location := s.gateways[0].Location()
	return strings.ReplaceAll(s.page(location), s.place().Host, "ROUTER")
}

// values are the texts of the elements called name, as they stand. It is no reader of XML: what it looks at may be none.
func values(text, name string) []string {
	all := []string{}
	for {
		_, rest, ok := strings.Cut(text, "<"+name+">")
		if !ok {
			return all
		}
		value, after, _ := strings.Cut(rest, "</"+name+">")
		all, text = append(all, value), after
	}
}

// value is the first of values, "-" when there is none.
func value(text, name string) string {
	if all := values(text, name); len(all) > 0 {
		return all[0]
	}
	return "-"
}

// leaves are the names of the elements that have no others in them, in their order.
func leaves(text string) (all []string) {
	for _, m := range regexp.MustCompile(`<(\w+)>[^<]*</`).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// readable tells whether encoding/xml takes a document.
func readable(text string) string {
	if xml.Unmarshal([]byte(text), new(struct{})) != nil {
		return "unreadable"
	}
	return "readable"
}

// spaces are the namespaces of the first elements called names.
func spaces(text string, names ...string) (all []string) {
	d := xml.NewDecoder(strings.NewReader(text))
	found := map[string]string{}
	for token, err := d.Token(); err != io.EOF && token != nil; token, err = d.Token() {
		if e, ok := token.(xml.StartElement); ok {
			if _, seen := found[e.Name.Local]; !seen {
				found[e.Name.Local] = e.Name.Space
			}
		}
	}
	for _, name := range names {
		all = append(all, name+" in "+fmt.Sprintf("%q", found[name]))
	}
	return all
}

// target is what one asks for to reach a URL of the description.
func (s *street) target(written string) string {
	s.t.Helper()
	u, err := url.Parse(strings.TrimSpace(written))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.place().ResolveReference(u).RequestURI()
}

// mappable are the services of a description that map ports, in its order, whatever else is wrong with it.
func (s *street) mappable(text string) (all []connection) {
	s.t.Helper()
	for _, service := range values(text, "service") {
		typ := strings.TrimSpace(value(service, "serviceType"))
		if strings.Contains(typ, ":WANIPConnection:") || strings.Contains(typ, ":WANPPPConnection:") {
			all = append(all, connection{s.target(value(service, "controlURL")), typ})
		}
	}
	return all
}

// maps is what comes of mapping a port by each of the services that do.
func (s *street) maps(text string) string {
	s.t.Helper()
	var all []string
	for _, c := range s.mappable(text) {
		all = append(all, s.outcome(c.add("TCP", 8080, "192.168.1.10", 0)))
	}
	return "maps " + strings.Join(all, ", ")
}

// scpds are the outcomes of asking for every SCPD.
func (s *street) scpds(text string) string {
	s.t.Helper()
	var all []string
	for _, written := range values(text, "SCPDURL") {
		all = append(all, s.outcome(get(s.target(written))))
	}
	return "SCPDs " + strings.Join(all, ", ")
}

// scpd is the document that describes the first service of a kind.
func (s *street) scpd(kind string) string {
	s.t.Helper()
	for _, service := range values(s.description(), "service") {
		if strings.Contains(value(service, "serviceType"), ":"+kind+":") {
			_, text, _ := strings.Cut(s.send(s.pc, get(s.target(value(service, "SCPDURL")))), "\r\n\r\n")
			return text
		}
	}
	s.t.Fatalf("no %s is described", kind)
	return ""
}

// notes are parts of what a look sees, one on each line.
func notes(parts ...any) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintln(&b, part)
	}
	return b.String()
}
