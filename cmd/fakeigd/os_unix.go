//go:build unix

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

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

// ignoreClosedPipes keeps serve alive when whoever read its ready line has gone: `fakeigd serve | head -1` is a fair
// way to start one. Writing then fails with EPIPE instead of ending the process.
func ignoreClosedPipes() { signal.Ignore(syscall.SIGPIPE) }

func addressTaken(err error) bool   { return errors.Is(err, syscall.EADDRINUSE) }
func addressForeign(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }
