package main

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// forwarded lists what is caught while a program runs. The console tells every process of its group by itself; we only
// have to outlive the program.
func forwarded() []os.Signal { return []os.Signal{os.Interrupt} }

func reachedChild(os.Signal) bool { return true }

// meansEnd is never asked for more than an answer: nothing can be done about what CMD left.
func meansEnd(os.Signal, int) bool { return false }

func exitCode(s *os.ProcessState) int { return s.ExitCode() }

// endSignals are the signals that end serve in good order: Ctrl-C, and closing the console, which Go calls SIGTERM.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// ignoreClosedPipes has nothing to do: writing to a closed pipe only fails.
func ignoreClosedPipes() {}

func addressTaken(err error) bool   { return errors.Is(err, windows.WSAEADDRINUSE) }
func addressForeign(err error) bool { return errors.Is(err, windows.WSAEADDRNOTAVAIL) }
