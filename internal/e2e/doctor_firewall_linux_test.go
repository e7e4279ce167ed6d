package e2e

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"
)

// firewalled is what doctor says to programs of the firewall of the host.
type firewalled struct {
	Checks []struct {
		ID, Outcome, Problem, Detail, Advice string
		OK                                   *bool
		Firewall                             *struct {
			Tables        []string
			Port, Answers struct {
				Verdict, Family, Table, Chain, Hook string
				Policy                              bool
			}
		}
	}
	Verdict string
}

func (f firewalled) check(id string) (c struct{ ok, problem, detail, advice string }) {
	for _, is := range f.Checks {
		if is.ID == id {
			c.ok, c.problem, c.detail, c.advice = "cannot tell", is.Problem, is.Detail, is.Advice
			if is.OK != nil {
				c.ok = map[bool]string{true: "ok", false: "FAIL"}[*is.OK]
			}
		}
	}
	return c
}

// advised takes a command out of the words of an advice.
var advised = regexp.MustCompile(`sudo (nft insert rule .*? accept) lets `)

// TestDoctorFirewall: the host's own firewall keeps a port closed that is open on the gateway. Doctor names the chain, and what it advises opens
// the port; without the right to read the rules it claims nothing.
func TestDoctorFirewall(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		need(t, "setpriv")
		h.serve(t, "tcp", 8080)
		if got := h.igdctl(t, "open", "8080"); got.code != 0 {
			t.Fatal("igdctl open failed")
		}
		doctor := func(args ...string) (f firewalled) {
			t.Helper()
			h.igdctl(t, append([]string{"doctor", "--json"}, args...)...).decode(t, &f)
			return f
		}
		follow := func(advice string) {
			t.Helper()
			cmd := advised.FindStringSubmatch(advice)
			if cmd == nil {
				t.Fatalf("no command in the advice %q", advice)
			}
			nft(t, h.lan, strings.Fields(cmd[1])[1:]...)
		}

		h.open(t, "tcp", 8080)
		if c := doctor("8080", "--read-only").check("firewall"); c.ok != "ok" || c.detail != "no firewall of this computer is seen" {
			t.Errorf("without rules: %+v", c)
		}

		nft(t, h.lan, "-f", "testdata/host.nft")
		err := h.exchange("tcp", 8080)
		if e, is := errors.AsType[net.Error](err); !is || !e.Timeout() {
			t.Fatalf("behind a firewall that drops: %v", err)
		}
		f := doctor("8080")
		c := f.check("firewall")
		if want := "this computer's firewall drops 8080/tcp: chain input of table inet filter drops what no rule lets in"; c.ok != "FAIL" || c.problem != "firewall drops" || c.detail != want || f.Verdict != "filtered" {
			t.Errorf("verdict %q: %+v", f.Verdict, c)
		}
		for _, is := range f.Checks {
			if is.ID != "firewall" {
				continue
			}
			if is.Firewall == nil || is.Firewall.Port.Verdict != "dropped" || is.Firewall.Port.Chain != "input" || !is.Firewall.Port.Policy || is.Firewall.Answers.Verdict != "dropped" {
				t.Errorf("%+v", is.Firewall)
			}
		}
		if c := f.check("multicast"); c.problem != "only unicast" {
			t.Errorf("multicast: %+v", c)
		}
		if c := f.check("hairpin"); c.ok != "cannot tell" || c.problem != "firewall drops" {
			t.Errorf("hairpin: %+v", c)
		}
		follow(c.advice)
		h.open(t, "tcp", 8080)

		// Searches by multicast are still answered in vain.
		f = doctor("8080", "--read-only")
		c = f.check("firewall")
		if want := "this computer's firewall drops the answers to searches by multicast: chain input of table inet filter drops what no rule lets in"; c.ok != "ok" || c.problem != "answers swallowed" || c.detail != want {
			t.Errorf("%+v", c)
		}
		follow(c.advice)
		f = doctor("8080", "--read-only")
		if c := f.check("firewall"); c.ok != "ok" || c.problem != "" || c.detail != "this computer's firewall lets 8080/tcp in" {
			t.Errorf("with the port let in: %+v", c)
		}
		if c := f.check("multicast"); c.ok != "ok" {
			t.Errorf("with answers let in: %+v", c)
		}

		// Another port, none, and another protocol.
		if c := doctor("8081", "--read-only").check("firewall"); c.problem != "firewall drops" {
			t.Errorf("8081: %+v", c)
		}
		if c := doctor("8080/udp", "--read-only").check("firewall"); c.problem != "firewall drops" {
			t.Errorf("8080/udp: %+v", c)
		}
		if c := doctor("--read-only").check("firewall"); c.ok != "ok" || c.problem != "firewall active" {
			t.Errorf("no port: %+v", c)
		}

		// An ordinary user may not read rules.
		got := h.run(t, "setpriv", "--inh-caps=-all", "--bounding-set=-all", command(t, "igdctl"), "doctor", "--read-only", "8081")
		for _, want := range []string{"\n?     firewall     whether the firewall of this computer lets anybody in cannot be told without its rules, which only root may read\n", "→ the same command with sudo reads its rules, and tells\n"} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("without the right to read rules doctor does not say %q", want)
			}
		}
	})
}
