package emulator

import (
	"math"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](v T) *T { return &v }

// texts makes settings of names and texts.
func texts(pairs ...string) map[string]Setting {
	all := map[string]Setting{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = Setting{Text: &pairs[i+1]}
	}
	return all
}

func TestFaultProblems(t *testing.T) {
	drop, refuse := Deed{Drop: true}, Deed{UPnPError: &ErrorReply{Code: 501}}
	tests := []struct {
		name   string
		faults []Fault
		want   []string
	}{
		{"good ones", []Fault{
			{On: "table.add", If: Condition{Size: Count{AtLeast: ptr(32)}}, Do: Deed{Store: ptr(false)}},
			{On: "view.GetGenericPortMappingEntry", Do: Deed{Set: texts("NewInternalClient", "0.0.0.0")}},
			{On: "view.external-ip", When: When{Windows: &Windows{Gap: Span{13e9, 103e9}, For: 60e9}}, Do: refuse},
			{On: "table.add", Do: Deed{Set: map[string]Setting{"NewInternalPort": {SameAs: "NewExternalPort"}}}},
			{On: "soap.*", If: Condition{Arg: map[string]Test{"NewInternalPort": {Below: ptr(int64(1024))}}}, Do: Deed{Hang: true}},
		}, nil},
		{"no such layer", []Fault{{On: "table.ad", Do: refuse}}, []string{`faults[0].on: "table.ad" is no layer (` + layerNames + `, soap.Action or view.Action); did you mean "table.add"?`}},
		{"no such action", []Fault{{On: "soap.AddPortMaping", Do: refuse}}, []string{`faults[0].on: no service of this device has the action AddPortMaping; did you mean "soap.AddPortMapping"?`}},
		{"nothing", []Fault{{On: "soap.*"}}, []string{`faults[0].do: nothing is done`}},
		{"verb of another layer", []Fault{{On: "table.add", Do: Deed{Hang: true}}}, []string{`faults[0].do.hang: table.add cannot do that, only upnp-error, store, silent, set and then`}},
		{"condition of another layer", []Fault{{On: "table.expire", If: Condition{Version: Test{Equals: ptr("HTTP/1.0")}}, Do: Deed{Silent: true}}},
			[]string{`faults[0].if.version: table.expire cannot be asked that, only size, arg and age`}},
		{"no such argument", []Fault{{On: "soap.DeletePortMapping", If: Condition{Arg: map[string]Test{"NewExternalPorts": {Empty: ptr(true)}}}, Do: refuse}},
			[]string{`faults[0].if.arg.NewExternalPorts: there is no NewExternalPorts here, only NewRemoteHost, NewExternalPort and NewProtocol; did you mean "NewExternalPort"?`}},
		{"a text is no number", []Fault{{On: "soap.AddPortMapping", If: Condition{Arg: map[string]Test{"NewProtocol": {Below: ptr(int64(3))}, "NewLeaseDuration": {Below: ptr(int64(3))}}}, Do: refuse}},
			[]string{`faults[0].if.arg.NewProtocol: NewProtocol is no number that could be below or above another`}},
		{"two verbs", []Fault{{On: "soap.*", Do: Deed{Drop: true, Close: RST}}}, []string{`faults[0].do.close: one verb ends the occasion, and there is drop already`}},
		{"two verbs on the same occasions", []Fault{{On: "ssdp.search", Do: drop}, {On: "ssdp.search", If: Condition{Via: "multicast"}, Do: drop}, {On: "ssdp.search", Do: drop}},
			[]string{
				`faults[1].do.drop: never happens: faults[0] does drop on the same occasions (ssdp.search) and comes first`,
				`faults[2].do.drop: never happens: faults[0] does drop on the same occasions (ssdp.search) and comes first`}},
		{"any call before one action", []Fault{{On: "soap.*", Do: drop}, {On: "soap.AddPortMapping", Do: refuse}, {On: "soap.unknown", Do: refuse}}, []string{
			`faults[1].do.upnp-error: never happens: faults[0] does drop on the same occasions (soap.*) and comes first`,
			`faults[2].do.upnp-error: never happens: faults[0] does drop on the same occasions (soap.*) and comes first`}},
		{"one action before any call", []Fault{
			{On: "soap.AddPortMapping", Do: refuse}, {On: "soap.*", When: When{Chance: 0.5}, Do: drop}, {On: "soap.GetStatusInfo", Do: refuse}, {On: "soap.*", Do: Deed{Delay: Span{1, 1}}},
		}, nil},
		{"the same condition at all times before some", []Fault{
			{On: "ssdp.search", If: Condition{Via: "unicast"}, Do: drop},
			{On: "ssdp.search", If: Condition{Via: "unicast"}, When: When{First: 1}, Do: drop},
			{On: "ssdp.search", If: Condition{Via: "multicast"}, When: When{First: 1}, Do: drop},
		}, []string{`faults[1].do.drop: never happens: faults[0] does drop on the same occasions (ssdp.search) and comes first`}},
		{"a text that is no port", []Fault{{On: "table.add", Do: Deed{Set: texts("NewInternalPort", "http")}}}, []string{`faults[0].do.set.NewInternalPort: "http" is no port`}},
		{"a port that is an address", []Fault{{On: "table.add", Do: Deed{Set: map[string]Setting{"NewInternalPort": {SameAs: "NewInternalClient"}}}}},
			[]string{`faults[0].do.set.NewInternalPort: "192.0.2.1" is no port`}},
		{"from nowhere", []Fault{{On: "ssdp.reply", Do: Deed{SendFrom: &Origin{}}}, {On: "ssdp.notify", Do: Deed{SendFrom: &Origin{Address: netip.MustParseAddr("239.255.255.250")}}}}, []string{
			"faults[0].do.send-from: must have a port or an address", "faults[1].do.send-from.address: 239.255.255.250 is nobody's address"}},
		{"no mapping", []Fault{{On: "soap.GetStatusInfo", If: Condition{Client: ClientTest{Word: "other"}}, Do: refuse}},
			[]string{`faults[0].if.client: soap.GetStatusInfo is not about a mapping whose client could be other: give an address`}},
		{"no mapping to remove", []Fault{
			{On: "soap.GetStatusInfo", Do: Deed{Then: []Then{{Action: Action{Remove: removeThis}}}}},
			{On: "table.add", Do: Deed{Then: []Then{{Action: Action{Remove: removeThis, WAN: ptr(0)}}}}},
		}, []string{
			`faults[0].do.then[0].remove: soap.GetStatusInfo is not about a mapping that could be removed`,
			`faults[1].do.then[0].wan: this mapping has a connection already`}},
		{"no such client", []Fault{{On: "table.add", If: Condition{Client: ClientTest{Word: "sane"}}, Do: refuse}}, []string{`faults[0].if.client: "sane" is neither same nor other nor routed nor an address or prefix; did you mean "same"?`}},
		{"no chance", []Fault{{On: "table.add", When: When{Chance: Chance(math.NaN()), First: -1}, Do: refuse}}, []string{
			`faults[0].when.first: must not be negative`,
			`faults[0].when.chance: NaN is no probability`}},
		{"until what cannot be deleted", []Fault{{On: "http.request", When: When{Until: "deleted", Per: "mapping"}, Do: drop}}, []string{
			`faults[0].when.per: http.request counts for client, connection and device`,
			`faults[0].when.until: http.request is not about a mapping that could be deleted`}},
		{"no rate", []Fault{{On: "soap.*", When: When{Rate: &Rate{Over: 1}}, Do: drop}}, []string{`faults[0].when.rate: must be over 1 to 1000 in some time`}},
		{"a half of a datagram", []Fault{{On: "ssdp.search", If: Condition{HalfClosed: ptr(true)}, Do: drop}}, []string{`faults[0].if.half-closed: ssdp.search cannot be asked that, only via, st, client, size, header, raw and crossed`}},
		{"an empty line in a head", []Fault{{On: "http.request", Do: Deed{HTTPStatus: &StatusReply{Status: 400, Head: "a\n\n{typ}"}}}}, []string{
			`faults[0].do.http-status.head: there is no word {typ} here, only {status}, {reason}, {server}, {date}, {type}, {length}, {connection}, {allow}, {sid}, {timeout}; did you mean "type"?`,
			`faults[0].do.http-status.head: line 2 is empty: a head ends there`}},
		{"windows too small", []Fault{{On: "soap.*", When: When{Windows: &Windows{For: 1}}, Do: drop}}, []string{`faults[0].when.windows: a window and the gap before it must last 1s or more`}},
		{"what XML cannot carry", []Fault{{On: "view.external-ip", Do: Deed{Set: map[string]Setting{externalIPArgument: {Hex: &Bytes{0xff}}}}}},
			[]string{`faults[0].do.set.NewExternalIPAddress: XML cannot carry it; replace bytes of http.body instead`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range (Options{Faults: tt.faults}).Problems() {
				got = append(got, p.Error())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

const layerNames = "tcp.accept, ssdp.search, ssdp.reply, ssdp.notify, http.request, http.head, http.body, xml, " +
	"soap.*, soap.unknown, table.add, table.delete, table.expire, view.external-ip, forward, gena.subscribe, gena.notify"
