package scenarios_test

import (
	std "cmp"
	"encoding/xml"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"
)

// profile is what captures of a router give, byte by byte. $UDN stands for the name of the root device, $NOW for the moment in which the
// test runs, $LOCATION for the URL of the description, and its length is N. What is between ‹ and › in a reply or a description is a
// regular expression.
type profile struct {
	name     string
	at       netip.AddrPort
	external string // address on the Internet

	udn     string // what that of the root device looks like
	st      string // searched for
	reply   string // of the search
	begins  string // the answer to GET of the description
	ends    string
	tree    []string // devices and services in their order: what they are and where
	control string   // what the path of the connection service looks like
	urn     string   // of the connection service
	answer  string   // to GetExternalIPAddress; empty: not known
	refuses []string // an action with arguments
	fault   string   // its answer
	more    []talk   // what else is known, in this order
	gets    []talk   // the same of documents by their paths
	actions []string // that the SCPD of the connection service lists, in any order; nil: not known

	alive    string   // the announcement of what is searched for
	byebye   string   // how that is taken back; empty: not known
	says     []string // what stands in the description, without the white space between elements, which a browser does not show
	misspelt string   // how the answer to a request begins whose header says Soapaction
	bare     string   // status, and UPnP error, of the answer to an action without quotation marks
	resets   string   // an action at which the connection is reset
	scpd     string   // HTTP status of the documents of services; empty: 200
	none     bool     // there is no connection service
	fails    string   // what our client says where no port can be opened; empty: one can
	goupnp   string   // what goupnp says where it opens none; empty: it does
	closes   string   // what our client says where it cannot close the port; empty: it can, or takes it for gone
	left     int      // mappings that are there then
}

// talk is a request and its answer.
type talk struct {
	call   []string // an action with arguments, or a path
	answer string   // whole
}

// profiles are what public captures give of each router; the documents themselves are in the evidence that each scenario names.
func profiles() []profile {
	return slices.Concat(firstProfiles(), keptProfiles(), threadProfiles())
}

// now is when time begins in a bubble.
const now = "Sat, 01 Jan 2000 00:00:00 GMT"

func TestProfilesOnTheWire(t *testing.T) {
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { p.test(t) })
		})
	}
}

