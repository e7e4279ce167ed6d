package main

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/cli"
)

// family is CMD and everything that comes of it. fakeigd is its subreaper: whatever loses its parent becomes a child of
// ours, instead of vanishing to init, so that nothing of CMD can hide. Process groups would not do: CMD must stay in ours
// to read the terminal, and a daemon leaves every group.
type family struct {
	cmd    *exec.Cmd
	ended  chan int      // exit code of CMD, once
	reaped chan struct{} // something ended; one is enough to look again
	empty  chan struct{} // closed when nothing is left
}

// startFamily starts CMD, which is killed when fakeigd is: a SIGKILL cannot be forwarded.
func startFamily(cmd *exec.Cmd) (*family, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, os.NewSyscallError("prctl", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	f := &family{cmd: cmd, ended: make(chan int, 1), reaped: make(chan struct{}, 1), empty: make(chan struct{})}
	started := make(chan error, 1)
	go func() { // ends when nothing is left, or with fakeigd
		// The parent-death signal is sent when the thread that forked ends, and not only with the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			f.reap()
		}
	}()
	return f, <-started
}

// reap waits for every child in the place of cmd.Wait. An orphan that ended would stay visible as a zombie to whoever
// waits for its end by looking whether it is there.
func (f *family) reap() {
	defer close(f.empty)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil: // ECHILD
			return
		case pid == f.cmd.Process.Pid:
			f.ended <- cli.StatusCode(status)
		}
		select {
		case f.reaped <- struct{}{}:
		default:
		}
	}
}

// What is left of CMD has this long to end after SIGTERM, and then after SIGKILL, which only what belongs to another
// user survives.
const (
	termTime = time.Second
	killTime = time.Second
)

// endRest ends what CMD left behind.
func (f *family) endRest() {
	signalAll(syscall.SIGTERM)
	select {
	case <-f.empty:
		return
	case <-time.After(termTime):
	}
	overdue := time.After(killTime)
	for {
		signalAll(syscall.SIGKILL)
		select {
		case <-f.empty:
			return
		case <-f.reaped: // what was forked while we looked has become a child of ours
		case <-overdue:
			return
		}
	}
}

// signalAll sends sig to every descendant. One that ended meanwhile stays a zombie until it is reaped, so that its number
// rarely means another process.
func signalAll(sig syscall.Signal) {
	for _, pid := range descendants(os.Getpid(), parents()) {
		_ = syscall.Kill(pid, sig)
	}
}

// parents maps every process to its parent.
func parents() map[int]int {
	all := map[int]int{}
	entries, _ := os.ReadDir("/proc") // without /proc nobody can be found
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		// "PID (NAME) STATE PPID …"; a name may hold parentheses and spaces of its own.
		if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); len(fields) > 1 {
			all[pid], _ = strconv.Atoi(fields[1])
		}
	}
	return all
}

func descendants(of int, parents map[int]int) []int {
	var all []int
	for pid, parent := range parents {
		if parent == of {
			all = append(append(all, pid), descendants(pid, parents)...)
		}
	}
	return all
}
