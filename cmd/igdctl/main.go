// Igdctl opens ports on the Internet gateway of the network it runs in, by UPnP IGD, and says in plain words why one cannot
// be opened.
package main

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

func main() {
	os.Exit(start(cli.Patience))
}

// start runs igdctl for the process it is in, until it is done or told to stop. After patience it says what it waits for.
func start(patience time.Duration) int {
	ctx, stop := signal.NotifyContext(context.Background(), cli.StopSignals()...)
	defer stop()
	// A second Ctrl-C ends a close that hangs.
	context.AfterFunc(ctx, stop)
	cache, _ := client.DefaultCache() // "" where there is no home: then every search is a fresh one, and nobody knows what was opened
	journal, _ := client.DefaultJournal()
	return run(ctx, os.Args[1:], env{
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		environ:  os.Environ(),
		cache:    cache,
		journal:  journal,
		patience: patience,
		size:     func() (int, int, bool) { return cli.ScreenSize(os.Stdout) },
		color:    cli.WantsColor(os.Stderr),
	})
}
