package emulator_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// A fault on xml edits the documents that have the element, whatever document that is, before lengths are counted.
func TestFaultsOnDocuments(t *testing.T) {
	description, scpd := "/description.xml", "/scpd/WANIPConnection1.xml"
	path := func(s string) emulator.Condition { return emulator.Condition{Path: emulator.Test{Equals: &s}} }
	tests := []struct {
		name  string
		f     emulator.Fault
		path  string
		count map[string]int // of these elements, with this text if there is a "="
		acts  bool
	}{
		{"set", emulator.Fault{Do: emulator.Deed{Set: settings("friendlyName", "(null) & co")}}, description, map[string]int{"friendlyName=(null) & co": 3, "friendlyName": 3}, true},
		{"same-as", emulator.Fault{Do: emulator.Deed{Set: map[string]emulator.Setting{"modelName": {SameAs: "manufacturer"}}}}, description, map[string]int{"modelName=igdkit": 3}, true},
		{"rename", emulator.Fault{Do: emulator.Deed{Rename: map[string]string{"controlURL": "ControlURL"}}}, description, map[string]int{"controlURL": 0, "ControlURL": 3}, true},
		{"remove", emulator.Fault{Do: emulator.Deed{Remove: []string{"SCPDURL", "serialNumber"}}}, description, map[string]int{"SCPDURL": 0, "serialNumber": 0, "controlURL": 3}, true},
		{"not there", emulator.Fault{Do: emulator.Deed{Set: settings("presentationURLs", "/")}}, description, map[string]int{"presentationURLs": 0, "friendlyName": 3}, false},
		{"another document", emulator.Fault{If: path(scpd), Do: emulator.Deed{Remove: []string{"friendlyName"}}}, description, map[string]int{"friendlyName": 3}, false},
		{"scpd", emulator.Fault{If: path(scpd), Do: emulator.Deed{Remove: []string{"actionList"}}}, scpd, map[string]int{"actionList": 0, "serviceStateTable": 1}, true},
		{"element of another document", emulator.Fault{Do: emulator.Deed{Set: settings("errorCode", "1")}}, description, map[string]int{"errorCode": 0}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.On = "xml"
			visit(t, emulator.Options{Faults: []emulator.Fault{tt.f}}, func(v *visitor) {
				resp, body, a := v.request("GET", tt.path, "")
				doc := etree.NewDocument()
				if err := doc.ReadFromString(body); err != nil || a.Status != 0 {
					t.Fatalf("%v, %+v", err, a)
				}
				if n := resp.Header.Get("Content-Length"); n != strconv.Itoa(len(body)) {
					t.Errorf("Content-Length %s of %d bytes", n, len(body))
				}
				for what, want := range tt.count {
					name, text, exact := strings.Cut(what, "=")
					n := 0
					for _, e := range doc.FindElements("//" + name) {
						if !exact || e.Text() == text {
							n++
						}
					}
					if n != want {
						t.Errorf("%d elements %s, want %d", n, what, want)
					}
				}
				if acts := len(v.faults()) > 0; acts != tt.acts {
					t.Errorf("it has acted: %v", acts)
				}
			})
		})
	}
}

// SOAP answers are documents too: MikroTik writes faultCode and faultString (quirk soap-fault-camelcase).
func TestFaultsOnSOAPDocuments(t *testing.T) {
	faults := []emulator.Fault{
		{On: "xml", Do: emulator.Deed{Rename: map[string]string{"faultcode": "faultCode", "faultstring": "faultString"}}},
		{On: "xml", If: emulator.Condition{Header: map[string]emulator.Test{"SOAPAction": {Contains: new("GetExternalIPAddress")}}}, Do: emulator.Deed{Set: settings("NewExternalIPAddress", "x")}},
	}
	visit(t, emulator.Options{Faults: faults}, func(v *visitor) {
		_, body, a := v.request("POST", "/control/WANIPConnection1", `<Envelope><Body><u:Nothing xmlns:u="`+v.urn+`"/></Body></Envelope>`, "SOAPAction", `"`+v.urn+`#Nothing"`)
		if a.Status != 500 || !strings.Contains(body, "<faultCode>s:Client</faultCode><faultString>UPnPError</faultString>") || !strings.Contains(body, "<errorCode>401</errorCode>") {
			t.Errorf("%+v: %s", a, body)
		}
		if d := cmp.Diff(answer{Out: map[string]string{"NewExternalIPAddress": "x"}}, v.call("GetExternalIPAddress")); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// What a fault leaves alone stays as it was: lines end as the dialect has them.
func TestFaultsKeepLineEnds(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		o := emulator.Options{Version: 1}
		if end == "\r\n" {
			o.Dialect.Description.LineEnd = "crlf"
		}
		var before string
		visit(t, o, func(v *visitor) { _, before, _ = v.request("GET", "/description.xml", "") })
		o.Faults = []emulator.Fault{{On: "xml", Do: emulator.Deed{Set: settings("manufacturer", "somebody")}}}
		visit(t, o, func(v *visitor) {
			_, body, _ := v.request("GET", "/description.xml", "")
			if diff := cmp.Diff(strings.ReplaceAll(before, ">igdkit<", ">somebody<"), body); diff != "" || strings.Count(body, end) < 10 {
				t.Errorf("%q (-want +got)\n%s", end, diff)
			}
		})
	}
}
