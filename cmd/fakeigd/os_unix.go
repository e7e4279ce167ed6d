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

func exitCode(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

// endSignals are the signals that end serve in good order.
func endSignals() []os.Signal { return unlessNohup(syscall.SIGINT, syscall.SIGTERM) }

// ignoreClosedPipes keeps serve alive when whoever read its ready line has gone: `fakeigd serve | head -1` is a fair
// way to start one. Writing then fails with EPIPE instead of ending the process.
func ignoreClosedPipes() { signal.Ignore(syscall.SIGPIPE) }

func addressTaken(err error) bool   { return errors.Is(err, syscall.EADDRINUSE) }
func addressForeign(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }
