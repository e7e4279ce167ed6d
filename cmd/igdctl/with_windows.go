package main

import (
	"os"
	"syscall"
)

// forward ends CMD when igdctl is told to end. Ctrl-C has reached CMD already: it goes to everything on the console.
func forward(p *os.Process, s os.Signal) {
	if s == syscall.SIGTERM {
		_ = p.Kill() // it may have ended just now
	}
}

func exitCode(s *os.ProcessState) int { return s.ExitCode() }
