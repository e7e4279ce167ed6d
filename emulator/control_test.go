package emulator

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// caller invokes actions at the level of the HTTP handler, as the host addr.
type caller struct {
	t    testing.TB
	g    *Gateway
	addr netip.Addr
}

const (
	us   = "127.0.0.1"
	them = "127.0.0.2"
)

func call1(t testing.TB, o Options) caller {
	if o.SSDP == "" {
		o.SSDP = "off"
	}
	return caller{t, Start(t, o), netip.MustParseAddr(us)}
}

func (c caller) as(addr string) caller {
	c.addr = netip.MustParseAddr(addr)
	return c
}

func (c caller) request(method, target string, fields http1.Fields, body []byte) *http1.Reply {
	req := &http1.Request{Method: method, Target: target, Version: "HTTP/1.1", Body: body, Remote: netip.AddrPortFrom(c.addr, 40000)}
	req.Fields = fields
	return c.g.serveHTTP(context.Background(), req)
}

// do invokes an action of the service and answers the UPnP error code and the out-arguments.
func (c caller) do(kind string, version int, action string, args ...string) (int, []soap.Arg) {
	c.t.Helper()
	urn := fmt.Sprintf("%s%s:%d", serviceURN, kind, version)
	var in []soap.Arg
	for i := 0; i < len(args); i += 2 {
		in = append(in, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	reply := c.request("POST", c.path(kind), http1.Fields{
		{Name: "Content-Type", Value: xmlType},
		{Name: "SOAPAction", Value: `"` + urn + "#" + action + `"`},
	}, soap.WriteRequest(urn, action, in))
	return c.read(reply, urn, action)
}

func (c caller) read(reply *http1.Reply, urn, action string) (int, []soap.Arg) {
	c.t.Helper()
	msg, quirks, err := soap.Parse(reply.Body, reply.Fields.Get("Content-Type"), soap.Limits{})
	if err != nil || len(quirks) > 0 {
		c.t.Fatalf("%s: %v, forgiven %v in\n%s", action, err, quirks, reply.Body)
	}
	if msg.Fault != nil {
		if !strings.Contains(reply.Line, " 500 ") || msg.Fault.Code != "s:Client" || msg.Fault.String != "UPnPError" {
			c.t.Errorf("%s: fault %+v with %q", action, msg.Fault, reply.Line)
		}
		return msg.Fault.UPnPCode, nil
	}
	if !strings.Contains(reply.Line, " 200 ") || !msg.Response || msg.Action != action || msg.Service != urn {
		c.t.Errorf("%s: %q with %+v", action, reply.Line, msg)
	}
	return 0, msg.Args
}

func (c caller) path(kind string) (path string) {
	c.g.root.visit(func(d *device) {
		for _, s := range d.services {
			if s.kind == kind {
				path = c.g.dialect.controlPath + s.file()
			}
		}
	})
	return path
}

// add is what AddPortMapping and AddAnyPortMapping are called with; with changes single arguments of a good call.
func add(change ...string) []string {
	args := []string{
		"NewRemoteHost", "", "NewExternalPort", "8080", "NewProtocol", "TCP", "NewInternalPort", "8080",
		"NewInternalClient", us, "NewEnabled", "1", "NewPortMappingDescription", "test", "NewLeaseDuration", "3600",
	}
	for i := 0; i < len(change); i += 2 {
		for j := 0; j < len(args); j += 2 {
			if args[j] == change[i] {
				args[j+1] = change[i+1]
			}
		}
	}
	return args
}

// The expected codes are those of the protocol facts §2.1, §2.2 and §2.4.
func TestAddPortMappingCodes(t *testing.T) {
	const add1, any2 = "AddPortMapping", "AddAnyPortMapping"
	tests := []struct {
		name   string
		policy Policy
		action string
		args   []string
		v1, v2 int // -1: not for this version
	}{
		{"good", Policy{}, add1, add(), 0, 0},
		{"permanent or longest", Policy{}, add1, add("NewLeaseDuration", "0"), 0, 0},
		{"longest lease", Policy{}, add1, add("NewLeaseDuration", "604800"), 0, 0},
		{"lease too long", Policy{}, add1, add("NewLeaseDuration", "604801"), 0, 601},
		{"lease beyond ui4", Policy{}, add1, add("NewLeaseDuration", "4294967296"), 402, 402},
		{"negative lease", Policy{}, add1, add("NewLeaseDuration", "-1"), 402, 402},
		{"lease empty", Policy{}, add1, add("NewLeaseDuration", ""), 402, 402},
		{"unknown protocol", Policy{}, add1, add("NewProtocol", "SCTP"), 402, 600},
		{"protocol in lower case", Policy{}, add1, add("NewProtocol", "tcp"), 402, 600},
		{"external port not a number", Policy{}, add1, add("NewExternalPort", "http"), 402, 402},
		{"external port beyond ui2", Policy{}, add1, add("NewExternalPort", "65536"), 402, 402},
		{"external port 0", Policy{}, add1, add("NewExternalPort", "0"), 716, 716},
		{"external port 0 permitted", Policy{PortZero: true, LowPorts: true}, add1, add("NewExternalPort", "0"), 0, 0},
		{"internal port 0", Policy{}, add1, add("NewInternalPort", "0"), 402, 732},
		{"low port", Policy{}, add1, add("NewExternalPort", "80"), 0, 606},
		{"low internal port", Policy{}, add1, add("NewInternalPort", "80"), 0, 606},
		{"low port permitted", Policy{LowPorts: true}, add1, add("NewExternalPort", "80"), 0, 0},
		{"another client", Policy{}, add1, add("NewInternalClient", them), 718, 606},
		{"another client permitted", Policy{AnyClient: true}, add1, add("NewInternalClient", them), 0, 0},
		{"no client", Policy{}, add1, add("NewInternalClient", ""), 402, 402},
		{"client by name", Policy{AnyClient: true}, add1, add("NewInternalClient", "nas.lan"), 402, 402},
		{"enabled is a word", Policy{}, add1, add("NewEnabled", "true"), 0, 0},
		{"enabled is nonsense", Policy{}, add1, add("NewEnabled", "2"), 402, 402},
		{"remote host", Policy{}, add1, add("NewRemoteHost", "198.51.100.1"), 0, 0},
		{"remote host is nonsense", Policy{}, add1, add("NewRemoteHost", "*"), 402, 402},
		{"any remote host only", Policy{AnyRemoteHost: true}, add1, add("NewRemoteHost", "198.51.100.1"), 726, 726},
		{"permanent only", Policy{PermanentOnly: true}, add1, add(), 725, 725},
		{"permanent only, permanent", Policy{PermanentOnly: true}, add1, add("NewLeaseDuration", "0"), 0, 0},
		{"same ports only", Policy{SamePorts: true}, add1, add("NewInternalPort", "8081"), 724, 724},
		{"same ports only, same", Policy{SamePorts: true}, add1, add(), 0, 0},
		{"too few arguments", Policy{}, add1, add()[2:], 402, 402},
		{"too many arguments", Policy{}, add1, append(add(), "NewExtra", "1"), 402, 402},
		{"unknown argument", Policy{}, add1, append(add()[:14], "NewLeaseTime", "1"), 402, 402},
		{"wrong order", Policy{}, add1, append(add()[2:], "NewRemoteHost", ""), 402, 402},
		{"any", Policy{}, any2, add(), -1, 0},
		{"any port 0", Policy{}, any2, add("NewExternalPort", "0"), -1, 0},
		{"any, internal port 0", Policy{}, any2, add("NewInternalPort", "0"), -1, 732},
		{"any, unknown protocol", Policy{}, any2, add("NewProtocol", "SCTP"), -1, 402},
		{"any, lease too long", Policy{}, any2, add("NewLeaseDuration", "604801"), -1, 402},
		{"any, another client", Policy{}, any2, add("NewInternalClient", them), -1, 606},
		{"any in version 1", Policy{}, any2, add(), 401, -1},
	}
	for _, tt := range tests {
		for version, want := range map[int]int{1: tt.v1, 2: tt.v2} {
			if want < 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", tt.name, version), func(t *testing.T) {
				c := call1(t, Options{Version: version, Policy: tt.policy})
				got, _ := c.do(ipConnection, version, tt.action, tt.args...)
				if got != want {
					t.Errorf("error %d, want %d", got, want)
				}
				if n := len(c.g.Mappings()); (n == 1) != (want == 0) {
					t.Errorf("%d mappings after error %d", n, got)
				}
			})
		}
	}
}

