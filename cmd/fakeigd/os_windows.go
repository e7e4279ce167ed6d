package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// meansEnd is never asked for more than an answer: nothing can be done about what CMD left.
func meansEnd(os.Signal, int) bool { return false }

// ignoreClosedPipes has nothing to do: writing to a closed pipe only fails.
func ignoreClosedPipes() {}

func addressTaken(err error) bool   { return errors.Is(err, windows.WSAEADDRINUSE) }
func addressForeign(err error) bool { return errors.Is(err, windows.WSAEADDRNOTAVAIL) }
