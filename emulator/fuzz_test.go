package emulator

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// FuzzControl calls the control URL with anything: it must answer with a status of its own, and a table that is in order.
func FuzzControl(f *testing.F) {
	const urn = serviceURN + "WANIPConnection:2"
	seed := func(action string, args ...string) {
		var in []soap.Arg
		for i := 0; i < len(args); i += 2 {
			in = append(in, soap.Arg{Name: args[i], Value: args[i+1]})
		}
		f.Add(`"`+urn+"#"+action+`"`, xmlType, soap.WriteRequest(urn, action, in))
	}
	seed("AddPortMapping", add()...)
	seed("AddAnyPortMapping", add("NewExternalPort", "0", "NewRemoteHost", "198.51.100.1")...)
	seed("DeletePortMapping", add()[:6]...)
	seed("GetSpecificPortMappingEntry", add()[:6]...)
	seed("GetGenericPortMappingEntry", "NewPortMappingIndex", "0")
	seed("GetListOfPortMappings", "NewStartPort", "0", "NewEndPort", "65535", "NewProtocol", "TCP", "NewManage", "1", "NewNumberOfPorts", "0")
	seed("DeletePortMappingRange", "NewStartPort", "0", "NewEndPort", "65535", "NewProtocol", "TCP", "NewManage", "0")
	seed("SetConnectionType", "NewConnectionType", "IP_Routed")
	seed("ForceTermination")
	f.Add("", "", []byte("<html>"))
	c := call1(f, Options{Policy: Policy{Capacity: CapacityPolicy{Entries: 8}}})
	f.Fuzz(func(t *testing.T, action, contentType string, body []byte) {
		reply := c.request("POST", c.path(ipConnection), http1.Fields{
			{Name: "SOAPAction", Value: action}, {Name: "Content-Type", Value: contentType},
		}, body)
		switch status := strings.Fields(reply.Line)[1]; status {
		case "400":
		case "200", "500":
			msg, quirks, err := soap.Parse(reply.Body, xmlType, soap.Limits{})
			if err != nil || len(quirks) > 0 {
				t.Fatalf("answered %v, %v: %s", err, quirks, reply.Body)
			}
			if (msg.Fault != nil) != (status == "500") || msg.Fault != nil && msg.Fault.UPnPCode == 0 {
				t.Fatalf("status %s with %+v", status, msg)
			}
		default:
			t.Fatalf("status %s", status)
		}
		if n := len(c.g.Mappings()); n > 8 {
			t.Fatalf("%d mappings in a table of 8", n)
		}
	})
}

// FuzzSubscribe sends event subscriptions of any shape: none may be given a callback that leads elsewhere.
func FuzzSubscribe(f *testing.F) {
	f.Add("SUBSCRIBE", "<http://127.0.0.1:9/>", "upnp:event", "", "Second-1800")
	f.Add("SUBSCRIBE", "<http://127.0.0.1:9/><http://[::1]:9/>", "upnp:event", "", "Second-infinite")
	f.Add("SUBSCRIBE", "", "", "uuid:1", "Second-99999999999")
	f.Add("UNSUBSCRIBE", "", "", "uuid:1", "")
	f.Fuzz(func(t *testing.T, method, callback, nt, sid, timeout string) {
		for _, u := range callbacksOf(callback, func(addr netip.Addr) bool { return addr == netip.MustParseAddr(us) }) {
			parsed, err := url.Parse(u.url)
			if err != nil {
				t.Fatal(err)
			}
			host, err := netip.ParseAddr(parsed.Hostname())
			if err != nil || host.Unmap().String() != us || u.peer.Addr() != host || u.peer.Port() == 0 {
				t.Fatalf("callback %q leads to %v, %v", u.url, u.peer, err)
			}
		}
		if d := grantedTimeout(timeout); d < shortestSubscription || d > longestSubscription {
			t.Fatalf("granted %v for %q", d, timeout)
		}
		// Without a Sent hook called nothing is delivered, so no connection is made here.
		c := call1(t, Options{Version: 1})
		var fields http1.Fields
		for _, x := range []http1.Field{{Name: "CALLBACK", Value: callback}, {Name: "NT", Value: nt}, {Name: "SID", Value: sid}, {Name: "TIMEOUT", Value: timeout}} {
			if x.Value != "" {
				fields = append(fields, x)
			}
		}
		reply := c.request(method, "/event/WANIPConnection1", fields, nil)
		switch status := strings.Fields(reply.Line)[1]; status {
		case "200":
			if sub := c.g.subscribers; method == "SUBSCRIBE" && len(sub) != 1 {
				t.Fatalf("%d subscribers", len(sub))
			}
		case "400", "405", "412":
			if len(c.g.subscribers) > 0 {
				t.Fatalf("refused with %s and subscribed", status)
			}
		default:
			t.Fatalf("status %s", status)
		}
	})
}