func TestConflicts(t *testing.T) {
	for _, version := range []int{1, 2} {
		c := call1(t, Options{Version: version, Policy: Policy{AnyClient: true}})
		step := func(what string, want int, action string, args ...string) []soap.Arg {
			t.Helper()
			got, out := c.do(ipConnection, version, action, args...)
			if got != want {
				t.Errorf("version %d, %s: error %d, want %d", version, what, got, want)
			}
			return out
		}
		step("first", 0, "AddPortMapping", add()...)
		step("other client", 718, "AddPortMapping", add("NewInternalClient", them)...)
		step("other client, other remote host", 718, "AddPortMapping", add("NewInternalClient", them, "NewRemoteHost", "198.51.100.1")...)
		step("same client, other remote host", 0, "AddPortMapping", add("NewRemoteHost", "198.51.100.1")...)
		step("other protocol", 0, "AddPortMapping", add("NewInternalClient", them, "NewProtocol", "UDP")...)
		step("same client overwrites", 0, "AddPortMapping", add("NewInternalPort", "9999", "NewPortMappingDescription", "new", "NewEnabled", "0")...)
		out := step("read back", 0, "GetSpecificPortMappingEntry", add()[:6]...)
		want := []soap.Arg{{Name: "NewInternalPort", Value: "9999"}, {Name: "NewInternalClient", Value: us}, {Name: "NewEnabled", Value: "0"}, {Name: "NewPortMappingDescription", Value: "new"}}
		if diff := cmp.Diff(want, out[:4]); diff != "" {
			t.Errorf("overwritten entry (-want +got):\n%s", diff)
		}
		step("delete one remote host", 0, "DeletePortMapping", "NewRemoteHost", "198.51.100.1", "NewExternalPort", "8080", "NewProtocol", "TCP")
		step("the port is still held", 718, "AddPortMapping", add("NewInternalClient", them)...)
		step("delete the last", 0, "DeletePortMapping", add()[:6]...)
		step("the port is free", 0, "AddPortMapping", add("NewInternalClient", them)...)
	}
}

