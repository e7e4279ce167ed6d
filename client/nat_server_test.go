package client

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
)

// Servers that do only a part of RFC 5780: what cannot be told is not, and the reason is.
func TestNATBehaviourPoorServers(t *testing.T) {
	one := []netip.Addr{stunFirst}
	second := emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.30")}}
	const noOther = "the server 198.51.100.1:3478 has no alternate address (RFC 5780)"
	for _, tt := range []struct {
		name    string
		is      string
		o       emulator.STUNOptions
		also    *emulator.STUNOptions
		want    verdict
		unknown map[NATPart]string
	}{
		{"one address", "full-cone", emulator.STUNOptions{Addrs: one}, nil, verdict{NAT: true},
			map[NATPart]string{PartMapping: "only one address of a server answered: " + noOther, PartFiltering: noOther, PartClass: "only one address of a server answered: " + noOther,
				PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"two servers of one address, a cone", "full-cone,hairpin=external", emulator.STUNOptions{Addrs: one}, &second, verdict{NAT: true, Mapping: "endpoint-independent", Hairpin: "external"},
			map[NATPart]string{PartFiltering: noOther, PartClass: noOther}},
		{"two servers of one address, symmetric", "symmetric", emulator.STUNOptions{Addrs: one}, &second, verdict{NAT: true, Class: "symmetric"},
			map[NATPart]string{PartMapping: "servers see different addresses, and whether that depends on the port as well cannot be told: " + noOther, PartFiltering: noOther,
				PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"no other, then one that has", "restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{NoOther: true}},
			&emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.30"), netip.MustParseAddr("198.51.100.31")}},
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
		{"changes are ignored", "full-cone", emulator.STUNOptions{Faults: emulator.STUNFaults{IgnoreChange: true}}, nil, verdict{NAT: true, Mapping: "endpoint-independent", Hairpin: "none"},
			map[NATPart]string{PartFiltering: "the server 198.51.100.1:3478 answers from where it was asked, whatever it is told", PartClass: "the server 198.51.100.1:3478 answers from where it was asked, whatever it is told"}},
		// Without the rule that whoever is silent has to have answered itself, this would be a restricted cone.
		{"the other address is dead", "full-cone", emulator.STUNOptions{Faults: emulator.STUNFaults{MuteOther: true}}, nil, verdict{NAT: true},
			map[NATPart]string{PartMapping: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartFiltering: "198.51.100.2:3479 did not answer when it was asked itself",
				PartClass: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		// What keeps out another port of the same address keeps out other addresses too.
		{"the other address is dead, behind a strict filter", "port-restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{MuteOther: true}}, nil,
			verdict{NAT: true, Filtering: "address-and-port-dependent"},
			map[NATPart]string{PartMapping: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports",
				PartClass: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"RFC 3489", "restricted", emulator.STUNOptions{Classic: true}, nil,
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
		{"rewritten", "restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{Rewrite: netip.MustParseAddrPort("192.168.1.10:1")}}, nil,
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newNATStand(t, n, tt.is, tt.o)
				q := NATQuery{Servers: []string{"198.51.100.1"}}
				if tt.also != nil {
					s.server(*tt.also)
					q.Servers = append(q.Servers, "198.51.100.30:3478")
				}
				r := s.ask(q)
				if diff := cmp.Diff(tt.want, verdictOf(r)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(tt.unknown, r.Unknown, cmpopts.SortMaps(func(a, b NATPart) bool { return a < b })); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if r.Rewritten != (tt.name == "rewritten") {
					t.Errorf("rewritten: %v", r.Rewritten)
				}
			})
		})
	}
}

// A server that does not answer costs time when another does, and nothing else.
func TestNATBehaviourOneServerDead(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		n.Internet("dead", netip.MustParseAddr("198.51.100.77"))
		r := newNATStand(t, n, "port-restricted", emulator.STUNOptions{}).ask(NATQuery{Servers: []string{"198.51.100.77", "198.51.100.1"}})
		if r.Class != "port-restricted" || r.Server != netip.MustParseAddrPort("198.51.100.1:3478") {
			t.Errorf("%+v", r)
		}
	})
}

// Nor does a server whose name leads nowhere, unless all do.
func TestNATBehaviourOneServerUnknown(t *testing.T) {
	const unknown = "nobody..example"                                                       // no name at all, which takes no server to know
	if _, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", unknown); err == nil { // a resolver that begins in a bubble belongs to it
		t.Fatal("it has an address")
	}
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newNATStand(t, n, "port-restricted", emulator.STUNOptions{})
		r := s.ask(NATQuery{Servers: []string{unknown, "198.51.100.1"}})
		if r.Class != "port-restricted" || r.Server != netip.MustParseAddrPort("198.51.100.1:3478") {
			t.Errorf("%+v", r)
		}
		_, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{unknown}}, Options{Net: s.pc})
		if e, ok := errors.AsType[*STUNError](err); !ok || e.Server != unknown || errors.Is(err, errSTUNSilent) {
			t.Error(err)
		}
		began := time.Now()
		_, err = NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.1", "224.0.0.1"}}, Options{Net: s.pc})
		if _, ok := errors.AsType[*ArgumentError](err); !ok || time.Since(began) > time.Second {
			t.Errorf("%v, after %v", err, time.Since(began))
		}
	})
}

// OTHER-ADDRESS must not make us send to anybody whom a server likes to name.
func TestUnusableAlternate(t *testing.T) {
	for _, tt := range []struct {
		server, other string
		usable        bool
	}{
		{"45.1.1.1:3478", "45.1.1.2:3479", true},
		{"192.168.1.5:3478", "192.168.1.6:3479", true},
		{"127.0.0.1:3478", "127.0.0.2:3479", true},
		{"45.1.1.1:3478", "45.1.1.1:3479", false},
		{"45.1.1.1:3478", "45.1.1.2:3478", false},
		{"45.1.1.1:3478", "45.1.1.2:0", false},
		{"45.1.1.1:3478", "192.168.1.1:80", false},
		{"45.1.1.1:3478", "127.0.0.1:80", false},
		{"192.168.1.5:3478", "127.0.0.1:80", false},
		{"192.168.1.5:3478", "239.1.1.1:1900", false},
		{"192.168.1.5:3478", "255.255.255.255:9", false},
	} {
		why := unusable(netip.MustParseAddrPort(tt.server), netip.MustParseAddrPort(tt.other))
		if (why == "") != tt.usable {
			t.Errorf("%s names %s: %q", tt.server, tt.other, why)
		}
	}
}
