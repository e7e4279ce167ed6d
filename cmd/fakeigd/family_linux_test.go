package main

import (
	"io"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// everyoneEnds waits until stdout ends: until then some process of the family holds it open.
func (p *process) everyoneEnds(t *testing.T) {
	t.Helper()
	if err := p.pipe.(*os.File).SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(p.out); err != nil {
		t.Fatalf("a process is left: %v", err)
	}
}

// After a signal that meant the end nothing of the command is left, however far from it.
func TestRunLeavesNoProcess(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		signal       syscall.Signal
		code         int
	}{
		{"in the background", `sleep 779 & echo started; sleep 779`, syscall.SIGTERM, 143},
		{"in a session of its own", `setsid sleep 779 & echo started; sleep 779`, syscall.SIGTERM, 143},
		{"orphaned", `(sleep 779 & sleep 779 &) ; echo started; exec sleep 779`, syscall.SIGHUP, 129},
		{"interrupted", `sleep 779 & echo started; exec sleep 779`, syscall.SIGINT, 130},
		{"deaf to SIGTERM", `(trap "" TERM; sleep 779 & sleep 779 &) ; echo started; exec sleep 779`, syscall.SIGTERM, 143},
		{"a command that has its own code", `trap "exit 7" TERM; sleep 779 & echo started; wait`, syscall.SIGTERM, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := background(t, "fakeigd", "run", "--", "sh", "-c", tt.script)
			p.line(t)
			if err := p.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			p.everyoneEnds(t)
			if code := p.code(t); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
		})
	}
}

// Nobody can forward SIGKILL: the kernel ends the command.
func TestRunKilled(t *testing.T) {
	p := background(t, "fakeigd", "run", "--", "sh", "-c", "echo started; exec sleep 779")
	p.line(t)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.everyoneEnds(t)
}

// A command that ends by itself may leave processes behind, as it could without us.
func TestRunLeavesDaemons(t *testing.T) {
	p := background(t, "fakeigd", "run", "--", "sh", "-c", "sleep 779 2>/dev/null & echo $!")
	daemon, err := strconv.Atoi(p.line(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.ProcessState, err = p.Process.Wait(); err != nil || p.ProcessState.ExitCode() != 0 {
		t.Errorf("end of fakeigd: %v, %v", p.ProcessState, err)
	}
	if err := syscall.Kill(daemon, syscall.SIGKILL); err != nil {
		t.Errorf("the daemon has ended with its command: %v", err)
	}
	p.everyoneEnds(t)
	_ = p.pipe.Close() // Wait would have
}

// An orphan that has ended is gone while the command still runs: programs wait for daemons in this way.
func TestRunReapsOrphans(t *testing.T) {
	p := background(t, "fakeigd", "run", "--", "sh", "-c",
		`pid=$(sleep 0 >/dev/null & echo $!); while kill -0 $pid 2>/dev/null; do :; done; echo gone`)
	if s := p.line(t); s != "gone" {
		t.Errorf("the command says %q", s)
	}
	p.code(t)
}

func TestDescendants(t *testing.T) {
	got := descendants(1, map[int]int{2: 1, 3: 2, 4: 3, 5: 9, 6: 1, 9: 0})
	slices.Sort(got)
	if !slices.Equal(got, []int{2, 3, 4, 6}) {
		t.Errorf("descendants %v", got)
	}
}
