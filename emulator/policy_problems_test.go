package emulator

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPolicyProblems(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options Options
		want    []string
	}{
		{"ideal", Options{}, nil},
		{"good", Options{Policy: Policy{
			Leases:   LeasePolicy{Accept: "permanent", Else: ErrorReply{Code: 725}, Zero: new(Lease)},
			Conflict: ConflictPolicy{Other: "501 Mapping conflicts", Own: "duplicate"},
			Codes:    map[Reason]ErrorReply{NoEntry: {Code: 402}},
		}}, nil},
		{"word", Options{Policy: Policy{Leases: LeasePolicy{Accept: "permanant"}}},
			[]string{`policy.leases.accept: "permanant" is not one of any, permanent, finite; did you mean "permanent"?`}},
		{"ruling", Options{Policy: Policy{Conflict: ConflictPolicy{Other: "overwrit"}}},
			[]string{`policy.conflict.other: "overwrit" is neither accepted nor overwrite nor duplicate nor a UPnP error from 400 to 999, such as 501 or "501 Table full"`}},
		{"code", Options{Policy: Policy{Ports: PortPolicy{Else: ErrorReply{Code: 42}}}},
			[]string{`policy.ports.else: a UPnP error has a code from 400 to 999, not 42`}},
		{"reason", Options{Policy: Policy{Codes: map[Reason]ErrorReply{"no-entri": {Code: 402}}}}, []string{"policy.codes.no-entri"}},
		{"range", Options{Policy: Policy{Ports: PortPolicy{External: []PortRange{{1, 2}, {4, 3}}}}},
			[]string{`policy.ports.external[1]: the range of ports 4-3 ends before it begins`}},
		{"lease", Options{Policy: Policy{Leases: LeasePolicy{Longest: -1}}}, []string{`policy.leases.longest: a lease is a number of seconds from 0 to 4294967295, not -1ns`}},
		{"zero of finite", Options{Policy: Policy{Leases: LeasePolicy{Accept: "finite", Zero: new(Lease)}}},
			[]string{`policy.leases.zero: says what 0 becomes, but only finite leases are accepted`}},
		{"capacity", Options{Policy: Policy{Pinholes: PinholePolicy{Capacity: CapacityPolicy{Entries: 70000}}}},
			[]string{`policy.pinholes.capacity.entries: must be within 1..65535, not 70000`}},
		{"late", Options{Policy: Policy{ExternalIP: ExternalIPPolicy{Late: -1}}}, []string{`policy.external-ip.late: must not be negative`}},
		{"bits", Options{Policy: Policy{Counters: CounterPolicy{Bits: 16}}}, []string{`policy.counters.bits: must be 32 or 64, not 16`}},
		{"host", Options{Policy: Policy{Clients: ClientPolicy{Hosts: map[string]netip.Addr{"nas": addr("::1")}}}},
			[]string{`policy.clients.hosts.nas: must be an IPv4 address, not ::1`}},
		{"connection", Options{Version: 1, WAN: []WAN{{}, {Status: "Up"}}}, []string{`wan[1].status: WANIPConnection has no connection status "Up"`}},
		{"mapping", Options{Mappings: []InitialMapping{{Protocol: "tcp", WAN: 1}}},
			[]string{`mappings[0].protocol: must be TCP or UDP, not "tcp"`, `mappings[0].wan: there is no connection 1`}},
	} {
		var got []string
		for i, p := range tt.options.Problems() {
			if text := p.Error(); tt.name == "reason" && i == 0 {
				got = append(got, text[:min(len(text), len("policy.codes.no-entri"))])
			} else {
				got = append(got, text)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// Every reason has an error in some standard, and is known by its name.
func TestReasonsHaveCodes(t *testing.T) {
	for _, word := range Reason("").Choices() {
		var r Reason
		if err := r.UnmarshalText([]byte(word)); err != nil {
			t.Error(err)
		}
		for version := 1; version <= 2; version++ {
			if code := r.code(version, "AddPortMapping"); !upnpCode(code) {
				t.Errorf("%s of version %d: code %d", r, version, code)
			}
		}
	}
}
