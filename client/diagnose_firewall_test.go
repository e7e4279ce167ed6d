package client_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// filter is a packet filter that does what a function says; it checks that it is asked about this home.
func filter(t *testing.T, does func(in client.Inbound) client.PassageVerdict) *client.Machine {
	return &client.Machine{FirewallsKnown: true, Filter: func(_ context.Context, all []client.Inbound) (client.FilterReport, error) {
		f := client.FilterReport{Tables: []string{"inet filter"}}
		for _, in := range all {
			if in.Interface != "eth0" || in.Index == 0 || in.To.Addr() != netip.MustParseAddr("192.168.1.10") || in.To.Port() == 0 {
				t.Errorf("asked about %+v", in)
			}
			p := client.Passage{Inbound: in, Verdict: does(in)}
			if p.KeptOut() {
				p.Family, p.Table, p.Base, p.Chain, p.Hook, p.Policy = "inet", "filter", "input", "input", "input", true
			}
			f.Passages = append(f.Passages, p)
		}
		return f, nil
	}}
}

// answer tells answers to searches from what strangers send.
func answer(in client.Inbound) bool { return in.From == netip.MustParseAddrPort("192.168.1.1:1900") }

// What the rules of this machine do is known of the port that is asked about, and of answers; what has arrived proves more than rules.
func TestDiagnoseFirewallRules(t *testing.T) {
	passes := func(client.Inbound) client.PassageVerdict { return client.Passes }
	drops := func(client.Inbound) client.PassageVerdict { return client.Dropped }
	unclear := func(client.Inbound) client.PassageVerdict { return client.PassageUnknown }
	but := func(of, others client.PassageVerdict) func(client.Inbound) client.PassageVerdict {
		return func(in client.Inbound) client.PassageVerdict {
			if answer(in) {
				return of
			}
			return others
		}
	}
	deafened := func(h *home, o *client.Options) { o.Net = deaf{turning{h.pc}} }
	alone := func(h *home, _ *client.Options) { h.router.SetDown(true) }
	noTurn := func(h *home, o *client.Options) { o.Net = h.pc }
	for _, tt := range []struct {
		name     string
		does     func(client.Inbound) client.PassageVerdict
		port     uint16
		change   func(*home, *client.Options)
		firewall string // what is said of the firewall; "": it is sound
		hairpin  string
	}{
		{"lets in", passes, 8080, nil, "", ""},
		{"lets in what nobody has named", passes, 0, nil, "", ""},
		{"keeps the port out", drops, 8080, nil, "faulty, firewall drops", ""},
		{"rejects the port", func(client.Inbound) client.PassageVerdict { return client.Rejected }, 8080, nil, "faulty, firewall drops", ""},
		{"keeps out what nobody has named", drops, 0, nil, "doubtful, firewall active", ""},
		{"cannot be told", unclear, 8080, nil, "unknown, firewall hidden", ""},
		{"answers arrive, whatever the rules say", but(client.Dropped, client.Passes), 8080, nil, "", ""},
		{"loses answers", but(client.Dropped, client.Passes), 8080, deafened, "doubtful, answers swallowed", ""},
		{"loses answers, and nobody is found", but(client.Dropped, client.Passes), 0, alone, "faulty, answers swallowed", "-"},
		{"may lose answers", but(client.PassageUnknown, client.Passes), 0, deafened, "doubtful, answers swallowed", ""},
		{"something else loses answers", passes, 0, deafened, "", ""},
		{"the port before answers", drops, 8080, deafened, "faulty, firewall drops", ""},
		{"what comes back by the gateway is kept out", drops, 0, noTurn, "doubtful, firewall active", "unknown, firewall drops"},
		{"what comes back by the gateway is let in", passes, 0, noTurn, "", "doubtful, no hairpin"},
		{"what comes back by the gateway may be kept out", unclear, 0, noTurn, "unknown, firewall hidden", "doubtful, no hairpin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{})
				o := client.Options{Net: turning{h.pc}}
				if tt.change != nil {
					tt.change(h, &o)
				}
				_, checks := findings(t, o, client.Diagnosis{Port: tt.port, Listens: heard("0.0.0.0"), Machine: filter(t, tt.does)})
				got := map[client.CheckID]string{client.CheckHairpin: "-"}
				for _, c := range checks {
					got[c.ID] = ""
					if c.Outcome != client.Sound {
						got[c.ID] = string(c.Outcome) + ", " + string(c.Problem)
					}
					if e, ok := c.Evidence.(*client.FirewallEvidence); ok && (!e.Read || e.Port == nil || e.Named != (tt.port != 0) || e.Named && e.Port.To.Port() != tt.port || (e.Answers == nil) != (checks[1].Outcome == client.Sound)) {
						t.Errorf("%+v", e)
					}
					if e, ok := c.Evidence.(*client.HairpinEvidence); ok {
						if want := strings.HasPrefix(got[client.CheckFirewall], "unknown") && c.Outcome == client.Sound; e.LetIn != want || (e.KeptOut != nil) != (c.Problem == client.ProblemFirewallDrops) {
							t.Errorf("%+v, want LetIn %t", e, want)
						}
					}
				}
				if diff := cmp.Diff([]string{tt.firewall, tt.hairpin}, []string{got[client.CheckFirewall], got[client.CheckHairpin]}); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Rules that may not be read are not guessed at.
func TestDiagnoseFirewallUnread(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		known   bool
		outcome client.Outcome
		told    bool
	}{
		{"for root alone, and there may be some", os.ErrPermission, false, client.Untold, true},
		{"for root alone, and there are none", os.ErrPermission, true, client.Sound, true},
		{"on this system nobody tells", errors.ErrUnsupported, false, client.Untold, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{})
				m := &client.Machine{FirewallsKnown: tt.known, Filter: func(context.Context, []client.Inbound) (client.FilterReport, error) {
					return client.FilterReport{}, tt.err
				}}
				_, checks := findings(t, client.Options{Net: turning{h.pc}}, client.Diagnosis{Port: 8080, ReadOnly: true, Machine: m})
				for _, c := range checks {
					if e, ok := c.Evidence.(*client.FirewallEvidence); ok && (c.Outcome != tt.outcome || e.Read || e.Port != nil || errors.Is(c.Err, tt.err) != tt.told) {
						t.Errorf("%s, %v, %+v", c.Outcome, c.Err, e)
					}
				}
			})
		})
	}
}
