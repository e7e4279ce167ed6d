//go:build unix

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// forwarded lists the signals that a program run by fakeigd gets in our place.
func forwarded() []os.Signal {
	return unlessNohup(syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
}

// unlessNohup adds SIGHUP, except where nohup wants it ignored.
func unlessNohup(signals ...os.Signal) []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return signals
	}
	return append(signals, syscall.SIGHUP)
}

// reachedChild tells whether s came to the child without us. What is typed at a terminal goes to every process of the
// foreground group, and the second Ctrl-C makes many programs skip their cleaning up.
func reachedChild(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT {
		return false
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// meansEnd tells whether CMD, which ended with this exit code, ended because of s. SIGTERM and SIGHUP leave it no choice.
// Ctrl-C may be part of what somebody does in a shell or an editor: it counts if it was the end.
func meansEnd(s os.Signal, code int) bool {
	switch s {
	case syscall.SIGTERM, syscall.SIGHUP:
		return true
	case syscall.SIGINT, syscall.SIGQUIT:
		return code == 128+int(s.(syscall.Signal))
	}
	return false
}

func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok {
		return codeOf(status)
	}
	return s.ExitCode()
}

// codeOf is an exit code as a shell gives it.
func codeOf(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// endSignals are the signals that end serve in good order.
func endSignals() []os.Signal { return unlessNohup(syscall.SIGINT, syscall.SIGTERM) }

// ignoreClosedPipes keeps serve alive when whoever read its ready line has gone: `fakeigd serve | head -1` is a fair
// way to start one. Writing then fails with EPIPE instead of ending the process.
func ignoreClosedPipes() { signal.Ignore(syscall.SIGPIPE) }

func addressTaken(err error) bool   { return errors.Is(err, syscall.EADDRINUSE) }
func addressForeign(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }
