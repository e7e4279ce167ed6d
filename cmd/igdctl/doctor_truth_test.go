package main

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
)

// No check says what another has shown to be otherwise, and a person is not read the exchange: --json has it.
func TestDoctorOneTruth(t *testing.T) {
	for _, tt := range []struct {
		scenario string
		says     []string // all of them
		never    []string
	}{
		{"add-606-permission",
			[]string{"port: port 8080/tcp of the gateway is free, and was not tried: the gateway opened no other either"},
			[]string{"opens it", "AddPortMapping"}},
		{"add-501-generic",
			[]string{"connection: the gateway is connected to the Internet", "mapping: it was asked in ", "mapping → restart the router, and look for a new firmware"},
			[]string{"opens it", "AddPortMapping", "igdctl status shows"}},
		{"extip-zero",
			[]string{"connection: the gateway says that it is connected to the Internet", "address: the gateway has no external address, though it says that it is connected"},
			[]string{"connection: the gateway is connected", "it is not connected", "igdctl status shows"}},
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listens := func(context.Context, string, uint16) ([]netip.Addr, error) {
					return []netip.Addr{netip.IPv4Unspecified()}, nil
				}
				checks, _ := examine(t, tt.scenario, client.Diagnosis{Port: 8080, Listens: listens})
				var all, data []string
				for _, c := range checks {
					f := findingOf(c)
					for _, line := range append([]string{f.detail}, f.evidence...) {
						all = append(all, string(c.ID)+": "+line)
					}
					for _, line := range f.advice {
						all = append(all, string(c.ID)+" → "+line)
					}
					data = append(data, f.shape(c).Evidence...)
				}
				said := strings.Join(all, "\n")
				for _, want := range tt.says {
					if !strings.Contains(said, want) {
						t.Errorf("it does not say %q:\n%s", want, said)
					}
				}
				for _, other := range tt.never {
					if strings.Contains(said, other) {
						t.Errorf("it says %q:\n%s", other, said)
					}
				}
				if of := strings.Join(data, "\n"); strings.HasPrefix(tt.scenario, "add-") && !strings.Contains(of, "AddPortMapping ") {
					t.Errorf("--json leaves the exchange out:\n%s", of)
				}
			})
		})
	}
}

// A STUN server that sees an address of a private network is no witness of what the Internet sees.
func TestSTUNServerWithin(t *testing.T) {
	ours, within, outside := netip.MustParseAddr("45.66.77.88"), netip.MustParseAddr("192.168.10.2"), netip.MustParseAddr("45.66.77.99")
	for _, seen := range []netip.Addr{within, outside} {
		for _, external := range []netip.Addr{ours, netip.MustParseAddr("100.64.1.2"), netip.MustParseAddr("192.168.2.2"), {}} {
			e := &client.AddressEvidence{Truth: client.Truth{External: external, Seen: seen, Verdict: client.Compare(external, seen)}}
			f := addressFinding(e)
			said := f.detail + "\n" + strings.Join(f.evidence, "\n")
			if tells := strings.Contains(said, "the Internet sees "+seen.String()); tells != (seen == outside) {
				t.Errorf("external %v, seen %v:\n%s", external, seen, said)
			}
		}
	}
}

// A port is not reached when this computer answers by another way than it was asked by, and is when that leads to the gateway too.
func TestOtherWay(t *testing.T) {
	prefixes := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	for _, tt := range []struct {
		name  string
		out   client.InterfaceState
		local string
		want  string
	}{
		{"not told", client.InterfaceState{}, "192.168.1.10", ""},
		{"by the gateway", client.InterfaceState{Name: "eth0", Addrs: prefixes("192.168.1.10/24")}, "192.168.1.10", ""},
		{"by a VPN", client.InterfaceState{Name: "wg0", Kind: client.VPNInterface, Addrs: prefixes("10.8.0.2/32")}, "192.168.1.10",
			"a port that is open on the gateway is probably not reached: what comes by eth0 this computer answers by wg0 (VPN)"},
		{"by another uplink", client.InterfaceState{Name: "wwan0", Addrs: prefixes("10.9.0.2/24")}, "192.168.1.10",
			"a port that is open on the gateway is probably not reached: what comes by eth0 this computer answers by wwan0"},
		{"by a cable into the same network", client.InterfaceState{Name: "eth1", Addrs: prefixes("192.168.1.11/24")}, "192.168.1.10", ""},
		{"a gateway on this computer", client.InterfaceState{Name: "eth1", Addrs: prefixes("10.9.0.2/24")}, "127.0.0.1", ""},
	} {
		g := &client.Gateway{Interface: "eth0", Local: netip.MustParseAddr(tt.local), Responder: netip.MustParseAddr("192.168.1.1")}
		got := otherWay(map[client.CheckID]client.Check{
			client.CheckNetwork:     {Evidence: &client.NetworkEvidence{Out: tt.out}},
			client.CheckDescription: {Evidence: &client.DescriptionEvidence{Gateway: g}},
		})
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
