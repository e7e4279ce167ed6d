package client

import (
	"testing"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// What a gateway says and what it does are two things: leases that it cannot give, entries that it hides, and ports that it changes.
func TestPlanUnkept(t *testing.T) {
	var crowd []PortMapping
	for i := range uint16(32) {
		crowd = append(crowd, rowOf(9000+i, "UDP", them, 9000, "Plex"))
	}
	texts := func(all []PortMapping) (out []string) {
		for _, m := range all {
			out = append(out, text(m))
		}
		return out
	}
	const (
		ip, get, list, add, del = "GetExternalIPAddress", "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry",
			"AddPortMapping", "DeletePortMapping"
	)
	testPlans(t, []plan{
		{
			name:  "a lease that is accepted and not made is asked for without an end",
			gw:    fakeGateway{ignores: func(m PortMapping) bool { return m.Lease > 0 }},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: free", list + " 8080/TCP: free",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "permanent",
		}, {
			name:  "a lease that ends at once is asked for without an end",
			gw:    fakeGateway{gives: time.Second, before: func(a string, m PortMapping) error { return nil }},
			req:   Request{InternalPort: 8080, Lease: time.Hour},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "a gateway that shows nothing is believed, and asked for the lease in the end",
			gw:    fakeGateway{hides: func(PortMapping) bool { return true }},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: free", list + " 8080/TCP: free",
				add + " 8080/TCP: accepted", get + " 8080/TCP: free", list + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: free"},
			lease: "unknown", doubt: true,
		}, {
			name:  "a table that is full without a word",
			gw:    fakeGateway{ignores: func(m PortMapping) bool { return m.Description == "igdkit 8080 TCP" }},
			rows:  crowd,
			req:   Request{InternalPort: 8080},
			table: texts(crowd),
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: free", list + " 8080/TCP: free",
				add + " 8080/TCP: accepted", get + " 8080/TCP: free", list + " 8080/TCP: free", get + " 8080/TCP: free"},
			bad: "the gateway says that port 8080/tcp is open, and did not open it; its table may be full",
		}, {
			name: "equal ports only",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.ExternalPort != m.InternalPort {
					return fault(soap.SamePortValuesRequired)
				}
				return nil
			}},
			req:   Request{InternalPort: 8080, ExternalPort: 80, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 80/TCP: free", add + " 80/TCP: asked again on the port of the program",
				get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name:  "ports that are made equal without a word",
			gw:    fakeGateway{forced: true},
			req:   Request{InternalPort: 8080, ExternalPort: 9000, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 9000/TCP: free", add + " 9000/TCP: accepted", get + " 9000/TCP: owned", del + " 9000/TCP: deleted", get + " 9000/TCP: free",
				get + " 8080/TCP: free", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
		}, {
			name: "501 for a lease",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Lease > 0 {
					return fault(soap.ActionFailed)
				}
				return nil
			}},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: asked again without an end",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "permanent",
		}, {
			name: "501 for a lease, and the port is taken",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Lease > 0 {
					return fault(soap.ActionFailed)
				}
				return nil
			}},
			rows:  []PortMapping{rowOf(8080, "TCP", them, 8080, "Plex")},
			req:   Request{InternalPort: 8080, AnyPort: true},
			table: []string{`8080/tcp 192.168.1.20:8080 "Plex"`, `8081/tcp 192.168.1.10:8080 "igdkit 8081 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: owned", get + " 8081/TCP: free", add + " 8081/TCP: asked again without an end",
				add + " 8081/TCP: accepted", get + " 8081/TCP: ours"},
			lease: "permanent",
		}, {
			name:  "none without an end",
			gw:    fakeGateway{before: endful(soap.InvalidArgs, 0)},
			req:   Request{InternalPort: 8080, Permanent: true},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: asked again for a week", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "168h0m0s",
		}, {
			name:  "none without an end, and none above an hour, by 600",
			gw:    fakeGateway{before: endful(soap.ArgumentValueInvalid, time.Hour)},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: asked again without an end", add + " 8080/TCP: asked again for an hour",
				add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "1h0m0s",
		}, {
			name: "none but without an end, by 600",
			gw: fakeGateway{before: func(a string, m PortMapping) error {
				if a == add && m.Lease > 0 {
					return fault(soap.ArgumentValueInvalid)
				}
				return nil
			}},
			req:   Request{InternalPort: 8080},
			table: []string{`8080/tcp 192.168.1.10:8080 "igdkit 8080 TCP"`},
			trace: []string{ip + ": 203.0.113.7", get + " 8080/TCP: free", add + " 8080/TCP: asked again without an end", add + " 8080/TCP: accepted", get + " 8080/TCP: ours"},
			lease: "permanent",
		},
	})
}

// endful refuses adds without an end, and those with one that is later than longest; 0: any end will do.
func endful(code int, longest time.Duration) func(string, PortMapping) error {
	return func(a string, m PortMapping) error {
		if a == "AddPortMapping" && (m.Lease == 0 || longest > 0 && m.Lease > longest) {
			return fault(code)
		}
		return nil
	}
}