func TestSecureMode(t *testing.T) {
	for version, refused := range map[int]int{1: 714, 2: 606} {
		c := call1(t, Options{Version: version})
		c.do(ipConnection, version, "AddPortMapping", add()...)
		if got, _ := c.as(them).do(ipConnection, version, "GetSpecificPortMappingEntry", add()[:6]...); got != 0 {
			t.Errorf("version %d: reading another's entry: error %d", version, got)
		}
		if got, _ := c.as(them).do(ipConnection, version, "DeletePortMapping", add()[:6]...); got != refused {
			t.Errorf("version %d: deleting another's entry: error %d, want %d", version, got, refused)
		}
		if got, _ := c.do(ipConnection, version, "DeletePortMapping", add()[:6]...); got != 0 {
			t.Errorf("version %d: deleting one's own entry: error %d", version, got)
		}
	}
}

func TestCapacity(t *testing.T) {
	for version, full := range map[int]int{1: 501, 2: 728} {
		c := call1(t, Options{Version: version, Policy: Policy{Capacity: 2}})
		for i, want := range []int{0, 0, full} {
			if got, _ := c.do(ipConnection, version, "AddPortMapping", add("NewExternalPort", fmt.Sprint(2000+i))...); got != want {
				t.Errorf("version %d, mapping %d: error %d, want %d", version, i, got, want)
			}
		}
		if got, _ := c.do(ipConnection, version, "AddPortMapping", add("NewExternalPort", "2001", "NewInternalPort", "9999")...); got != 0 {
			t.Errorf("version %d: overwriting in a full table: error %d", version, got)
		}
	}
}

func TestNoPublicAddress(t *testing.T) {
	for _, addr := range []string{"0.0.0.0", "10.1.2.3", "100.64.0.1", "192.168.5.1"} {
		for _, require := range []bool{false, true} {
			c := call1(t, Options{ExternalIP: netip.MustParseAddr(addr), Policy: Policy{RequirePublicIP: require}})
			wantAddr, wantCode := addr, 0
			if require || addr == "0.0.0.0" {
				wantAddr = ""
			}
			if require {
				wantCode = 501
			}
			_, out := c.do(ipConnection, 2, "GetExternalIPAddress")
			if out[0].Value != wantAddr {
				t.Errorf("%s, required %v: external address %q, want %q", addr, require, out[0].Value, wantAddr)
			}
			if got, _ := c.do(ipConnection, 2, "AddPortMapping", add()...); got != wantCode {
				t.Errorf("%s, required %v: error %d, want %d", addr, require, got, wantCode)
			}
		}
	}
}

func TestLeaseCountsDown(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 2, Clock: clock})
	c.do(ipConnection, 2, "AddPortMapping", add("NewLeaseDuration", "100")...)
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "9000", "NewLeaseDuration", "0")...)
	lease := func(port string) (int, string) {
		code, out := c.do(ipConnection, 2, "GetSpecificPortMappingEntry", "NewRemoteHost", "", "NewExternalPort", port, "NewProtocol", "TCP")
		if code != 0 {
			return code, ""
		}
		return code, out[4].Value
	}
	for _, step := range []struct {
		advance time.Duration
		code    int
		left    string
		longest string
	}{
		{0, 0, "100", "604800"},
		{time.Second, 0, "99", "604799"},
		{98500 * time.Millisecond, 0, "1", "604701"},
		{499 * time.Millisecond, 0, "1", "604701"},
		{time.Millisecond, 714, "", "604700"},
	} {
		clock.Advance(step.advance)
		if code, left := lease("8080"); code != step.code || left != step.left {
			t.Errorf("after %v: error %d, %q left; want %d, %q", step.advance, code, left, step.code, step.left)
		}
		if _, left := lease("9000"); left != step.longest {
			t.Errorf("after %v: lease 0 has %q left, want %q", step.advance, left, step.longest)
		}
	}
	// Renewing starts the lease again.
	c.do(ipConnection, 2, "AddPortMapping", add("NewExternalPort", "9000", "NewLeaseDuration", "50")...)
	if _, left := lease("9000"); left != "50" {
		t.Errorf("renewed lease has %q left", left)
	}
}

