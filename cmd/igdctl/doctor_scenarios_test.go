package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// examine runs all checks in the memory network, from a computer at 192.168.1.10, with the gateways of a scenario at 192.168.1.1.
// It gives the checks, and what each gateway has in its table more than before.
func examine(t *testing.T, name string, want client.Diagnosis) (checks []client.Check, left []string) {
	t.Helper()
	sc, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	n := emulator.NewNetwork()
	defer n.Close()
	lan := netip.MustParsePrefix("192.168.1.1/24")
	router := n.Host("router", lan)
	pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	pc.SetDefaultGateway(lan.Addr())
	var gateways []*emulator.Gateway
	for _, o := range sc.Options() {
		o.Net, o.LAN, o.SSDP, o.Seed = router, lan.Addr(), "multicast", 1
		if len(gateways) > 0 {
			o.Beside = gateways[0]
		}
		g, err := emulator.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		gateways = append(gateways, g)
	}
	ours := func() (all []string) {
		for _, g := range gateways {
			for _, m := range g.Mappings() {
				if strings.HasPrefix(m.Description, "igdkit ") {
					all = append(all, m.String())
				}
			}
		}
		return all
	}
	want.Machine = &client.Machine{FirewallsKnown: true}
	for c := range client.Diagnose(t.Context(), client.Options{Net: pc}, want) {
		checks = append(checks, c)
	}
	return checks, ours()
}

// wrong lists the checks that are not sound, as "id problem". The emulated gateways turn nothing round, so the hairpin is left out.
func wrong(checks []client.Check) string {
	var all []string
	for _, c := range checks {
		if c.Outcome != client.Sound && c.ID != client.CheckHairpin {
			all = append(all, fmt.Sprintf("%s %s", c.ID, c.Problem))
		}
	}
	return strings.Join(all, ", ")
}

// What is wrong in a scenario is found, and nothing else; and all of it together makes the right verdict.
func TestDoctorScenarios(t *testing.T) {
	for _, tt := range []struct{ scenario, wrong, verdict string }{
		{"igd1", "", "opens"},
		{"igd2", "", "opens"},
		{"fritzbox-7590", "", "opens"},
		{"miniupnpd-igd1", "", "opens"},
		{"ssdp-unicast-ok", "", "opens"},
		{"ssdp-multicast-only", "", "opens"},
		{"desc-drops-first-connection", "", "opens"},
		{"soap-needs-mpost", "", "opens"},
		{"getspecific-714-after-add", "", "opens"},
		{"dlink-dsl-2730e", "multicast no answer, unicast no answer, description not found", "no_gateway"},
		{"ssdp-location-missing", "multicast unusable answer, unicast unusable answer, description not found", "no_gateway"},
		{"ssdp-mesh-child-wps-only", "multicast no gateway answer, unicast no answer, description not found", "no_gateway"},
		{"ssdp-advertised-while-disabled", "description not found", "no_gateway"},
		{"life-http-dead-ssdp-alive", "description not found", "unreachable"},
		{"desc-only-unknown-services", "description not found", "no_gateway"},
		{"soap-501-html", "connection unanswered, address unknown, leftovers port hidden, mapping not opened", "unreachable"},
		{"status-disconnected-works", "connection says down", "opens"},
		{"extip-uninitialised", "connection down, address unknown", "offline"},
		{"extip-zero", "address none", "not_public"},
		{"extip-cgnat", "address cgnat, beyond none beyond", "not_public"},
		{"extip-private", "address private, beyond none beyond", "not_public"},
		{"extip-loopback", "address reserved", "not_public"},
		{"extip-error", "address unknown", "opens"},
		{"list-606", "leftovers port hidden", "opens"},
		{"list-empty-always", "mapping unverified, lease not told", "opens"},
		{"add-606-permission", "mapping not opened", "refused"},
		{"add-501-generic", "mapping not opened", "refused"},
		{"add-501-private-wan", "address none, mapping not opened", "refused"},
		{"add-table-full-728", "mapping not opened", "refused"},
		{"soap-500-empty", "mapping not opened", "unreachable"},
		{"add-lease-crash", "mapping not opened", "unreachable"},
		{"add-lease-725", "lease for ever", "opens"},
		{"add-lease-24h", "lease not told", "opens"},
		{"delete-402", "removal not removed", "opens"},
		{"delete-ok-remains", "removal not removed", "opens"},
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checks, _ := examine(t, tt.scenario, client.Diagnosis{})
				if got := wrong(checks); got != tt.wrong {
					t.Errorf("wrong is %q, want %q", got, tt.wrong)
				}
				if got := conclude(checks, doctorFlags{}, nil); got.word != tt.verdict {
					t.Errorf("the verdict is %s (%s), want %s", got.word, got.sentence, tt.verdict)
				}
			})
		})
	}
}

// A gateway that opens ports, and not the one that is asked about.
func TestDoctorTriesThePort(t *testing.T) {
	for _, tt := range []struct {
		scenario       string
		port           uint16
		wrong, verdict string
	}{
		{"igd1", 8080, "", "opens"},
		{"add-718-static-forward", 8080, "port port refused", "refused"},
		{"add-port-ranges-shared-ip", 25565, "port port refused", "refused"},
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listens := func(context.Context, string, uint16) ([]netip.Addr, error) {
					return []netip.Addr{netip.IPv4Unspecified()}, nil
				}
				checks, left := examine(t, tt.scenario, client.Diagnosis{Port: tt.port, Listens: listens})
				if got := wrong(checks); got != tt.wrong {
					t.Errorf("wrong is %q, want %q", got, tt.wrong)
				}
				if got := conclude(checks, doctorFlags{}, nil); got.word != tt.verdict {
					t.Errorf("the verdict is %s (%s), want %s", got.word, got.sentence, tt.verdict)
				}
				if len(left) > 0 {
					t.Errorf("left on the gateway: %v", left)
				}
			})
		})
	}
}

// In every scenario: what a look finds is said in words, what fails comes with advice, the exit code goes with the verdict, and what
// stays in the table of the gateway is confessed.
func TestDoctorEverywhere(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checks, left := examine(t, name, client.Diagnosis{Port: 8080, Listens: func(context.Context, string, uint16) ([]netip.Addr, error) { return nil, nil }})
				confessed := false
				for _, c := range checks {
					f := findingOf(c)
					if f.detail == "" || f.detail == string(c.Problem) || strings.Contains(f.detail, "%!") {
						t.Errorf("%s is said as %q", c.ID, f.detail)
					}
					if c.Outcome == client.Faulty && len(f.advice) == 0 {
						t.Errorf("%s: %s, and no advice", c.ID, f.detail)
					}
					confessed = confessed || c.ID == client.CheckRemoval && c.Outcome == client.Faulty
				}
				v := conclude(checks, doctorFlags{}, nil)
				exit := exitOK
				if v.err != nil {
					exit = explain(v.err).exit
				}
				if want := map[string]int{"no_gateway": exitNoGateway, "refused": exitRefused, "unreachable": exitBroken}[v.word]; exit != want || v.sentence == "" {
					t.Errorf("%s: exit code %d, want %d", v.word, exit, want)
				}
				if len(left) > 0 && !confessed {
					t.Errorf("left on the gateway, and not said: %v", left)
				}
			})
		})
	}
}
