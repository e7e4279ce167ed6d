// Package labtest runs tests in a lab: the test's body is a process on the lab's host, so that every goroutine in it, and
// every library that it calls, sees a LAN with one gateway on the default route, where multicast works and port 1900 is free.
//
// The test binary takes part as the lab's gateway:
//
//	func TestMain(m *testing.M) {
//		if lab.IsChild() {
//			os.Exit(lab.Child(lab.Ready(start)))
//		}
//		os.Exit(m.Run())
//	}
//
//	func TestSearch(t *testing.T) {
//		labtest.Host(t, lab.Options{Spec: spec}, func(t *testing.T) {
//			… // 192.168.1.10; the gateway is 192.168.1.1
//		})
//	}
//
// The body may make further namespaces: it is root of the lab's user namespace.
package labtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
)

// inside names, to the process on the host, the test whose body it is to run.
const inside = "IGDKIT_LABTEST"

// Host runs body on the host of a lab as part of the test t, whose output and verdict it takes over. What the test does
// before Host happens twice, outside and inside; what it does after Host only makes sense outside, see [Inside].
//
// Env, Stdin, Stdout and Stderr of o are set here. Where labs cannot be made the test is skipped with the reason; when the environment says
// CI=true it fails instead, because there the reason is that something broke.
func Host(t *testing.T, o lab.Options, body func(t *testing.T)) {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		body(t)
		return
	}
	if Inside() {
		t.Skip("another test's body runs in this lab")
	}
	var out bytes.Buffer
	o.Env = append(os.Environ(), inside+"="+t.Name())
	o.Stdin, o.Stdout, o.Stderr = nil, &out, &out
	code, err := lab.Run(t.Context(), o, arguments(t))
	if unavailable, ok := errors.AsType[*lab.UnavailableError](err); ok {
		Skip(t, fmt.Sprintf("%v; %s", unavailable, unavailable.Hint()))
	}
	switch text := out.String(); {
	case err != nil:
		t.Fatalf("%v\n%s", err, text)
	case code != 0:
		t.Fatalf("in the lab: exit code %d\n%s", code, text)
	case strings.Contains(text, "\n--- SKIP: "+t.Name()+" ") || strings.HasPrefix(text, "--- SKIP: "+t.Name()+" "):
		t.Skipf("in the lab:\n%s", text)
	default:
		t.Logf("in the lab:\n%s", text)
	}
}

// Inside says whether this process is a test's body on the host of a lab.
func Inside() bool { return os.Getenv(inside) != "" }

// Skip skips the test for a reason that an ordinary machine may have and CI may not: there, with CI=true, it fails.
// Labs need Linux, so elsewhere it always skips.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// arguments start this test binary again for the one test.
func arguments(t *testing.T) []string {
	args := []string{"/proc/self/exe", "-test.run=" + exactly(t.Name()), "-test.count=1", "-test.v"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	if deadline, ok := t.Deadline(); ok {
		// A little less, so that it is the process with the stuck goroutine that shows its stacks.
		args = append(args, fmt.Sprintf("-test.timeout=%s", time.Until(deadline)*9/10))
	}
	return args
}

// exactly is the pattern that selects the one test or benchmark of that name.
func exactly(name string) string {
	var pattern []string
	for part := range strings.SplitSeq(name, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	return strings.Join(pattern, "/")
}
