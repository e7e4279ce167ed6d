package cli

import (
	"os"
	"syscall"
)

// StopSignals ask a program to clean up and end: Ctrl-C, and closing the console, which Go calls SIGTERM.
func StopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// Forwarded are the signals that a command run by us gets in our place.
func Forwarded() []os.Signal { return StopSignals() }

// Forward ends a command run by us when we are told to end. Ctrl-C has reached it already: it goes to everything on the console.
func Forward(p *os.Process, s os.Signal) {
	if s == syscall.SIGTERM {
		_ = p.Kill() // it may have ended just now
	}
}

// ExitCode is that of a command.
func ExitCode(s *os.ProcessState) int { return s.ExitCode() }
