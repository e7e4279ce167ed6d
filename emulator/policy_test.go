package emulator

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func lease(d time.Duration) *Lease { l := Lease(d); return &l }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

const peer = "198.51.100.1"

// Each rule of Policy, by the error that it gives. What the rows are after is the catalogue of real gateways, groups C2 and C3; codes
// that no rule gives are those of WANIPConnection:1 §2.4 and :2 §2.5.
func TestPolicyCodes(t *testing.T) {
	const add1, any2, del, get, list = "AddPortMapping", "AddAnyPortMapping", "DeletePortMapping", "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry"
	own := []string{}
	key := add()[:6]
	for _, tt := range []struct {
		name   string
		policy Policy
		before []string // an add by "us" that comes first; empty: none
		action string
		args   []string
		v1, v2 int
	}{
		{"permanent only, another code", Policy{Leases: LeasePolicy{Accept: "permanent", Else: ErrorReply{Code: 402}}}, own, add1, add(), 402, 402},
		{"finite only", Policy{Leases: LeasePolicy{Accept: "finite"}}, own, add1, add("NewLeaseDuration", "0"), 402, 402},
		{"finite only, finite", Policy{Leases: LeasePolicy{Accept: "finite"}}, own, add1, add(), 0, 0},
		{"longest", Policy{Leases: LeasePolicy{Longest: Lease(time.Hour)}}, own, add1, add("NewLeaseDuration", "3601"), 402, 601},
		{"longest of any", Policy{Leases: LeasePolicy{Longest: Lease(time.Hour)}}, own, any2, add("NewLeaseDuration", "3601"), -1, 402},
		{"longest refused otherwise", Policy{Leases: LeasePolicy{Longest: Lease(time.Hour), Beyond: "725"}}, own, add1, add("NewLeaseDuration", "3601"), 725, 725},
		{"longest cut", Policy{Leases: LeasePolicy{Longest: Lease(time.Hour), Beyond: "cut"}}, own, add1, add("NewLeaseDuration", "4294967295"), 0, 0},
		{"lowest port", Policy{Ports: PortPolicy{Lowest: 2000}}, own, add1, add("NewExternalPort", "1999"), 718, 606},
		{"lowest internal port", Policy{Ports: PortPolicy{Lowest: 2000}}, own, add1, add("NewInternalPort", "1999"), 718, 606},
		{"lowest port, another code", Policy{Ports: PortPolicy{Lowest: 2000, Else: ErrorReply{Code: 501}}}, own, add1, add("NewExternalPort", "1999"), 501, 501},
		{"shared address", Policy{Ports: PortPolicy{External: []PortRange{{5472, 5487}, {9568, 9583}}}}, own, add1, add(), 718, 606},
		{"shared address, allowed", Policy{Ports: PortPolicy{External: []PortRange{{5472, 5487}, {9568, 9583}}}}, own, add1, add("NewExternalPort", "9583"), 0, 0},
		{"internal ports", Policy{Ports: PortPolicy{Internal: []PortRange{{9000, 9000}}}}, own, add1, add(), 718, 606},
		{"reserved", Policy{Ports: PortPolicy{Reserved: ReservedPorts{Ports: []PortRange{{8080, 8080}}}}}, own, add1, add(), 718, 729},
		{"a ghost", Policy{Ports: PortPolicy{Reserved: ReservedPorts{Ports: []PortRange{{8080, 8080}}, Else: ErrorReply{Code: 718}}}}, own, add1, add(), 718, 718},
		{"a ghost is not seen", Policy{Ports: PortPolicy{Reserved: ReservedPorts{Ports: []PortRange{{8080, 8080}}}}}, own, get, key, 714, 714},
		{"only specific remote hosts", Policy{RemoteHost: RemoteHostPolicy{Accept: "specific"}}, own, add1, add(), 715, 715},
		{"remote host ignored", Policy{RemoteHost: RemoteHostPolicy{Accept: "ignored"}}, own, add1, add("NewRemoteHost", "nonsense"), 0, 0},
		{"host of the LAN", Policy{Clients: ClientPolicy{Accept: "lan"}}, own, add1, add("NewInternalClient", them), 0, 0},
		{"host of the Internet", Policy{Clients: ClientPolicy{Accept: "lan"}}, own, add1, add("NewInternalClient", peer), 402, 402},
		{"anything goes", Policy{Clients: ClientPolicy{Accept: "any"}}, own, add1, add("NewInternalClient", peer), 0, 0},
		{"another client, another code", Policy{Clients: ClientPolicy{Else: ErrorReply{Code: 501}}}, own, add1, add("NewInternalClient", them), 501, 501},
		{"no client is the caller", Policy{Clients: ClientPolicy{Empty: "caller"}}, own, add1, add("NewInternalClient", ""), 0, 0},
		{"no client, another code", Policy{Clients: ClientPolicy{Empty: "501"}}, own, add1, add("NewInternalClient", ""), 501, 501},
		{"client by name", Policy{Clients: ClientPolicy{Hosts: map[string]netip.Addr{"nas": addr(us)}}}, own, add1, add("NewInternalClient", "nas"), 0, 0},
		{"client by another name", Policy{Clients: ClientPolicy{Hosts: map[string]netip.Addr{"nas": addr(us)}}}, own, add1, add("NewInternalClient", "pc"), 402, 402},
		{"own renewal refused", Policy{Conflict: ConflictPolicy{Own: "718"}}, add(), add1, add(), 718, 718},
		{"twin refused", Policy{Conflict: ConflictPolicy{Twin: "718"}}, add(), add1, add("NewRemoteHost", peer), 718, 718},
		{"both protocols refused", Policy{Conflict: ConflictPolicy{OtherProtocol: "501"}}, add(), add1, add("NewProtocol", "UDP"), 501, 501},
		{"full", Policy{Capacity: CapacityPolicy{Entries: 1, Else: ErrorReply{Code: 402}}}, add(), add1, add("NewExternalPort", "9000"), 402, 402},
		{"description required", Policy{Descriptions: DescriptionPolicy{Empty: "402"}}, own, add1, add("NewPortMappingDescription", ""), 402, 402},
		{"description too long", Policy{Descriptions: DescriptionPolicy{Limit: 3, Beyond: "501"}}, own, add1, add(), 501, 501},
		{"description taken", Policy{Descriptions: DescriptionPolicy{Taken: "718"}}, add(), add1, add("NewExternalPort", "9000"), 718, 718},
		{"description taken by itself", Policy{Descriptions: DescriptionPolicy{Taken: "718"}}, add(), add1, add(), 0, 0},
		{"no AddAny", Policy{AnyPort: AnyPortPolicy{Choose: "none"}}, own, any2, add(), -1, 401},
		{"end of list", Policy{List: ListPolicy{End: "402"}}, own, list, []string{"NewPortMappingIndex", "0"}, 402, 402},
		{"the last for ever", Policy{List: ListPolicy{End: "last"}}, add(), list, []string{"NewPortMappingIndex", "7"}, 0, 0},
		{"the last of none", Policy{List: ListPolicy{End: "last"}}, own, list, []string{"NewPortMappingIndex", "0"}, 713, 713},
		{"leased are hidden", Policy{List: ListPolicy{Hides: "leased"}}, add(), get, key, 714, 714},
		{"permanent are not", Policy{Leases: LeasePolicy{Accept: "permanent"}, List: ListPolicy{Hides: "leased"}}, add("NewLeaseDuration", "0"), get, key, 0, 0},
		{"all are hidden", Policy{List: ListPolicy{Hides: "all"}}, add(), list, []string{"NewPortMappingIndex", "0"}, 713, 713},
		{"not found", Policy{Codes: map[Reason]ErrorReply{NoEntry: {Code: 402}}}, own, get, key, 402, 402},
		{"nothing to delete", Policy{Codes: map[Reason]ErrorReply{NoEntry: {Code: 402}}}, own, del, key, 714, 714},
		{"arguments in any order", Policy{Arguments: ArgumentPolicy{Order: "any"}}, own, add1, append(add()[2:], "NewRemoteHost", ""), 0, 0},
		{"an argument is missing", Policy{Arguments: ArgumentPolicy{Missing: "accepted"}}, own, add1, add()[2:], 0, 0},
		{"an argument is missing, in this order", Policy{Arguments: ArgumentPolicy{Missing: "501"}}, own, add1, add()[2:], 501, 501},
		{"the protocol is missing", Policy{Arguments: ArgumentPolicy{Missing: "accepted"}}, own, del, key[:4], 402, 402},
		{"an argument more", Policy{Arguments: ArgumentPolicy{Extra: "accepted"}}, own, add1, append(add(), "NewExtra", ""), 0, 0},
		{"lower case", Policy{Arguments: ArgumentPolicy{AnyCase: true}}, own, add1, add("NewProtocol", "tcp"), 0, 0},
	} {
		for version, want := range map[int]int{1: tt.v1, 2: tt.v2} {
			if want < 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", tt.name, version), func(t *testing.T) {
				c := call1(t, Options{Version: version, Policy: tt.policy})
				if len(tt.before) > 0 {
					if got, _ := c.do(ipConnection, version, add1, tt.before...); got != 0 {
						t.Fatalf("the first add: error %d", got)
					}
				}
				if got, _ := c.do(ipConnection, version, tt.action, tt.args...); got != want {
					t.Errorf("error %d, want %d", got, want)
				}
			})
		}
	}
}

