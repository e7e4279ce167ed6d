package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator/lab"
)

// What reaches a script: the kind, the exit code and the words of errors that no test machine can be made to have.
func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		exit int
		want failureJSON
	}{
		{
			"closed namespaces", labFailure(fmt.Errorf("x: %w", &lab.UnavailableError{Reason: lab.ReasonAppArmor, Err: syscall.EPERM})), 2,
			failureJSON{
				Kind:    "lab",
				Message: "this machine lets nobody make a lab: AppArmor closes user namespaces to ordinary users: operation not permitted",
				Hint: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run with sudo; " +
					"fakeigd run needs no lab: the command finds the gateway by IGD_LOCATION",
			},
		},
		{
			"a fault in the lab", labFailure(errors.New("lab: the gateway ended without a word")), 1,
			failureJSON{Kind: "local", Message: "lab: the gateway ended without a word"},
		},
		{
			"interrupted", fmt.Errorf("wait: %w", context.Canceled), 130,
			failureJSON{Kind: "interrupted", Message: "interrupted"},
		},
		{
			"words that move the cursor", errors.New("a\x1b[2J\nb"), 1,
			failureJSON{Kind: "local", Message: "a [2J b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := failureOf(tt.err)
			if diff := cmp.Diff(tt.want, f.document()); diff != "" || f.exit != tt.exit {
				t.Errorf("exit code %d, want %d; words differ (-want +got)\n%s", f.exit, tt.exit, diff)
			}
		})
	}
}
