package emulator

import (
	"context"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/igdkit/igdkit/internal/words"
)

// TB is the part of testing.TB that [Start] needs, so that programs using this package do not link package testing.
type TB interface {
	Helper()
	Name() string
	Cleanup(func())
	Context() context.Context
	Failed() bool
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// shownEntries is how much of the journal a failed test prints.
const shownEntries = 40

// Start returns a gateway that ends with the test. When the test fails, the end of the gateway's journal is logged, with the seed
// and the command that runs the test again.
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
			t.Logf("%s", g.account(t.Name()))
		}
	})
	return g
}

// Expect makes the test fail, and go on, if the journal does not hold what is expected. It says what was seen instead.
func (g *Gateway) Expect(t TB, expect ...Expectation) {
	t.Helper()
	unmet, err := g.Verify(expect...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, u := range unmet {
		t.Errorf("gateway %s:\n%v", g.Name(), u)
	}
}

// account is what a failed test says about g.
func (g *Gateway) account(test string) string {
	var b strings.Builder
	entries := g.Journal()
	skipped := max(0, len(entries)-shownEntries)
	fmt.Fprintf(&b, "gateway %s, seed %d, saw", g.Name(), g.options.Seed)
	switch {
	case len(entries) == 0:
		b.WriteString(" nothing\n")
	case skipped > 0:
		fmt.Fprintf(&b, " this, after %d other things:\n", entries[skipped].Seq-1)
	default:
		b.WriteString(" this:\n")
	}
	for _, e := range entries[skipped:] {
		fmt.Fprintf(&b, "%v\n", e)
	}
	fmt.Fprintf(&b, "again: %s", testCommand(test))
	if s := g.options.Scenario; s != "" {
		fmt.Fprintf(&b, "\nby hand: fakeigd serve --scenario %s --seed %d", words.Shell(s), g.options.Seed)
	}
	return b.String()
}

// testCommand runs one test again.
func testCommand(test string) string {
	var parts []string
	for part := range strings.SplitSeq(test, "/") {
		parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
	}
	command := fmt.Sprintf("go test -count=1 -run '%s'", strings.Join(parts, "/"))
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasSuffix(info.Path, ".test") {
		command += " " + strings.TrimSuffix(info.Path, ".test")
	}
	return command
}
