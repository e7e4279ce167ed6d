package lab_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
)

// inNetwork runs n with what the tests put on gateways for spec, and gives what the commands said.
func inNetwork(t *testing.T, spec string, n lab.Network) (said string, all []lab.Outcome) {
	t.Helper()
	available(t)
	var out bytes.Buffer
	all, err := lab.RunNetwork(t.Context(), lab.Options{Spec: []byte(spec), Stdout: &out, Stderr: &out}, n)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String(), all
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// TestTwoHomesOfOnePrefix has hosts of the same address behind two gateways, and one on the Internet.
func TestCommands(t *testing.T) {
	said, all := inNetwork(t, "", lab.Network{
		Gateways: []lab.Gateway{{Name: "left"}, {Name: "right"}},
		Hosts: []lab.Host{
			{Name: "first", Gateway: "left", Command: &lab.Command{Argv: sh("echo one; echo two >&2; exit 3")}},
			{Name: "second", Gateway: "right", Command: &lab.Command{Argv: sh("echo three"), After: []string{"first"}}},
			{Name: "forever", Command: &lab.Command{Argv: []string{"sleep", "1000"}, Background: true}},
			{Name: "last", Command: &lab.Command{Argv: sh("grep name /etc/resolv.conf"), After: []string{"forever"}}},
			{Name: "slow", Command: &lab.Command{Argv: []string{"sleep", "1000"}, Timeout: 1}},
		},
	})
	for _, line := range []string{"first   | one", "first   | two", "last    | nameserver 198.51.100.53"} {
		if !strings.Contains(said, line+"\n") {
			t.Errorf("nobody said %q:\n%s", line, said)
		}
	}
	t.Logf("%+v", all)
}