// What a page of the router's own has forwarded is in no list, but in the way; and a mapping beside it is seen.
func TestStaticHidden(t *testing.T) {
	o := Options{Version: 1, Mappings: []InitialMapping{{ExternalPort: 8080, InternalClient: addr(them), Static: true}}}
	key, first := add()[:6], []string{"NewPortMappingIndex", "0"}
	look := func(c caller, want int) {
		t.Helper()
		for action, args := range map[string][]string{"GetSpecificPortMappingEntry": key, "GetGenericPortMappingEntry": first} {
			got, _ := c.do(ipConnection, 1, action, args...)
			if got != want && !(want == 714 && got == 713) {
				t.Errorf("%s: error %d, want %d", action, got, want)
			}
		}
	}
	look(call1(t, o), 0)
	o.Policy = Policy{List: ListPolicy{Hides: "static"}}
	c := call1(t, o)
	look(c, 714)
	if got, _ := c.do(ipConnection, 1, "AddPortMapping", add()...); got != 718 {
		t.Errorf("error %d, want 718", got)
	}
	o.Policy.Conflict.Static = "duplicate"
	c = call1(t, o)
	if got, _ := c.do(ipConnection, 1, "AddPortMapping", add()...); got != 0 {
		t.Errorf("error %d beside it", got)
	}
	look(c, 0)
	look(c.as("127.0.0.77"), 0) // and by others
}

