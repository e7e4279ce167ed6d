package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

func newWithCmd(a *app) *cobra.Command {
	var o openFlags
	check := interval(15 * time.Minute)
	cmd := &cobra.Command{
		Use:   "with SPEC… [flags] -- CMD [ARG…]",
		Short: "Open ports while a command runs",
		Long: `Opens ports, runs CMD, and closes the ports when CMD has ended. CMD is not started when a port cannot be opened.

CMD finds the external address in IGD_EXTERNAL_IP and the external port of the first SPEC in IGD_EXTERNAL_PORT. The port
of every SPEC is in IGD_EXTERNAL_PORT_INTERNAL_PROTOCOL too, for example IGD_EXTERNAL_PORT_8080_TCP.

The exit code is that of CMD; 127 when there is no such command, 126 when it cannot be run, and 128+N when signal N
ended it. A signal to igdctl goes to CMD, and the ports are closed when CMD has ended.

Until then they are kept open as by open --keep: renewed, looked after, and open again when the gateway has restarted.`,
		Example: `  igdctl with 8000 -- python3 -m http.server 8000
  igdctl with 27015/both --any -- ./game-server
  igdctl with 8080 -- sh -c 'echo reach me at $IGD_EXTERNAL_IP:$IGD_EXTERNAL_PORT'`,
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash < 0 || dash == len(args) {
				return usage("which command? it follows after --", "igdctl with 8080/tcp -- CMD")
			}
			specs, err := parseSpecs(args[:dash])
			if err != nil {
				return err
			}
			o.keep, o.check = true, time.Duration(check)
			return a.with(cmd.Context(), specs, o, args[dash:])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.any, "any", false, "another external port will do when the wanted one is taken")
	flags.Var(&check, "check", "how often the gateway is asked whether the port is still open, from 1s up")
	flags.BoolVar(&o.through, "through", false, "open it on the routers that the gateway stands behind too, three at most")
	flags.StringVar(&o.to, "to", "", "lead to the computer `HOST` instead of this one; many gateways refuse")
	flags.StringVar(&o.description, "description", "", "`TEXT` that the gateway shows for the port")
	for _, name := range []string{"check", "to", "description"} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
	return cmd
}

// commandError carries the exit code of CMD. There is nothing to say about it: CMD has spoken for itself.
type commandError struct{ code int }

func (e *commandError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func (a *app) with(ctx context.Context, specs []spec, o openFlags, argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return notFound(argv[0], err)
	}
	_, all, err := a.openAll(ctx, "with", specs, o)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.err != nil {
			a.closeAll(all)
			return x.err
		}
	}
	for _, x := range all {
		for _, e := range x.mapping.Entries() {
			a.Say("%s leads to %s while %s runs", openName(e), e.Internal, argv[0])
			a.warnShared(e)
		}
	}
	a.warnAddress(all)
	defer outlivePipes()()
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.watch(watching, all, a.warnEvent)
	}()
	err = a.command(ctx, path, argv, withEnviron(a.environ, all))
	stop()
	<-told
	a.closeAll(all)
	return err
}

// command runs CMD and hands on to it the signals that would end igdctl.
func (a *app) command(ctx context.Context, path string, argv, environ []string) error {
	// From here on a signal ends CMD, not igdctl, which has ports to close.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, cli.Forwarded()...)
	defer signal.Stop(signals)
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: path, Args: argv, Env: environ, Stdin: a.stdin, Stdout: a.env.stdout, Stderr: a.env.stderr}
	if err := cmd.Start(); err != nil {
		return notRunnable(argv[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			cli.Forward(cmd.Process, s)
		case err := <-ended:
			if err == nil {
				return nil
			}
			if e, ok := errors.AsType[*exec.ExitError](err); ok {
				return &commandError{cli.ExitCode(e.ProcessState)}
			}
			return &localError{exitLocal, fmt.Errorf("%s: %w", argv[0], err), ""}
		}
	}
}

// notFound is the error of a CMD that is not there, or is there and no program.
func notFound(name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return &localError{exitNotFound, fmt.Errorf("there is no command %q; nothing was opened", name),
			"CMD is a program of PATH, or the path of one, such as ./server"}
	}
	return notRunnable(name, err)
}

func notRunnable(name string, err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		err = cause // without the name once more
	}
	hint := "CMD has to be a program of this system; a script starts with a line such as #!/bin/sh"
	if errors.Is(err, fs.ErrPermission) {
		hint = "CMD has to be an executable file: see chmod +x"
	}
	return &localError{exitNotRunnable, fmt.Errorf("%q cannot be run: %w", name, err), hint}
}

// withEnviron tells CMD where it is reached.
func withEnviron(environ []string, all []opened) []string {
	out := append([]string{}, environ...)
	for i, x := range all {
		for j, e := range x.mapping.Entries() {
			port := strconv.Itoa(int(e.External.Port()))
			if i == 0 && j == 0 {
				address := ""
				if e.External.Addr().IsValid() {
					address = e.External.Addr().String()
				}
				out = append(out, "IGD_EXTERNAL_IP="+address, "IGD_EXTERNAL_PORT="+port)
			}
			out = append(out, fmt.Sprintf("IGD_EXTERNAL_PORT_%d_%s=%s", x.spec.internal, e.Protocol, port))
		}
	}
	return out
}

// warnEvent tells what happens to a port while CMD runs, except that all is well.
func (a *app) warnEvent(x opened, e client.Event) {
	switch e.Kind {
	case client.Mapped, client.Renewed:
		return
	}
	a.Warn("%s", strings.TrimSpace(eventText(x.spec, e)))
}
