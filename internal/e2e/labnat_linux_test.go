package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator/nat"
)

// TestLabNATs has every kind of NAT in one lab, and each is what igdctl nat finds it to be: the nine of RFC 4787, behind which all hosts have
// the same address, and those that translate nothing.
func TestLabNATs(t *testing.T) {
	t.Parallel()
	words := []string{"open", "symmetric-firewall"}
	for _, mapping := range []string{"eim", "adm", "apdm"} {
		for _, filtering := range []string{"eif", "adf", "apdf"} {
			words = append(words, mapping+"/"+filtering)
		}
	}
	var file strings.Builder
	file.WriteString("homes:\n")
	for i, w := range words {
		fmt.Fprintf(&file, "  - {name: home%d, nat: %s, hosts: [{name: host%d, command: igdctl nat --server stun.lab --json, timeout: 90s}]}\n", i, w, i)
	}
	exit, _, said := inLabFile(t, file.String())
	if exit != 0 {
		t.Errorf("exit %d\n%s", exit, said)
	}
	for i, w := range words {
		want, err := nat.Parse(w)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Mapping, Filtering string }
		if err := json.Unmarshal([]byte(saidBy(said, fmt.Sprintf("host%d", i))), &got); err != nil {
			t.Errorf("%s: %v", w, err)
			continue
		}
		if got.Mapping != want.Mapping.String() || got.Filtering != want.Filtering.String() {
			t.Errorf("%s is found to be %+v", w, got)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

// saidBy is the document among what a host has said: its lines but for those in words.
func saidBy(said, host string) string {
	var lines []string
	for line := range strings.SplitSeq(said, "\n") {
		name, text, ok := strings.Cut(line, " | ")
		if ok && strings.TrimSpace(name) == host && !strings.HasPrefix(text, "igdctl: ") {
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, "\n")
}
