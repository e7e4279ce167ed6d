package e2e

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// CI runs again what the race detector crashed in, and nothing else.
func TestCrashedPackages(t *testing.T) {
	if _, err := exec.LookPath("awk"); err != nil {
		labtest.Skip(t, "no awk here: "+err.Error())
	}
	const (
		crash  = "SIGSEGV: segmentation violation\nPC=0x4a\n\ngoroutine 7 gp=0xc0 m=3 mp=0xc0 [running]:\nruntime.(*timer).maybeRunChan(0xc0, 0xc1)\n\t/go/src/runtime/time.go:1 +0x4\nexit status 2\n"
		other  = "SIGSEGV: segmentation violation\nPC=0x4a\n\ngoroutine 7 [running]:\nexample.com/b.f(0x0)\n"
		failed = "--- FAIL: TestB (0.01s)\n    b_test.go:7: no\nFAIL\n"
		ok     = "ok  \texample.com/ok\t1.2s\n?   \texample.com/none\t[no test files]\n"
		a, b   = "FAIL\texample.com/a\t3.1s\n", "FAIL\texample.com/b\t0.1s\n"
	)
	for log, want := range map[string]string{
		ok + crash + a + ok + "FAIL\n":               "example.com/a",
		crash + a + crash + b + "FAIL\n":             "example.com/a example.com/b",
		crash + a + failed + b + "FAIL\n":            "fails",
		failed + b + crash + a + "FAIL\n":            "fails",
		crash + a + other + b + "FAIL\n":             "fails",
		crash + ok + failed + b + "FAIL\n":           "fails",
		"FAIL\texample.com/b [build failed]\nFAIL\n": "fails",
		failed + b + "FAIL\n":                        "fails",
		ok:                                           "fails",
		"":                                           "fails",
	} {
		cmd := exec.Command("awk", "-f", "../../.ci/crashed")
		cmd.Stdin = strings.NewReader(log)
		out, err := cmd.Output()
		got := strings.Join(strings.Fields(string(out)), " ")
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			got = "fails"
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q gives %q, want %q", log, got, want)
		}
	}
}
