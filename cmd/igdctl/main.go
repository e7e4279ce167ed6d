// Igdctl opens ports on the Internet gateway of the network it runs in, by UPnP IGD, and says in plain words why one cannot
// be opened.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	os.Exit(start(patience))
}

// start runs igdctl for the process it is in, until it is done or told to stop. After patience it says what it waits for.
func start(patience time.Duration) int {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	// A second Ctrl-C ends a close that hangs.
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], env{
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		environ:  os.Environ(),
		patience: patience,
		color:    terminal(os.Stderr) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	})
}

// stopSignals ask igdctl to clean up and end. A hangup does, unless nohup wants it ignored.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// terminal reports whether f is one that understands colour; the consoles of Windows are not asked.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && runtime.GOOS != "windows"
}
