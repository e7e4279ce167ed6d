//go:build unix

package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// forward hands a signal on to CMD. What the keyboard of a terminal sends has reached CMD already, with everything else that
// runs in the foreground there; sent again it would look like impatience.
func forward(p *os.Process, s os.Signal) {
	if s != syscall.SIGTERM && foreground() {
		return
	}
	_ = p.Signal(s) // it may have ended just now
}

// foreground reports whether igdctl is what the keyboard of its terminal talks to.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// exitCode is that of CMD as a shell would give it.
func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return s.ExitCode()
}
