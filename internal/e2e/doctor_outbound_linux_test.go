package e2e

import (
	"strings"
	"testing"
)

// TestDoctorKillSwitch: what this computer's own firewall keeps in is not blamed on the router, by any command and for any user.
func TestDoctorKillSwitch(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		need(t, "setpriv")
		const (
			direct    = "this computer's own firewall lets nothing out to 192.168.77.1, port 1900"
			multicast = "this computer's own firewall lets no search by multicast out"
		)
		blamed := func(s string) {
			t.Helper()
			if strings.Contains(s, "UPnP may be switched off") || strings.Contains(s, "switch on UPnP") {
				t.Errorf("the router is blamed:\n%s", s)
			}
		}

		nft(t, h.lan, "-f", "testdata/killswitch.nft")
		for _, prefix := range [][]string{nil, {"setpriv", "--inh-caps=-all", "--bounding-set=-all"}} {
			args := append(prefix, command(t, "igdctl"), "doctor", "--no-cache")
			got := h.run(t, args[0], args[1:]...)
			for _, want := range []string{
				"\nFAIL  multicast    this computer lets no search by multicast out: nobody was asked\n",
				"\nFAIL  unicast      this computer lets no search by unicast out: nobody was asked\n",
				"\nFAIL  firewall     " + direct + "\n",
				"\nFAIL  description  " + direct + "\n",
				"verdict      no port can be opened: " + direct + "\n",
				"→ sudo nft list ruleset lists the rules: look for a chain with \"hook output\"\n",
			} {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("%s does not say %q:\n%s", args[0], want, got.stdout)
				}
			}
			if got.code != 3 {
				t.Errorf("exit code %d", got.code)
			}
			blamed(got.stdout)
		}
		for _, args := range [][]string{{"open", "8080"}, {"discover"}, {"status", "--gateway", "192.168.77.1"}} {
			got := h.igdctl(t, append(args, "--no-cache")...)
			if got.code == 0 || !strings.Contains(got.stderr, "igdctl: error: ") || !strings.Contains(got.stderr, direct) || !strings.Contains(got.stderr, "kill switch") {
				t.Errorf("%v: %d\n%s", args, got.code, got.stderr)
			}
			blamed(got.stderr)
		}
		nft(t, h.lan, "flush", "ruleset")

		// Multicast alone: the gateway is found by its address, and programs that only search by multicast are warned of.
		nft(t, h.lan, "add", "table", "inet", "f")
		nft(t, h.lan, "add", "chain", "inet", "f", "output", "{ type filter hook output priority 0; }")
		nft(t, h.lan, "add", "rule", "inet", "f", "output", "ip", "daddr", "239.255.255.250", "drop")
		got := h.igdctl(t, "doctor")
		for _, want := range []string{
			"\nFAIL  multicast    this computer lets no search by multicast out: nobody was asked\n",
			"\nnote  firewall     " + multicast + "\n",
			"\nok    mapping      ",
		} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("multicast kept in: no %q:\n%s", want, got.stdout)
			}
		}
		blamed(got.stdout)
		if got := h.igdctl(t, "open", "8080", "--no-cache"); got.code != 0 {
			t.Errorf("with multicast kept in, open: %d\n%s", got.code, got.stderr)
		}
	})
}
