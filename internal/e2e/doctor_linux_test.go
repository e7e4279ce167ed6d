package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diagnosed is what doctor says to programs.
type diagnosed struct {
	Checks []struct{ ID, Outcome, Problem string }
	// Verdict is one of the words of igdctl help doctor.
	Verdict string
}

// but gives the outcome of every check that is not sound, except those about this machine rather than the gateway.
func (d diagnosed) but() map[string]string {
	all := map[string]string{}
	for _, c := range d.Checks {
		if c.Outcome != "sound" && c.ID != "network" && c.ID != "firewall" {
			all[c.ID] = strings.TrimSpace(c.Outcome + " " + c.Problem)
		}
	}
	return all
}

// TestDoctor lets doctor look into a miniupnpd that is well, and into ones that are not.
func TestDoctor(t *testing.T) {
	inHouse(t, wiring{conf: []string{"secure_mode=yes"}}, func(t *testing.T, h *house) {
		h.serve(t, "tcp", 8080)
		hairpin := map[string]string{"hairpin": "doubtful no hairpin"} // the address that miniupnpd claims is nobody's here
		for _, tt := range []struct {
			args    []string
			verdict string
			but     map[string]string
		}{
			{nil, "opens", hairpin},
			{[]string{"8080/tcp"}, "opens", hairpin},
			{[]string{"8081/tcp"}, "not_listening", map[string]string{"hairpin": hairpin["hairpin"], "listener": "faulty nobody listens"}},
			{[]string{"--read-only"}, "untried", map[string]string{
				"mapping": "skipped read only", "lease": "skipped read only", "hairpin": "skipped read only", "removal": "skipped read only"}},
		} {
			var d diagnosed
			h.igdctl(t, append([]string{"doctor", "--json"}, tt.args...)...).decode(t, &d)
			if diff := cmp.Diff(tt.but, d.but()); diff != "" || d.Verdict != tt.verdict {
				t.Errorf("doctor %q: verdict %q, want %q; not sound (-want +got):\n%s", tt.args, d.Verdict, tt.verdict, diff)
			}
			if left := h.entries(t); len(left) > 0 {
				t.Errorf("doctor %q left %q", tt.args, left)
			}
		}

		// The port of another computer, and words for people.
		if got := h.run(t, "upnpc", "-u", description, "-e", "other program", "-a", lanHost.String(), "9999", "8080", "tcp"); got.code != 0 {
			t.Fatal("upnpc -a failed")
		}
		got := h.igdctl(t, "doctor", "--read-only", "8080/tcp")
		for _, want := range []string{"\nFAIL  port         port 8080/tcp of the gateway leads to port 9999 of this computer (\"other program\")\n", "→ igdctl open 8080/tcp --any takes another port\n"} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("doctor does not say %q", want)
			}
		}
		if got.code != 0 {
			t.Errorf("exit code %d", got.code)
		}
	})
}

// TestDoctorBehindNAT: Debian's miniupnpd opens nothing when it knows that its address is reserved.
func TestDoctorBehindNAT(t *testing.T) {
	inHouse(t, wiring{reserved: true}, func(t *testing.T, h *house) {
		got := h.igdctl(t, "doctor")
		if got.code != 4 || !strings.Contains(got.stdout, "verdict      the gateway opens no port, probably because the gateway has no external address") {
			t.Errorf("exit code %d, want 4", got.code)
		}
	})
}

// TestDoctorWithoutGateway: the daemon has died, and nothing answers.
func TestDoctorWithoutGateway(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		h.daemon.kill(t)
		got := h.igdctl(t, "doctor")
		if got.code != 3 || !strings.Contains(got.stdout, "FAIL  multicast ") || !strings.Contains(got.stdout, "verdict      no port can be opened: ") {
			t.Errorf("exit code %d, want 3", got.code)
		}
	})
}
