package emulator

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

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
	return c.g.presence.serveHTTP(context.Background(), req)
}

// do invokes an action of the service and answers the UPnP error code and the out-arguments.
func (c caller) do(kind string, version int, action string, args ...string) (int, []soap.Arg) {
	c.t.Helper()
	return c.invoke(kind, fmt.Sprintf("%s%s:%d", serviceURN, kind, version), action, args...)
}

// invoke is do with a service type spelled in any way.
func (c caller) invoke(kind, urn, action string, args ...string) (int, []soap.Arg) {
	c.t.Helper()
	reply := c.request("POST", c.path(kind), http1.Fields{
		{Name: "Content-Type", Value: xmlType},
		{Name: "SOAPAction", Value: `"` + urn + "#" + action + `"`},
	}, soap.WriteRequest(urn, action, pairs(args)))
	return c.read(reply, urn, action)
}

// pairs are arguments whose names and values alternate.
func pairs(args []string) (all []soap.Arg) {
	for i := 0; i < len(args); i += 2 {
		all = append(all, soap.Arg{Name: args[i], Value: args[i+1]})
	}
	return all
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
	c.g.presence.root.visit(func(d *device) {
		for _, s := range d.services {
			if s.kind == kind {
				path = s.controlURL
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

func TestVersionsOfAService(t *testing.T) {
	c := call1(t, Options{Version: 2})
	if got, out := c.do(ipConnection, 1, "GetExternalIPAddress"); got != 0 || len(out) != 1 {
		t.Errorf("a lower version was refused: %d", got)
	}
	for name, got := range map[string]func() (int, []soap.Arg){
		"action of version 2 by version 1": func() (int, []soap.Arg) { return c.do(ipConnection, 1, "AddAnyPortMapping", add()...) },
		"version 1 in another spelling": func() (int, []soap.Arg) {
			return c.invoke(ipConnection, serviceURN+ipConnection+":01", "GetExternalIPAddress")
		},
		"version 3":      func() (int, []soap.Arg) { return c.do(ipConnection, 3, "GetExternalIPAddress") },
		"unknown action": func() (int, []soap.Arg) { return c.do(ipConnection, 2, "GetWeather") },
	} {
		if code, _ := got(); code != 401 {
			t.Errorf("%s: error %d, want 401", name, code)
		}
	}
}

// Every action must answer as many values as its SCPD has out-arguments.
func TestActionsAnswerWhatTheirSCPDSays(t *testing.T) {
	args := map[string]string{
		"NewConnectionType": ipRouted, "NewEndPort": "65535", "NewUserName": "user", "NewPassword": "secret",
		"RemoteHost": "", "InternalClient": host6, "InternalPort": "8080", "Protocol": "6", "LeaseTime": "60", "NewLeaseTime": "60", "UniqueID": "1",
	}
	for i := 0; i < len(add()); i += 2 {
		args[add()[i]] = add()[i+1]
	}
	for _, define := range definitions() {
		d := define()
		o := Options{Version: d.version, Connection: ipConnection}
		switch d.kind {
		case firewallControl:
			o.Version = 2
			o.Clients = []netip.Prefix{netip.MustParsePrefix(us + "/8"), netip.MustParsePrefix("2001:db8::/32")}
		case pppConnection:
			o.Connection = pppConnection
		case commonInterface, layer3Forwarding:
			o.Version = 1
		}
		for name, a := range d.actions {
			c := call1(t, o)
			if code, _ := c.do(o.Connection, o.Version, "AddPortMapping", add()...); code != 0 {
				t.Fatalf("add: error %d", code)
			}
			if d.kind == firewallControl {
				c = c.as(host6)
				code, _ := c.do(firewallControl, 1, "AddPinhole", "RemoteHost", "", "RemotePort", "0", "InternalClient", host6,
					"InternalPort", "8080", "Protocol", "6", "LeaseTime", "60")
				if code != 0 || !c.g.PassPinhole(1, 1) {
					t.Fatalf("pinhole: error %d", code)
				}
			}
			in := []string{}
			for _, arg := range a.in {
				v, ok := args[arg.name]
				switch {
				case ok:
				case arg.name == "NewDefaultConnectionService":
					v = c.g.state.defaultConnection
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
			if diff := cmp.Diff(a.outputs, names); code != 0 || diff != "" {
				t.Errorf("%s#%s: error %d (-want +got):\n%s", d.file(), name, code, diff)
			}
		}
	}
}
