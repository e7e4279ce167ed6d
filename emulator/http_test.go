package emulator

import (
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

func TestHTTP(t *testing.T) {
	c := call1(t, Options{Version: 1})
	control, event := c.path(ipConnection), "/event/WANIPConnection1"
	good := soap.WriteRequest(serviceURN+"WANIPConnection:1", "GetExternalIPAddress", nil)
	header := func(v string) http1.Fields { return http1.Fields{{Name: "SOAPACTION", Value: v}} }
	tests := []struct {
		name, method, target string
		fields               http1.Fields
		body                 []byte
		status, allow        string
	}{
		{"description", "GET", "/description.xml", nil, nil, "200 OK", ""},
		{"description by URL", "GET", "http://127.0.0.1/description.xml", nil, nil, "200 OK", ""},
		{"description with a query", "GET", "/description.xml?x", nil, nil, "200 OK", ""},
		{"head of the description", "HEAD", "/description.xml", nil, nil, "200 OK", ""},
		{"post to the description", "POST", "/description.xml", nil, nil, "405 Method Not Allowed", "GET, HEAD"},
		{"service description", "GET", "/scpd/WANIPConnection1.xml", nil, nil, "200 OK", ""},
		{"another version's service description", "GET", "/scpd/WANIPConnection2.xml", nil, nil, "404 Not Found", ""},
		{"root", "GET", "/", nil, nil, "404 Not Found", ""},
		{"target is no path", "GET", "*", nil, nil, "404 Not Found", ""},
		{"get of control", "GET", control, nil, nil, "405 Method Not Allowed", "POST"},
		{"get of events", "GET", event, nil, nil, "405 Method Not Allowed", "SUBSCRIBE, UNSUBSCRIBE"},
		{"control", "POST", control, header(`"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`), good, "200 OK", ""},
		{"control without quotes", "POST", control, header(`urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress`), good, "200 OK", ""},
		{"no SOAPAction", "POST", control, nil, good, "400 Bad Request", ""},
		{"bad SOAPAction", "POST", control, header(`GetExternalIPAddress`), good, "400 Bad Request", ""},
		{"no body", "POST", control, header(`"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`), nil, "400 Bad Request", ""},
		{"body is a page", "POST", control, header(`"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`), []byte("<html></html>"), "400 Bad Request", ""},
		{"other action in the body", "POST", control, header(`"urn:schemas-upnp-org:service:WANIPConnection:1#GetStatusInfo"`), good, "500 Internal Server Error", ""},
		{"other service in the field", "POST", control, header(`"urn:schemas-upnp-org:service:WANPPPConnection:1#GetExternalIPAddress"`), good, "500 Internal Server Error", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := c.request(tt.method, tt.target, tt.fields, tt.body)
			if got := strings.TrimPrefix(reply.Line, "HTTP/1.1 "); got != tt.status {
				t.Errorf("%q, want %q", got, tt.status)
			}
			if got := reply.Fields.Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
			for _, name := range []string{"Ext", "Server", "Date", "Content-Length"} {
				if _, ok := reply.Fields.Lookup(name); !ok {
					t.Errorf("no %s", name)
				}
			}
			if !strings.Contains(reply.Fields.Get("Server"), "emulator") {
				t.Errorf("Server %q does not say that it is an emulator", reply.Fields.Get("Server"))
			}
			if len(reply.Body) > 0 && reply.Fields.Get("Content-Type") != `text/xml; charset="utf-8"` {
				t.Errorf("Content-Type %q", reply.Fields.Get("Content-Type"))
			}
			if tt.method == "HEAD" && (len(reply.Body) > 0 || reply.Fields.Get("Content-Length") == "0") {
				t.Errorf("HEAD answered %d bytes, Content-Length %s", len(reply.Body), reply.Fields.Get("Content-Length"))
			}
		})
	}
}

func TestStrangersGetNoAnswer(t *testing.T) {
	c := call1(t, Options{})
	if reply := c.as("192.168.1.10").request("GET", "/description.xml", nil, nil); reply != nil {
		t.Errorf("a stranger was answered: %q", reply.Line)
	}
	if e := c.g.Journal()[0]; e.Kind != "http.stranger" {
		t.Errorf("journal has %v", e)
	}
}
