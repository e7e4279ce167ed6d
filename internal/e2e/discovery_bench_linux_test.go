package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/netns"
)

// lateGateway answers each search after three seconds, whatever MX allows: as one does that takes MX 5 for given.
const lateGateway = `
schema: 1
name: answers-late
group: ssdp
summary: Searches are answered after three seconds.
exposes: a client that stops listening early
evidence: [none]
verdict: opens
base: igd1
quirk:
  faults:
    - on: ssdp.reply
      do: {delay: 3s}
`

// BenchmarkDiscovery finds a real miniupnpd, which answers within MX, and asks it for the external address, with nothing remembered: by igdctl, by upnpc and by
// a program with goupnp, by turns.
func BenchmarkDiscovery(b *testing.B) {
	need(b, "miniupnpd", "nft", "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{}, func(b *testing.B) {
		h := build(b, wiring{})
		discover(b, h.lan)
	})
}

// BenchmarkDiscoveryLate does so with a gateway that answers late.
func BenchmarkDiscoveryLate(b *testing.B) {
	need(b, "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{Spec: spec{Scenario: lateGateway}.json(b)}, func(b *testing.B) { discover(b, nil) })
}

// BenchmarkDiscoverySilent does so where nobody answers: the time is that until it is said.
func BenchmarkDiscoverySilent(b *testing.B) {
	need(b, "upnpc")
	commandsOnPath(b)
	labtest.Bench(b, lab.Options{}, func(b *testing.B) { discover(b, nil) })
}

// discover lets each of the three find what there is, from a namespace; nil is this one. It reports the medians, and how often each found a gateway.
func discover(b *testing.B, from *netns.Namespace) {
	all := []struct {
		name string
		argv []string
		took []time.Duration
		hits int
	}{
		{name: "igdctl", argv: []string{command(b, "igdctl"), "--no-cache", "ip"}},
		{name: "upnpc", argv: []string{"upnpc", "-s"}},
		{name: "goupnp", argv: []string{command(b, "discover")}},
	}
	rounds := 0
	for b.Loop() {
		rounds++
		for i := range all {
			took, found := timedSearch(b, from, all[i].argv)
			all[i].took = append(all[i].took, took)
			if found {
				all[i].hits++
			}
		}
	}
	for _, x := range all {
		b.ReportMetric(milliseconds(x.took), x.name+"-ms")
		b.ReportMetric(float64(x.hits)/float64(rounds), x.name+"-found")
	}
	b.ReportMetric(0, "ns/op")
}

// timedSearch is the time that a command takes, and whether it says the external address of a gateway.
func timedSearch(b *testing.B, from *netns.Namespace, argv []string) (time.Duration, bool) {
	b.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(b.Context(), argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout = append(os.Environ(), "HOME="+b.TempDir(), "NO_COLOR=1"), &out
	begin := time.Now()
	start := func() error { return cmd.Start() }
	var err error
	if from != nil {
		err = from.Do(start)
	} else {
		err = start()
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait() // what it says tells
	return time.Since(begin), bytes.Contains(out.Bytes(), []byte("45.66.77.88"))
}
