package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/cli"
)

func serveCommand(u *ui) *cobra.Command {
	var s settings
	var lifetime time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Play gateways until told to end",
		Long: `Play gateways until SIGTERM, SIGINT or the end of --max-lifetime.

One JSON line on stdout says that everything stands, and where: event, location, ssdp, control, scenario, seed,
external_ip, wan, pid, and gateways[] with the same for each when there are several. After it come events, one JSON
object a line: mapping-added, mapping-deleted, mapping-expired and others, and stopped at the end; time is by the clock of the gateway, of
stopped by that of the first. The keys at the top are those of the first gateway that maps ports. The pipe may be closed
after the first line; serve goes on.

With --clock virtual, time stands still for leases, subscriptions and timelines until fakeigd ctl advance moves it; with
--count N each scenario is played N times, as NAME-1 to NAME-N.

SIGTERM and the end of --max-lifetime give exit code 0, SIGINT 130, SIGHUP 129, and 1 when the
journal could not be written to its end. byebye is sent first.

The control API speaks JSON, in the words of scenarios; fakeigd ctl does the same from a shell:

` + routesHelp(),
		Example: `  fakeigd serve
  fakeigd serve --scenario igd2 --control 127.0.0.1:8080 --journal gateway.ndjson
  fakeigd serve --scenario ./my-router.yaml --wan 100.64.0.1
  fakeigd serve --clock virtual --count 3 --max-lifetime 30m
  fakeigd serve --listen 0.0.0.0:5000 --advertise 172.17.0.2:5000 --control 0.0.0.0:8080`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lifetime < 0 {
				return usage("for example --max-lifetime 30m", "--max-lifetime %v is negative", lifetime)
			}
			if s.count < 1 {
				return usage("for example --count 10", "--count %d is not between 1 and %d", s.count, maxGateways)
			}
			return serve(cmd.Context(), u, &s, lifetime)
		},
	}
	s.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&s.control, "control", "127.0.0.1:0", "answer the control API at `HOST:PORT|off`; port 0 is any free one")
	f.DurationVar(&lifetime, "max-lifetime", 0, "end by itself after `DURATION`, such as 30m (default: never)")
	f.IntVar(&s.count, "count", 1, "play each scenario `N` times, each with ports of its own")
	registerCompletion(cmd, "count", cobra.NoFileCompletions)
	registerCompletion(cmd, "control", cobra.FixedCompletions([]string{"127.0.0.1:8080", "off"}, cobra.ShellCompDirectiveNoFileComp))
	registerCompletion(cmd, "max-lifetime", cobra.NoFileCompletions)
	return cmd
}

// drainTime is how long the last events may take to be written.
const drainTime = 200 * time.Millisecond

func serve(ctx context.Context, u *ui, s *settings, lifetime time.Duration) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, cli.StopSignals()...)
	defer signal.Stop(signals)
	ignoreClosedPipes()

	events := newEventWriter(u.stdout)
	se, err := open(ctx, s, func(e emulator.Event) { events.put(e) })
	if err != nil {
		return err
	}
	if _, err := u.stdout.Write(encodeLine(se.ready())); err != nil {
		return errors.Join(fmt.Errorf("stdout cannot be written: %w", err), se.close())
	}
	go events.run() // what happened before stands in the queue; ended by close

	var end <-chan time.Time
	if lifetime > 0 {
		end = time.After(lifetime)
	}
	last := stoppedLine{Event: "stopped"}
	code := 0
	select {
	case sig := <-signals:
		last.Reason, code = endOf(sig)
	case <-end:
		last.Reason = "max-lifetime"
	}
	err = se.close()
	last.Time = se.now()
	events.put(last)
	events.close(drainTime)
	if err == nil && code != 0 {
		err = exit(code)
	}
	return err
}

// endOf is the reason and the exit code of an end by sig: SIGTERM is how a server is meant to be ended.
func endOf(sig os.Signal) (reason string, code int) {
	switch sig {
	case os.Interrupt:
		return "sigint", exitInterrupted
	case syscall.SIGHUP:
		return "sighup", exitHungUp
	}
	return "sigterm", 0
}
