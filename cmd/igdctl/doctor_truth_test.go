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
			[]string{"connection: the gateway says that it is connected to the Internet", "address: the gateway says that it is connected, and has no external address"},
			[]string{"connection: the gateway is connected", "it is not connected", "igdctl status shows"}},
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listens := func(context.Context, string, uint16) ([]netip.Addr, error) { return []netip.Addr{netip.IPv4Unspecified()}, nil }
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
