package emulator

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// BenchmarkFaults measures GetExternalIPAddress within the gateway: without faults, with one on another layer, with one that is asked
// and does not act, and what it costs to ask a layer that has none, which is to be nothing.
func BenchmarkFaults(b *testing.B) {
	never := Condition{Client: ClientTest{Addr: netip.MustParseAddr("192.0.2.1")}}
	refuse := Deed{UPnPError: &ErrorReply{Code: 501}}
	urn := serviceURN + "WANIPConnection:2"
	body := soap.WriteRequest(urn, "GetExternalIPAddress", nil)
	for name, faults := range map[string][]Fault{
		"none": nil, "elsewhere": {{On: "table.add", Do: refuse}}, "asked": {{On: "soap.*", If: never, Do: refuse}},
	} {
		b.Run(name, func(b *testing.B) {
			c := call1(b, Options{Faults: faults})
			fields := http1.Fields{{Name: "Content-Type", Value: xmlType}, {Name: "SOAPAction", Value: `"` + urn + `#GetExternalIPAddress"`}}
			path := c.path(ipConnection)
			b.ReportAllocs()
			for b.Loop() {
				c.request("POST", path, fields, body)
			}
		})
	}
	b.Run("meet", func(b *testing.B) {
		c := call1(b, Options{Faults: []Fault{{On: "table.add", Do: refuse}}})
		b.ReportAllocs()
		for b.Loop() {
			c.g.meet(&occasion{layer: onForward})
		}
	})
}
