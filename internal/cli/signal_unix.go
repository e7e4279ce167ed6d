//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// StopSignals ask a program to clean up and end. A hangup does, unless nohup wants it ignored.
func StopSignals() []os.Signal { return unlessNohup(syscall.SIGINT, syscall.SIGTERM) }

// Forwarded are the signals that a command run by us gets in our place.
func Forwarded() []os.Signal {
	return unlessNohup(syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
}

func unlessNohup(signals ...os.Signal) []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return signals
	}
	return append(signals, syscall.SIGHUP)
}

// Forward hands a signal on to a command run by us. What the keyboard of a terminal sends has reached it already, with everything
// else in the foreground there; the second Ctrl-C makes many programs skip their cleaning up.
func Forward(p *os.Process, s os.Signal) {
	if (s == syscall.SIGINT || s == syscall.SIGQUIT) && foreground() {
		return
	}
	_ = p.Signal(s) // an error means that it has just ended
}

// foreground reports whether the keyboard of our terminal talks to us.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// ExitCode is that of a command as a shell gives it: 128+n when signal n ended it.
func ExitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok {
		return StatusCode(status)
	}
	return s.ExitCode()
}

// StatusCode is ExitCode for who waited by himself.
func StatusCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
