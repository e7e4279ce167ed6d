package emulator

import (
	"context"
	"fmt"
)

// TB is the part of testing.TB that [Start] needs, so that programs using this package do not link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Failed() bool
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// shownEntries is how much of the journal a failed test prints.
const shownEntries = 40

// Start returns a gateway that ends with the test. When the test fails, the end of the gateway's journal and the seed are
// logged.
func Start(t TB, o Options) *Gateway {
	t.Helper()
	// The test's own context ends before its cleanups run, and a gateway that leaves says goodbye.
	g, err := New(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := g.Close(); err != nil {
			t.Logf("closing gateway %s: %v", g.Name(), err)
		}
		if t.Failed() {
			logJournal(t, g)
		}
	})
	return g
}

func logJournal(t TB, g *Gateway) {
	t.Helper()
	entries := g.Journal()
	skipped := max(0, len(entries)-shownEntries)
	t.Logf("gateway %s, seed %d, saw %d things; the last:", g.Name(), g.options.Seed, len(entries))
	for _, e := range entries[skipped:] {
		t.Logf("%s", e)
	}
}

// String writes e on one line for people.
func (e Entry) String() string {
	s := fmt.Sprintf("%6d %s %s", e.Seq, e.Time.Format("15:04:05.000"), e.Kind)
	if e.Name != "" {
		s += " " + e.Name
	}
	if e.Peer.IsValid() {
		s += " " + e.Peer.String()
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" → %d", e.Status)
	}
	if e.Code != 0 {
		s += fmt.Sprintf(" (error %d)", e.Code)
	}
	for _, d := range e.Details {
		s += fmt.Sprintf(" %s=%q", d.Name, d.Value)
	}
	return s
}
