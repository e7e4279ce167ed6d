package emulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// UDA 1.0 §3.2.1: M-POST with MAN: "http://schemas.xmlsoap.org/soap/envelope/"; ns=01 and 01-SOAPACTION. RFC 2774 §5: 510 where the
// extension is not understood.
func TestMPost(t *testing.T) {
	const (
		action = `"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`
		man    = `"http://schemas.xmlsoap.org/soap/envelope/"; ns=01`
	)
	fields := func(pairs ...string) (all http1.Fields) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, http1.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return all
	}
	for _, tt := range []struct {
		name, method string
		methods      []string
		fields       http1.Fields
		want         string
	}{
		{"extended", mPOST, []string{mPOST}, fields("MAN", man, "01-SOAPACTION", action), "200"},
		{"both", "POST", []string{"POST", mPOST}, fields("SOAPACTION", action), "200"},
		{"another prefix", mPOST, []string{mPOST}, fields("man", `"http://schemas.xmlsoap.org/soap/envelope/";ns="77"`, "77-SOAPAction", action), "200"},
		{"not allowed", "POST", []string{mPOST}, fields("SOAPACTION", action), "405 M-POST"},
		{"not the extended field", mPOST, []string{mPOST}, fields("MAN", man, "SOAPACTION", action), "400"},
		{"without MAN", mPOST, []string{mPOST}, fields("01-SOAPACTION", action), "510"},
		{"another extension", mPOST, []string{mPOST}, fields("MAN", `"urn:x"; ns=01`, "01-SOAPACTION", action), "510"},
		{"ideal", mPOST, nil, fields("MAN", man, "01-SOAPACTION", action), "405 POST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := call1(t, Options{Version: 1, Dialect: Dialect{SOAP: SOAPDialect{Methods: tt.methods}}})
			reply := c.request(tt.method, "/control/WANIPConnection1", tt.fields, soap.WriteRequest(serviceURN+"WANIPConnection:1", "GetExternalIPAddress", nil))
			if got := strings.TrimSpace(fmt.Sprint(reply.Status(), " ", reply.Fields.Get("Allow"))); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestEntities(t *testing.T) {
	for _, tt := range []struct {
		known    []string
		in, want string
	}{
		{nil, "&quot;&amp;", "&quot;&amp;"},
		{[]string{"amp", "lt", "gt"}, "a&quot;b&amp;c&#39;&lt;&#x41;", "a&amp;quot;b&amp;c&amp;#39;&lt;&amp;#x41;"},
		{[]string{"quot", numeric}, "&quot;&#39;&amp;", "&quot;&#39;&amp;amp;"},
		{[]string{"amp"}, "&", "&amp;"},
		{[]string{"amp"}, "<![CDATA[&quot;]]>&quot;<![CDATA[&lt;", "<![CDATA[&quot;]]>&amp;quot;<![CDATA[&lt;"},
	} {
		d := soapDialect{SOAPDialect: &SOAPDialect{Entities: tt.known}}
		if diff := cmp.Diff(tt.want, string(d.decoded([]byte(tt.in)))); diff != "" {
			t.Errorf("%v (-want +got)\n%s", tt.known, diff)
		}
	}
}

// What is forgiven to others makes a request malformed.
func TestStrict(t *testing.T) {
	action := http1.Fields{{Name: "SOAPAction", Value: `"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`}}
	sound := soap.WriteRequest(serviceURN+"WANIPConnection:1", "GetExternalIPAddress", nil)
	open := []byte(strings.TrimSuffix(string(sound), "</s:Envelope>"))
	for _, tt := range []struct {
		strict     *bool
		body       []byte
		wantStatus int
	}{
		{nil, sound, 200}, {nil, open, 200}, {new(false), open, 200}, {new(true), sound, 200}, {new(true), open, 400},
	} {
		c := call1(t, Options{Version: 1, Dialect: Dialect{SOAP: SOAPDialect{Strict: tt.strict}}})
		if got := c.request("POST", "/control/WANIPConnection1", action, tt.body).Status(); got != tt.wantStatus {
			t.Errorf("%q: %d, want %d", tt.body, got, tt.wantStatus)
		}
	}
}

// A body that is no control request, and a head that stands as it is written.
func TestMalformed(t *testing.T) {
	action := http1.Fields{{Name: "SOAPAction", Value: `"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress"`}, {Name: "Connection", Value: "close"}}
	for _, tt := range []struct {
		name    string
		refusal Refusal
		want    string
	}{
		{"ideal", Refusal{}, "HTTP/1.1 400 Bad Request"},
		{"a UPnP error", Refusal{Code: 402}, "<errorCode>402</errorCode>"},
		{"an HTTP status", Refusal{HTTPStatus: &StatusReply{Status: 503}}, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
		{"a head", Refusal{HTTPStatus: &StatusReply{
			Status: 501, Reason: "No", Type: "text/plain", Body: "never", Head: "HTTP/1.0 {status} {reason}\nServer : {server}\nConnection: {connection}\nSID: {sid}\nContent-type: {type}\nContent-length:{length}\n",
		}}, "HTTP/1.0 501 No\r\nServer : me\r\nConnection: close\r\nContent-type: text/plain\r\nContent-length:5\r\n\r\nnever"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := call1(t, Options{Version: 1, Dialect: Dialect{Server: new("me"), SOAP: SOAPDialect{Malformed: tt.refusal}}})
			reply := c.request("POST", "/control/WANIPConnection1", action, []byte("<html>"))
			if got := string(reply.Append(nil)); !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
