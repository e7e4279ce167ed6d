package emulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a tree of the dialect's own does not serve, no client can reach.
func TestTreeProblems(t *testing.T) {
	connection := func(kind string, wan int) ServiceNode {
		return ServiceNode{Type: serviceURN + kind + ":1", WAN: wan}
	}
	gateway := func(services ...ServiceNode) *DeviceNode {
		return &DeviceNode{Type: deviceURN + "InternetGatewayDevice:1", Devices: []DeviceNode{{Type: deviceURN + "WANDevice:1", Services: services}}}
	}
	other := []any{"dialect", "description", "tree"}
	for _, tt := range []struct {
		name    string
		version int
		wan     []WAN
		tree    *DeviceNode
		want    []Problem
	}{
		{"the standard tree serves all", 1, []WAN{{}, {}}, nil, nil},
		{"one", 1, nil, gateway(connection(ipConnection, 0)), nil},
		{"two", 1, []WAN{{}, {Service: pppConnection}}, gateway(connection(ipConnection, 0), connection(pppConnection, 1)), nil},
		{"one of each kind", 1, []WAN{{Service: pppConnection}}, gateway(connection(ipConnection, 0), connection(pppConnection, 0)), nil},
		{"no gateway", 2, nil, &DeviceNode{Type: "urn:schemas-wifialliance-org:device:WFADevice:1"}, nil},
		{"the second is void", 1, []WAN{{}, {}}, gateway(connection(ipConnection, 0)), []Problem{{
			[]any{"wan", 1}, "no service of dialect.description.tree serves this connection: add a WANIPConnection with wan: 1 there", "", other,
		}}},
		{"another kind", 1, []WAN{{Service: pppConnection}}, gateway(connection(ipConnection, 0)), []Problem{{
			[]any{"wan", 0, "service"}, "dialect.description.tree serves this connection by WANIPConnection, not by WANPPPConnection", "", other,
		}}},
		{"PPP in version 2, as Livebox 3 has it", 2, []WAN{{Service: pppConnection}}, &DeviceNode{
			Type: deviceURN + "InternetGatewayDevice:2", Services: []ServiceNode{{Type: serviceURN + "WANPPPConnection:2"}},
		}, nil},
		{"PPP in the standard tree of version 2", 2, []WAN{{Service: pppConnection}}, nil, []Problem{{
			At: []any{"wan", 0, "service"}, Message: "WANPPPConnection exists in IGD:1 only",
		}}},
		{"another version", 2, nil, gateway(connection(ipConnection, 0)), []Problem{{
			[]any{"igd"}, "is 2, and dialect.description.tree is an InternetGatewayDevice:1", "", other,
		}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Version: tt.version, WAN: tt.wan}
			o.Dialect.Description.Tree = tt.tree
			if diff := cmp.Diff(tt.want, o.Problems()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
