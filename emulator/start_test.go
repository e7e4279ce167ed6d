package emulator

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// recorder is a test that fails and remembers what was said.
type recorder struct {
	*testing.T
	said     strings.Builder
	failed   bool
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.Logf(format, args...)
}

func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.said, format+"\n", args...) }
func (r *recorder) Failed() bool                    { return r.failed }
func (r *recorder) Name() string                    { return "TestIt/the_case" }
func (r *recorder) Context() context.Context        { return r.T.Context() }
func (r *recorder) Cleanup(f func())                { r.cleanups = append(r.cleanups, f) }

func (r *recorder) end() {
	for _, f := range r.cleanups {
		f()
	}
}

// A test that fails says what the gateway saw, what came nearest, the seed, and how to see it again.
func TestFailedTestSaysWhatHappened(t *testing.T) {
	r := &recorder{T: t}
	g := Start(r, Options{Name: "box", Seed: 42, SSDP: "off", Scenario: "add-lease-725"})
	resp, err := http.Get(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	g.Expect(r, Expectation{Requests: "GET /description.xml"})
	if r.failed {
		t.Errorf("an expectation that came true failed: %s", r.said.String())
	}
	g.Expect(r, Expectation{Requests: "GET /other.xml", AtLeast: new(2)})
	if !r.failed {
		t.Error("an expectation that did not come true did not fail")
	}
	r.end()
	for _, want := range []string{
		`(?m)^expected: requests GET /other\.xml, at least 2 times$`,
		`(?m)^     saw: none$`,
		`(?m)^    near: +\d+ \S+ http\.request GET /description\.xml 127\.0\.0\.1:\d+ → 200$`,
		`(?m)^          the request is GET /description\.xml, not GET /other\.xml$`,
		`(?m)^gateway box, seed 42, saw this:$`,
		`(?m)^ +1 \S+ http\.request GET /description\.xml`,
		`(?m)^again: go test -count=1 -run '\^TestIt\$/\^the_case\$' github\.com/igdkit/igdkit/emulator$`,
		`(?m)^by hand: fakeigd serve --scenario add-lease-725 --seed 42$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.said.String()) {
			t.Errorf("no %s in:\n%s", want, r.said.String())
		}
	}
}