func (p profile) test(t *testing.T) {
	g, pc := p.start(t)
	if !regexp.MustCompile("^" + p.udn + "$").MatchString(g.UDN()) {
		t.Errorf("UDN %s does not look like %s", g.UDN(), p.udn)
	}
	fill := strings.NewReplacer("$UDN", g.UDN(), "$NOW", now, "$LOCATION", g.Location())
	var reply string
	if p.st != "" {
		reply = search(t, pc, g.SSDP(), p.st)
	}
	if want := crlf(fill.Replace(p.reply)); want != "" && !regexp.MustCompile("^"+pattern(want)+"$").MatchString(reply) {
		t.Errorf("reply (-want +got)\n%s", cmp.Diff(want, reply))
	}
	path := strings.TrimPrefix(g.Location(), "http://"+p.at.String())
	answer := exchange(t, pc, p.at, "GET "+path+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n")
	answer = regexp.MustCompile(`((?i)length: )\d+`).ReplaceAllString(answer, "${1}N")
	_, document, _ := strings.Cut(answer, "\r\n\r\n")
	beginning := answer
	if !strings.HasPrefix(p.begins, "HTTP/") { // the head is not known
		beginning = document
	}
	if want := fill.Replace(p.begins); !regexp.MustCompile("^" + pattern(want)).MatchString(beginning) {
		t.Errorf("description begins (-want +got)\n%s", cmp.Diff(want, beginning[:min(len(beginning), len(want))]))
	}
	if want := fill.Replace(p.ends); !regexp.MustCompile(pattern(want) + "$").MatchString(answer) {
		t.Errorf("description ends (-want +got)\n%s", cmp.Diff(want, answer[max(0, len(answer)-len(want)):]))
	}
	var tree goupnp.RootDevice
	named := strings.Replace(document, "<root>", `<root xmlns="urn:schemas-upnp-org:device-1-0">`, 1) // goupnp wants the namespace
	if err := xml.Unmarshal([]byte(named), &tree); err != nil {
		t.Fatal(err)
	}
	if diff := p.diff(outline(&tree.Device)); diff != "" {
		t.Errorf("tree (-want +got)\n%s", diff)
	}
	between := regexp.MustCompile(`>\s+<`).ReplaceAllString(document, "><")
	for _, part := range p.says {
		if part := fill.Replace(part); !strings.Contains(between, part) {
			t.Errorf("description says %s\nwithout %s", between, part)
		}
	}
	tree.Device.VisitServices(func(s *goupnp.Service) {
		path := strings.TrimPrefix(s.SCPDURL.Str, "http://"+p.at.String())
		status := strings.Fields(exchange(t, pc, p.at, "GET "+path+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n"))[1]
		if want := std.Or(p.scpd, "200"); status != want {
			t.Errorf("%s is %s, want %s", s.SCPDURL.Str, status, want)
		}
	})
	control := ""
	tree.Device.VisitServices(func(s *goupnp.Service) {
		if regexp.MustCompile("^" + p.control + "$").MatchString(s.ControlURL.Str) {
			control = strings.TrimPrefix(s.ControlURL.Str, "http://"+p.at.String())
		}
	})
	if p.none != (control == "") {
		t.Errorf("control URL %q", control)
	}
	if p.actions != nil {
		if diff := cmp.Diff(slices.Sorted(slices.Values(p.actions)), slices.Sorted(slices.Values(p.listed(t, pc, &tree.Device)))); diff != "" {
			t.Errorf("actions (-want +got)\n%s", diff)
		}
	}
	if p.answer != "" {
		if got := p.call(t, pc, control, "GetExternalIPAddress"); got != fill.Replace(p.answer) {
			t.Errorf("answer (-want +got)\n%s", cmp.Diff(fill.Replace(p.answer), got))
		}
	}
	if p.misspelt != "" {
		request := p.request(control, "GetExternalIPAddress")
		got := exchange(t, pc, p.at, strings.Replace(request, "SOAPAction:", "Soapaction:", 1))
		if !strings.HasPrefix(got, p.misspelt) {
			t.Errorf("to Soapaction (-want +got)\n%s", cmp.Diff(p.misspelt, got))
		}
	}
	if p.bare != "" {
		request := p.request(control, "GetExternalIPAddress")
		got := exchange(t, pc, p.at, regexp.MustCompile(`SOAPAction: "(.*)"`).ReplaceAllString(request, "SOAPAction: $1"))
		if said := strings.Join(regexp.MustCompile(`^HTTP/1.1 (\d+)[^<]*(?:.*<errorCode>(\d+))?`).FindStringSubmatch(got)[1:], " "); said != p.bare {
			t.Errorf("to an action without quotation marks: %s, want %s", got, p.bare)
		}
	}
	if p.resets != "" {
		c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, p.at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, p.request(control, p.resets)); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); len(got) > 0 || ending(err) != "reset" {
			t.Errorf("%s ends with %q, %v", p.resets, got, err)
		}
	}
	if p.fault != "" {
		got := p.call(t, pc, control, p.refuses[0], p.refuses[1:]...)
		if !strings.HasPrefix(p.fault, "HTTP/") { // the head is not known
			_, got, _ = strings.Cut(got, "\r\n\r\n")
		}
		if want := fill.Replace(p.fault); got != want {
			t.Errorf("fault (-want +got)\n%s", cmp.Diff(want, got))
		}
	}
	for _, s := range p.gets {
		got := exchange(t, pc, p.at, "GET "+s.call[0]+" HTTP/1.1\r\nHost: "+p.at.String()+"\r\nConnection: close\r\n\r\n")
		if want := fill.Replace(s.answer); got != want {
			t.Errorf("%s (-want +got)\n%s", s.call[0], cmp.Diff(want, got))
		}
	}
	for _, s := range p.more {
		if got, want := p.call(t, pc, control, s.call[0], s.call[1:]...), fill.Replace(s.answer); got != want {
			t.Errorf("%s (-want +got)\n%s", s.call[0], cmp.Diff(want, got))
		}
	}
}