func TestVersionsOfAService(t *testing.T) {
	c := call1(t, Options{Version: 2})
	if got, out := c.do(ipConnection, 1, "GetExternalIPAddress"); got != 0 || len(out) != 1 {
		t.Errorf("a lower version was refused: %d", got)
	}
	for name, got := range map[string]func() (int, []soap.Arg){
		"action of version 2 by version 1": func() (int, []soap.Arg) { return c.do(ipConnection, 1, "AddAnyPortMapping", add()...) },
		"version 3":                        func() (int, []soap.Arg) { return c.do(ipConnection, 3, "GetExternalIPAddress") },
		"unknown action":                   func() (int, []soap.Arg) { return c.do(ipConnection, 2, "GetWeather") },
	} {
		if code, _ := got(); code != 401 {
			t.Errorf("%s: error %d, want 401", name, code)
		}
	}
}

// Every action must answer as many values as its SCPD has out-arguments.
func TestActionsAnswerWhatTheirSCPDSays(t *testing.T) {
	for _, d := range definitions() {
		o := Options{Version: d.version, Connection: ipConnection}
		if d.kind == pppConnection {
			o.Connection = pppConnection
		} else if d.kind != ipConnection {
			o.Version = 1
		}
		for name, a := range d.actions {
			c := call1(t, o)
			c.do(o.Connection, o.Version, "AddPortMapping", add()...)
			args := map[string]string{}
			for i := 0; i < len(add()); i += 2 {
				args[add()[i]] = add()[i+1]
			}
			in := []string{}
			for _, arg := range a.in {
				v, ok := args[arg.name]
				switch {
				case ok:
				case arg.name == "NewConnectionType":
					v = ipRouted
				case arg.name == "NewDefaultConnectionService":
					v = c.g.state.defaultConnection
				case arg.name == "NewEndPort":
					v = "65535"
				default:
					v = "0"
				}
				in = append(in, arg.name, v)
			}
			code, out := c.do(d.kind, d.version, name, in...)
			if code == 731 && name == "SetConnectionType" {
				continue // read-only in version 2
			}
			var names []string
			for _, arg := range out {
				names = append(names, arg.Name)
			}
			if diff := cmp.Diff(a.out, names); code != 0 || diff != "" {
				t.Errorf("%s#%s: error %d (-want +got):\n%s", d.urn(), name, code, diff)
			}
		}
	}
}

func TestHTTP(t *testing.T) {
	c := call1(t, Options{Version: 1})
	control, event := c.path(ipConnection), c.g.dialect.eventPath+"WANIPConnection1"
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

// miniupnpc does not decode the listing: it must be found in the body as it is, in a CDATA section like miniupnpd's.
func TestListingIsCDATA(t *testing.T) {
	c := call1(t, Options{})
	c.do(ipConnection, 2, "AddPortMapping", add("NewPortMappingDescription", "]]> & <b>")...)
	urn := serviceURN + ipConnection + ":2"
	reply := c.request("POST", c.path(ipConnection), http1.Fields{{Name: "SOAPAction", Value: `"` + urn + `#GetListOfPortMappings"`}},
		soap.WriteRequest(urn, "GetListOfPortMappings", []soap.Arg{
			{Name: "NewStartPort", Value: "0"}, {Name: "NewEndPort", Value: "65535"}, {Name: "NewProtocol", Value: "TCP"},
			{Name: "NewManage", Value: "1"}, {Name: "NewNumberOfPorts", Value: "0"},
		}))
	for _, want := range []string{"<NewPortListing><![CDATA[<p:PortMappingList ", "<p:NewExternalPort>8080</p:NewExternalPort>", "</p:PortMappingList>]]></NewPortListing>"} {
		if !strings.Contains(string(reply.Body), want) {
			t.Errorf("no %s in\n%s", want, reply.Body)
		}
	}
	_, out := c.read(reply, urn, "GetListOfPortMappings")
	if entries, _, err := soap.ParsePortListing(out[0].Value); err != nil || len(entries) != 1 || entries[0].Description != "]]> & <b>" {
		t.Errorf("listing %+v, %v", entries, err)
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
