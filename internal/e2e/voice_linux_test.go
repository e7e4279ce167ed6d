package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/client"
)

// voicePair is a call between two processes of examples/voice.
type voicePair struct {
	nats   [2]string
	igd    [2]bool       // they ask their routers
	method client.Method // "": it cannot be
}

func voicePairs() []voicePair {
	return []voicePair{
		{[2]string{"port-restricted", "symmetric"}, [2]bool{true, true}, client.DirectMethod},
		{[2]string{"symmetric", "symmetric"}, [2]bool{true, false}, client.DirectMethod},
		{[2]string{"port-restricted", "port-restricted"}, [2]bool{}, client.PunchMethod},
		{[2]string{"symmetric", "restricted"}, [2]bool{}, client.PunchMethod},
		{[2]string{"port-restricted", "symmetric"}, [2]bool{}, ""},
	}
}

func (v voicePair) String() string { return fmt.Sprintf("voice %v igd %v", v.nats, v.igd) }

// test has the two find each other from behind their NATs and speak, or say why they cannot.
func (v voicePair) test(t *testing.T) {
	n := newNetwork(t, "../../examples/voice")
	file := strings.NewReplacer("nat: port-restricted", "nat: "+v.nats[0], "nat: symmetric", "nat: "+v.nats[1]).Replace(n.read("net.yaml"))
	parts := strings.SplitAfter(file, "command: voice call")
	for i, asks := range v.igd {
		if !asks {
			parts[i] += " --no-igd"
		}
	}
	n.write("net.yaml", strings.Join(parts, ""))
	got := n.run()
	for _, side := range []string{"left-phone", "right-phone"} {
		if v.method == "" {
			why := regexp.MustCompile(`(?m)^` + side + ` +\| voice: no path to .* a router that opens a port would help`)
			if got.code != 1 || !why.MatchString(got.stderr) {
				t.Errorf("%s does not say why there is no call", side)
			}
			continue
		}
		heard := regexp.MustCompile(`(?m)^` + side + ` +\| sent 150 packets; heard (\d+) of 150 packets, lost \S+ %, jitter \S+ ms$`).FindStringSubmatch(got.stdout)
		if got.code != 0 || heard == nil {
			t.Errorf("%s was not called", side)
		} else if packets, err := strconv.Atoi(heard[1]); err != nil || packets < 135 {
			t.Errorf("%s heard only %s of 150 packets", side, heard[1])
		}
	}
	journal := n.read("journal.ndjson")
	if opened, closed := strings.Count(journal, `"state.mapping-added"`), strings.Count(journal, `"state.mapping-deleted"`); opened != closed || (opened > 0) != (v.igd[0] || v.igd[1]) {
		t.Errorf("%d ports were opened, and %d closed", opened, closed)
	}
	if want := fmt.Sprintf(" (%s)\n", v.method); v.method != "" && !strings.Contains(got.stdout, want) {
		t.Errorf("want them connected by %s", v.method)
	}
}