// What the table holds after adds, as external port, client, internal port and lease in seconds.
func TestPolicyMakes(t *testing.T) {
	foreign := ClientPolicy{Accept: "any"}
	theirs := func(change ...string) []string { return add(append(change, "NewInternalClient", them)...) }
	for _, tt := range []struct {
		name    string
		version int
		options Options
		calls   [][]string // what PortMapping action, with the error it gives, and its arguments
		want    []string
	}{
		{"zero is a week", 1, Options{Policy: Policy{Leases: LeasePolicy{Zero: lease(7 * 24 * time.Hour)}}},
			[][]string{append([]string{"Add"}, add("NewLeaseDuration", "0")...)}, []string{"8080 us 8080 604800"}},
		{"zero is permanent", 2, Options{Policy: Policy{Leases: LeasePolicy{Zero: lease(0)}}},
			[][]string{append([]string{"Add"}, add("NewLeaseDuration", "0")...)}, []string{"8080 us 8080 0"}},
		{"beyond a week is a week", 2, Options{Policy: Policy{Leases: LeasePolicy{Beyond: "cut"}}},
			[][]string{append([]string{"Add"}, add("NewLeaseDuration", "700000")...)}, []string{"8080 us 8080 604800"}},
		{"a day whatever is asked", 1, Options{Policy: Policy{Leases: LeasePolicy{Force: lease(24 * time.Hour)}}},
			[][]string{append([]string{"Add"}, add("NewLeaseDuration", "0")...), append([]string{"Add"}, add("NewExternalPort", "9000", "NewLeaseDuration", "1000000")...)},
			[]string{"8080 us 8080 86400", "9000 us 8080 86400"}},
		{"gone at once, unless permanent", 1, Options{Policy: Policy{Leases: LeasePolicy{Longest: Lease(time.Second), Beyond: "cut"}}},
			[][]string{append([]string{"Add"}, add("NewLeaseDuration", "0")...), append([]string{"Add"}, add("NewExternalPort", "9000")...)},
			[]string{"8080 us 8080 0", "9000 us 8080 1"}},
		{"the internal port is ignored", 2, Options{Policy: Policy{Ports: PortPolicy{Equal: "forced"}}},
			[][]string{append([]string{"AddAny"}, add("NewInternalPort", "9999")...)}, []string{"8080 us 8080 3600"}},
		{"another client is overwritten", 1, Options{Policy: Policy{Clients: foreign, Conflict: ConflictPolicy{Other: "overwrite"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, theirs("NewInternalPort", "9999")...)}, []string{"8080 them 9999 3600"}},
		{"two clients have one port", 1, Options{Policy: Policy{Clients: foreign, Conflict: ConflictPolicy{Other: "duplicate"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, theirs()...), append([]string{"Add"}, theirs("NewLeaseDuration", "60")...)},
			[]string{"8080 us 8080 3600", "8080 them 8080 60"}},
		{"every renewal is a new row", 1, Options{Policy: Policy{Conflict: ConflictPolicy{Own: "duplicate"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, add()...)}, []string{"8080 us 8080 3600", "8080 us 8080 3600"}},
		{"twins overwrite", 1, Options{Policy: Policy{Conflict: ConflictPolicy{Twin: "overwrite"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, add("NewRemoteHost", peer)...)}, []string{"8080 us 8080 3600"}},
		{"one description, one mapping", 1, Options{Policy: Policy{Descriptions: DescriptionPolicy{Taken: "overwrite"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, add("NewProtocol", "UDP")...)}, []string{"8080 us 8080 3600"}},
		{"neighbours", 2, Options{Policy: Policy{Clients: foreign, AnyPort: AnyPortPolicy{Choose: "neighbours"}}},
			[][]string{append([]string{"Add"}, theirs()...), append([]string{"AddAny"}, add()...), append([]string{"AddAny"}, add("NewInternalPort", "9000")...), append([]string{"AddAny"}, add("NewInternalPort", "9001")...)},
			[]string{"8080 them 8080 3600", "8081 us 8080 3600", "8079 us 9000 3600", "8082 us 9001 3600"}},
		{"neighbours of the allowed", 2, Options{Policy: Policy{AnyPort: AnyPortPolicy{Choose: "neighbours"}, Ports: PortPolicy{External: []PortRange{{5472, 5487}, {9568, 9583}}}}},
			[][]string{append([]string{"AddAny"}, add()...)}, []string{"9568 us 8080 3600"}},
		{"any port is not every port", 2, Options{Policy: Policy{Ports: PortPolicy{Zero: "accepted", External: []PortRange{{9000, 9000}}}}},
			[][]string{append([]string{"Add"}, add("NewExternalPort", "0")...), append([]string{"AddAny"}, add("NewExternalPort", "0")...)},
			[]string{"0 us 8080 3600", "9000 us 8080 3600"}},
		{"no room under another key", 1, Options{Policy: Policy{Capacity: CapacityPolicy{Entries: 1}},
			Faults: []Fault{{On: "table.add", When: When{AfterCount: 1}, Do: Deed{Set: texts("NewExternalPort", "9000")}}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add 501"}, add()...)}, []string{"8080 us 8080 3600"}},
		{"ports pile up", 2, Options{Policy: Policy{AnyPort: AnyPortPolicy{Choose: "neighbours", Own: "another"}}},
			[][]string{append([]string{"AddAny"}, add()...), append([]string{"AddAny"}, add()...)}, []string{"8080 us 8080 3600", "8081 us 8080 3600"}},
		{"a static forward is overwritten", 1, Options{Policy: Policy{Conflict: ConflictPolicy{Static: "overwrite"}},
			Mappings: []InitialMapping{{ExternalPort: 8080, InternalClient: addr(them), Static: true}}},
			[][]string{append([]string{"Add"}, add()...)}, []string{"8080 us 8080 3600"}},
		{"static twins stand", 1, Options{Policy: Policy{Clients: foreign, Conflict: ConflictPolicy{Other: "overwrite"}},
			Mappings: []InitialMapping{{ExternalPort: 8080, InternalClient: addr(us)}, {ExternalPort: 8080, RemoteHost: addr(peer), InternalClient: addr(us), Static: true}}},
			[][]string{append([]string{"Add 718"}, add("NewRemoteHost", peer)...), append([]string{"Add 718"}, theirs()...)}, []string{"8080 us 8080 0", "8080 us 8080 0"}},
		{"a static namesake stands", 1, Options{Policy: Policy{Descriptions: DescriptionPolicy{Taken: "overwrite"}},
			Mappings: []InitialMapping{{ExternalPort: 9000, InternalClient: addr(us), Description: "web", Static: true}}},
			[][]string{append([]string{"Add 718"}, add("NewPortMappingDescription", "web")...)}, []string{"9000 us 9000 0"}},
		{"a namesake goes once", 1, Options{Policy: Policy{Clients: foreign, Conflict: ConflictPolicy{Other: "overwrite"}, Descriptions: DescriptionPolicy{Taken: "overwrite"}},
			Mappings: []InitialMapping{
				{ExternalPort: 8080, InternalClient: addr(us), Description: "web"}, {ExternalPort: 8080, RemoteHost: addr(peer), InternalClient: addr(us), Description: "web"},
			}},
			[][]string{append([]string{"Add"}, theirs("NewPortMappingDescription", "web")...)}, []string{"8080 them 8080 3600"}},
		{"a renewal keeps its lease, another client does not", 1, Options{Policy: Policy{Clients: foreign, Conflict: ConflictPolicy{Other: "overwrite"}, Leases: LeasePolicy{Renew: "keeps"}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Add"}, add("NewLeaseDuration", "60")...), append([]string{"Add"}, add("NewExternalPort", "9000")...), append([]string{"Add"}, theirs("NewExternalPort", "9000", "NewLeaseDuration", "60")...)},
			[]string{"8080 us 8080 3600", "9000 them 8080 60"}},
		{"a port rests", 1, Options{Policy: Policy{Conflict: ConflictPolicy{AfterDelete: Rest{For: Duration(time.Hour)}}}},
			[][]string{append([]string{"Add"}, add()...), append([]string{"Delete"}, add()[:6]...), append([]string{"Add 718"}, add()...)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.options
			o.Version = tt.version
			c := call1(t, o)
			for _, call := range tt.calls {
				verb, want, refused := strings.Cut(call[0], " ")
				if !refused {
					want = "0"
				}
				got, _ := c.do(ipConnection, tt.version, verb+"PortMapping", call[1:]...)
				if fmt.Sprint(got) != want {
					t.Errorf("%s: error %d, want %s", verb, got, want)
				}
			}
			var got []string
			for _, m := range c.g.Mappings() {
				client := map[string]string{us: "us", them: "them"}[m.InternalClient.String()]
				got = append(got, fmt.Sprintf("%d %s %d %d", m.ExternalPort, client, m.InternalPort, m.Lease/time.Second))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("table (-want +got):\n%s", d)
			}
			if n := c.g.state.connections[0].mappings.len(); n != len(got) {
				t.Errorf("%d entries are counted, not %d", n, len(got))
			}
		})
	}
}
