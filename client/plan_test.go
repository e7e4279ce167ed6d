package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// refuse fails one action with a code, n times; 0: always.
func refuse(action string, code, n int) func(string, PortMapping) error {
	left := n
	return func(a string, _ PortMapping) error {
		if a != action || n > 0 && left == 0 {
			return nil
		}
		left--
		return fault(code)
	}
}

// lose fails one action without an answer.
func lose(action string) func(string, PortMapping) error {
	return func(a string, _ PortMapping) error {
		if a != action {
			return nil
		}
		return errReset
	}
}

// all joins faults; the first that strikes counts.
func all(fs ...func(string, PortMapping) error) func(string, PortMapping) error {
	return func(a string, m PortMapping) error {
		for _, f := range fs {
			if err := f(a, m); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestPlan(t *testing.T) {
	foreign := rowOf(8080, "TCP", them, 32400, "Plex")
	sibling := rowOf(8080, "TCP", us, 51413, "Transmission")
	leased := func(m PortMapping, d time.Duration) PortMapping { m.Lease = d; return m }
	finite := func(a string, m PortMapping) error { // only permanent leases, as MikroTik
		if strings.HasPrefix(a, "Add") && m.Lease > 0 {
			return fault(soap.OnlyPermanentLeasesSupported)
		}
		return nil
	}
	const (
		ip, get, list, add, addAny, del = "GetExternalIPAddress", "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry",
			"AddPortMapping", "AddAnyPortMapping", "DeletePortMapping"
	)
	testPlans(t, []plan{
		{
			name:  "free port",
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "own entry is adopted and its lease begins anew",
			rows:  []PortMapping{leased(rowOf(8080, "TCP", us, 8080, "igdkit 8080 TCP"), time.Minute)},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: ours", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "another program's entry to the same place is shared, not touched",
			rows:  []PortMapping{rowOf(8080, "TCP", us, 8080, "Transmission")},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "Transmission"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: shared"},
			lease: "permanent",
		}, {
			name:  "foreign entry",
			rows:  []PortMapping{foreign},
			req:   Request{InternalPort: 8080},
			table: []string{text(foreign)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned"},
			bad:   `port 8080/tcp belongs to 192.168.1.20:32400 ("Plex")`,
		}, {
			name:  "another program's entry on this host",
			rows:  []PortMapping{sibling},
			req:   Request{InternalPort: 8080},
			table: []string{text(sibling)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned"},
			bad:   `port 8080/tcp belongs to another program on the same host, port 51413 ("Transmission")`,
		}, {
			name:  "any port goes on to the next",
			rows:  []PortMapping{foreign, rowOf(8081, "TCP", us, 1, "x")},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{text(foreign), `8081/tcp 192.168.1.10:1 "x"`, `8082/tcp 192.168.1.10:8080 "igdkit 8082 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned", get + " 8081/TCP: owned", get + " 8082/TCP: free",
				add + " 8082/TCP: accepted", get + " 8082/TCP: ours"},
		}, {
			name:  "any port on version 2",
			gw:    fakeGateway{v2: true},
			rows:  []PortMapping{foreign},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{text(foreign), `8081/tcp 192.168.1.10:8080 "igdkit 8081 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned", get + " 8081/TCP: free",
				addAny + " 8081/TCP: accepted", get + " 8081/TCP: ours"},
		}, {
			name:  "version 2 without AddAnyPortMapping",
			gw:    fakeGateway{v2: true, noAny: true},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", addAny + " 8080/TCP: asked again by AddPortMapping",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name: "version 2 that drops the connection on AddAnyPortMapping",
			gw: fakeGateway{v2: true, before: func(a string, _ PortMapping) error {
				if a == addAny {
					return errReset
				}
				return nil
			}},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", addAny + " 8080/TCP: no answer", get + " 8080/TCP: free",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name: "a lost answer to an add",
			gw: fakeGateway{after: func(a string, _ PortMapping) error {
				if a == add {
					return errReset
				}
				return nil
			}},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: no answer", get + " 8080/TCP: ours", get + " 8080/TCP: ours"},
		}, {
			name: "a lost answer to an AddAnyPortMapping that chose another port",
			gw: fakeGateway{v2: true, before: func(a string, m PortMapping) error {
				if a == get && m.ExternalPort == 8080 {
					return fault(soap.NoSuchEntryInArray)
				}
				return nil
			}, after: func(a string, _ PortMapping) error {
				if a == addAny {
					return errReset
				}
				return nil
			}},
			rows:  []PortMapping{foreign},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{text(foreign), `8081/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", addAny + " 8080/TCP: no answer", get + " 8080/TCP: free", get + " 8081/TCP: ours"},
		}, {
			name: "a gateway that says of each second half that it is taken",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Protocol == "UDP" {
					return fault(soap.ConflictInMappingEntry)
				}
				return nil
			}},
			req:   Request{Protocol: "both", InternalPort: 8080, AnyPort: true},
			table: []string{},
			trace: slices.Concat([]string{ip + ": 203.0.113.7"}, clash(8080), clash(8081), clash(8082)),
			bad:   "the gateway does not open port 8082/udp beside 8082/tcp: it gives one port number to TCP or to UDP, not to both",
		}, {
			name:  "only permanent leases",
			gw:    fakeGateway{before: finite},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: asked again without an end",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "permanent",
		}, {
			name:  "forced to another lease",
			gw:    fakeGateway{gives: 86400 * time.Second},
			req:   Request{InternalPort: 8080, Permanent: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "a pair",
			req:   Request{Protocol: "both", InternalPort: 80, ExternalPort: 8080, Lease: time.Hour},
			table: []string{`8080/tcp 192.168.1.10:80 "igdkit 8080 TCP"`, `8080/udp 192.168.1.10:80 "igdkit 8080 UDP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: ours", add + " 8080/UDP: accepted", get + " 8080/UDP: ours", get + " 8080/TCP: ours"},
			lease: "1h0m0s",
		}, {
			name:  "a pair of which one half belongs to somebody: nothing is added",
			rows:  []PortMapping{rowOf(8080, "UDP", them, 8080, "game")},
			req:   Request{Protocol: "both", InternalPort: 8080},
			table: []string{`8080/udp 192.168.1.20:8080 "game"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: owned"},
			bad:   `port 8080/udp belongs to 192.168.1.20:8080 ("game")`,
		}, {
			name: "a pair of which one half is refused: the other is removed",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Protocol == "UDP" {
					return fault(soap.ActionNotAuthorized)
				}
				return nil
			}},
			req:   Request{Protocol: "both", InternalPort: 8080},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: ours", add + " 8080/UDP: refused", get + " 8080/TCP: ours", del + " 8080/TCP: deleted", get + " 8080/TCP: free"},
			bad: "the gateway refuses port 8080/udp: upnp error 606",
		}, {
			name:  "a pair of which the second half takes the place of the first: neither stays, and no other port is tried",
			gw:    fakeGateway{single: true},
			req:   Request{Protocol: "both", InternalPort: 8080, AnyPort: true},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: ours", add + " 8080/UDP: accepted", get + " 8080/UDP: ours", get + " 8080/TCP: free",
				get + " 8080/TCP: free", get + " 8080/UDP: ours", del + " 8080/UDP: deleted", get + " 8080/UDP: free"},
			bad: "the gateway does not open port 8080/udp beside 8080/tcp: it gives one port number to TCP or to UDP, not to both",
		}, {
			name: "a pair of which one half was open before: it stays",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Protocol == "UDP" {
					return fault(soap.ActionNotAuthorized)
				}
				return nil
			}},
			rows:  []PortMapping{rowOf(8080, "TCP", us, 8080, "igdkit 8080 TCP")},
			req:   Request{Protocol: "both", InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: ours", get + " 8080/UDP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: ours", add + " 8080/UDP: refused"},
			bad: "the gateway refuses port 8080/udp: upnp error 606",
		}, {
			name: "a pair moves together",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Protocol == "UDP" && m.ExternalPort == 8080 {
					return fault(soap.ConflictInMappingEntry)
				}
				return nil
			}},
			req:   Request{Protocol: "both", InternalPort: 8080, AnyPort: true},
			table: []string{`8081/tcp 192.168.1.10:8080 "igdkit 8081 TCP"`, `8081/udp 192.168.1.10:8080 "igdkit 8081 UDP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: ours", add + " 8080/UDP: not on this port", get + " 8080/TCP: ours", del + " 8080/TCP: deleted", get + " 8080/TCP: free",
				get + " 8081/TCP: free", get + " 8081/UDP: free", add + " 8081/TCP: accepted", get + " 8081/TCP: ours",
				add + " 8081/UDP: accepted", get + " 8081/UDP: ours", get + " 8081/TCP: ours"},
		}, {
			name:  "a conflict that the table does not show",
			gw:    fakeGateway{before: refuse(add, soap.ConflictInMappingEntry, 0)},
			req:   Request{InternalPort: 8080},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: not on this port"},
			bad:   "port 8080/tcp is taken, and the gateway does not show by whom: upnp error 718",
		}, {
			name:  "absence said by 402, the table empty",
			gw:    fakeGateway{before: refuse(get, soap.InvalidArgs, 1)},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: list instead", list + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "402 for an entry that only the list shows",
			gw:    fakeGateway{before: refuse(get, soap.InvalidArgs, 0)},
			rows:  []PortMapping{sibling},
			req:   Request{InternalPort: 8080},
			table: []string{text(sibling)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: list instead", list + " 8080/TCP: owned"},
			bad:   `port 8080/tcp belongs to another program on the same host, port 51413 ("Transmission")`,
		}, {
			name:  "a gateway that answers no question",
			gw:    fakeGateway{before: all(refuse(get, soap.ActionFailed, 0), refuse(list, soap.ActionFailed, 0), refuse(ip, soap.ActionFailed, 0))},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": unknown", get + " 8080/TCP: list instead", list + " 8080/TCP: hidden", add + " 8080/TCP: accepted",
				get + " 8080/TCP: list instead", list + " 8080/TCP: hidden"},
			lease: "unknown",
			doubt: true,
		}, {
			name:  "an address that is not told, as the question is hung up on",
			gw:    fakeGateway{before: lose(ip)},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": no answer", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "a look that is hung up on, while the list answers",
			gw:    fakeGateway{before: lose(get)},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: no answer", list + " 8080/TCP: free", add + " 8080/TCP: accepted",
				get + " 8080/TCP: no answer", list + " 8080/TCP: ours"},
		}, {
			name:  "a look that is hung up on, and an entry that only the list shows",
			gw:    fakeGateway{before: lose(get)},
			rows:  []PortMapping{sibling},
			req:   Request{InternalPort: 8080},
			table: []string{text(sibling)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: no answer", list + " 8080/TCP: owned"},
			bad:   `port 8080/tcp belongs to another program on the same host, port 51413 ("Transmission")`,
		}, {
			name:  "absence said by 402, and a list that is hung up on",
			gw:    fakeGateway{before: all(refuse(get, soap.InvalidArgs, 1), lose(list))},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: list instead", list + " 8080/TCP: hidden", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "a gateway that hangs up on all but adds and deletes",
			gw:    fakeGateway{before: all(lose(get), lose(list), lose(ip))},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": no answer", get + " 8080/TCP: no answer", list + " 8080/TCP: hidden", add + " 8080/TCP: accepted",
				get + " 8080/TCP: no answer", list + " 8080/TCP: hidden"},
			lease: "unknown",
			doubt: true,
		}, {
			name:  "a gateway that hangs up on everything",
			gw:    fakeGateway{before: all(lose(get), lose(list), lose(ip), lose(add))},
			req:   Request{InternalPort: 8080},
			table: []string{},
			trace: []string{ip + ": no answer", get + " 8080/TCP: no answer", list + " 8080/TCP: hidden", add + " 8080/TCP: no answer",
				get + " 8080/TCP: no answer", list + " 8080/TCP: hidden"},
			bad: "open 8080/tcp: connection reset",
		}, {
			name:  "the internal port is forced",
			gw:    fakeGateway{forced: true},
			req:   Request{InternalPort: 80, ExternalPort: 8080},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: owned", del + " 8080/TCP: deleted", get + " 8080/TCP: free"},
			bad:   "the gateway forwards port 8080/tcp to port 8080 instead of 80",
		}, {
			name:  "for one remote host, where another program's entry admits everyone",
			rows:  []PortMapping{sibling},
			req:   Request{InternalPort: 8080, RemoteHost: netip.MustParseAddr("198.51.100.1")},
			table: []string{text(sibling)},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/TCP: owned"},
			bad:   `port 8080/tcp belongs to another program on the same host, port 51413 ("Transmission")`,
		}, {
			name:  "for one remote host",
			req:   Request{InternalPort: 8080, RemoteHost: netip.MustParseAddr("198.51.100.1")},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name: "AddAnyPortMapping chooses for a pair, around an entry that is not shown",
			gw: fakeGateway{v2: true, before: func(a string, m PortMapping) error {
				if a == get && m.ExternalPort == 8080 {
					return fault(soap.NoSuchEntryInArray)
				}
				return nil
			}},
			rows:  []PortMapping{foreign},
			req:   Request{Protocol: "both", InternalPort: 8080, AnyPort: true},
			table: []string{text(foreign), `8081/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`, `8081/udp 192.168.1.10:8080 "igdkit 8081 UDP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", addAny + " 8080/TCP: accepted on 8081",
				get + " 8081/TCP: ours", get + " 8081/UDP: free", add + " 8081/UDP: accepted", get + " 8081/UDP: ours", get + " 8081/TCP: ours"},
		}, {
			name: "a silent entry of the same host in the way of a pair's other half",
			gw: fakeGateway{v2: true, before: func(a string, m PortMapping) error {
				if a == get && m.ExternalPort == 8080 {
					return fault(soap.NoSuchEntryInArray)
				}
				return nil
			}},
			rows:  []PortMapping{foreign, rowOf(8081, "UDP", us, 1, "game")},
			req:   Request{Protocol: "both", InternalPort: 8080, AnyPort: true},
			table: []string{text(foreign), `8081/udp 192.168.1.10:1 "game"`, `8082/tcp 192.168.1.10:8080 "igdkit 8082 TCP"`, `8082/udp 192.168.1.10:8080 "igdkit 8082 UDP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", get + " 8080/UDP: free", addAny + " 8080/TCP: accepted on 8081",
				get + " 8081/TCP: ours", get + " 8081/UDP: owned", get + " 8081/TCP: ours", del + " 8081/TCP: deleted", get + " 8081/TCP: free",
				get + " 8081/TCP: free", get + " 8081/UDP: owned", get + " 8082/TCP: free", get + " 8082/UDP: free",
				addAny + " 8082/TCP: accepted", get + " 8082/TCP: ours", add + " 8082/UDP: accepted", get + " 8082/UDP: ours", get + " 8082/TCP: ours"},
		}, {
			name:  "an own entry that cannot be renewed while it lives is used as it is",
			gw:    fakeGateway{before: refuse(add, soap.ConflictInMappingEntry, 0)},
			rows:  []PortMapping{leased(rowOf(8080, "TCP", us, 8080, "igdkit 8080 TCP"), time.Hour)},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: ours", add + " 8080/TCP: not on this port"},
			lease: "1h0m0s",
		}, {
			name:  "secure mode",
			gw:    fakeGateway{before: refuse(add, soap.ActionNotAuthorized, 0)},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: refused"},
			bad:   "the gateway refuses port 8080/tcp: upnp error 606",
		},
	})
}

// When the caller goes away at any step, nothing that was added stays.
func TestPlanCancelled(t *testing.T) {
	for n := range 6 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			left := n
			gw := &fakeGateway{address: "203.0.113.7", after: func(string, PortMapping) error {
				if left == 0 {
					cancel()
				}
				left--
				return nil
			}}
			m := gw.mapping(Request{Protocol: "both", InternalPort: 8080})
			err := m.openOnce(ctx)
			if n < 5 && !errors.Is(err, context.Canceled) {
				t.Errorf("after call %d: got %v, want context.Canceled", n, err)
			}
			want := []string{}
			if n >= 5 {
				want = append(want, `8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`, `8080/udp 192.168.1.10:8080 "igdkit 8080 UDP"`)
			}
			if diff := cmp.Diff(want, gw.table()); diff != "" {
				t.Errorf("after call %d (-want +got):\n%s", n, diff)
			}
		})
	}
}

// clash is what is asked on a port whose second half is refused.
func clash(port int) (steps []string) {
	for _, step := range []string{"Get %d/TCP: free", "Get %d/UDP: free", "Add %d/TCP: accepted", "Get %d/TCP: ours", "Add %d/UDP: not on this port",
		"Get %d/TCP: ours", "Delete %d/TCP: deleted", "Get %d/TCP: free"} {
		action, rest, _ := strings.Cut(step, " ")
		steps = append(steps, map[string]string{"Get": "GetSpecificPortMappingEntry", "Add": "AddPortMapping", "Delete": "DeletePortMapping"}[action]+" "+fmt.Sprintf(rest, port))
	}
	return steps
}
