package emulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// The URLs that a dialect gives to all services are those of the description, and lead to them.
func TestServiceURLs(t *testing.T) {
	urls := ServiceURLs{SCPD: "/dynsvc/{kind}:{version}.xml", Control: "/soap.cgi?service={service}", Events: "http://{host}:{port}/{udn}/{kind}"}
	tree := plain(ServiceNode{Type: serviceURN + "WANIPConnection:1"})
	tree.Services = append(tree.Services,
		ServiceNode{Type: serviceURN + "WANIPConnection:1", WAN: 1},
		ServiceNode{Type: serviceURN + "Layer3Forwarding:1", Control: "/own"})
	c := call1(t, Options{Version: 1, WAN: []WAN{{}, {}}, UDN: "uuid:a-b", Dialect: Dialect{Description: DescriptionDialect{Tree: tree, URLs: urls}}})
	text := string(c.request("GET", "/description.xml", nil, nil).Body)
	for _, want := range []string{
		"<SCPDURL>/dynsvc/WANIPConnection:1.xml<", "<controlURL>/soap.cgi?service=WANIPConnection1<", "/uuid:a-b/WANIPConnection<",
		"<SCPDURL>/dynsvc/WANIPConnection-1:1.xml<", "<controlURL>/soap.cgi?service=WANIPConnection1-1<", "/uuid:a-b/WANIPConnection-1<",
		"<SCPDURL>/dynsvc/Layer3Forwarding:1.xml<", "<controlURL>/own<",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	urn := serviceURN + "WANIPConnection:1"
	for _, path := range []string{"/soap.cgi?service=WANIPConnection1", "/soap.cgi?service=WANIPConnection1-1"} {
		header := http1.Fields{{Name: "SOAPAction", Value: `"` + urn + `#GetStatusInfo"`}}
		if reply := c.request("POST", path, header, soap.WriteRequest(urn, "GetStatusInfo", nil)); !strings.Contains(reply.Line, " 200 ") {
			t.Errorf("POST %s: %s", path, reply.Line)
		}
	}
	if reply := c.request("GET", "/dynsvc/WANIPConnection-1:1.xml", nil, nil); !strings.Contains(reply.Line, " 200 ") {
		t.Errorf("SCPD: %s", reply.Line)
	}
}

// What nobody would see is told.
func TestServiceURLProblems(t *testing.T) {
	at := func(steps ...any) []any { return append([]any{"dialect", "description"}, steps...) }
	own := plain(ServiceNode{Type: serviceURN + "WANIPConnection:1", SCPD: "/s", Control: "/c"})
	for name, tt := range map[string]struct {
		d    DescriptionDialect
		want []any
	}{
		"a tree with none of its own":   {DescriptionDialect{Tree: own, URLs: ServiceURLs{Events: "/e/{service}"}}, nil},
		"a tree with all of its own":    {DescriptionDialect{Tree: own, URLs: ServiceURLs{Control: "/c/{service}"}}, at("urls", "control")},
		"no such word":                  {DescriptionDialect{URLs: ServiceURLs{SCPD: "/{action}"}}, at("urls", "scpd")},
		"URLBase in a document":         {DescriptionDialect{URLBase: new(Template("http://a")), Document: "<r>\n{url-base}\n{device}\n</r>"}, nil},
		"no URLBase in the document":    {DescriptionDialect{URLBase: new(Template("http://a")), Document: "{device}"}, at("url-base")},
		"the UDN of the root elsewhere": {DescriptionDialect{Tree: &DeviceNode{Type: own.Type, Devices: []DeviceNode{{Type: deviceURN + "WANDevice:1", UDN: "{udn}"}}}}, nil},
		"the UDN of the root in it":     {DescriptionDialect{Tree: &DeviceNode{Type: own.Type, UDN: "{udn}"}}, at("tree", "udn")},
	} {
		t.Run(name, func(t *testing.T) {
			var got []any
			for _, p := range (Options{Version: 1, Dialect: Dialect{Description: tt.d}}).Problems() {
				got = append(got, p.At...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
