package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/internal/cli"
)

// execute runs one command line and gives the exit code.
func execute(ctx context.Context, u *ui, args []string) int {
	root := newRoot(u)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if broken := u.Broken(); err == nil && broken != nil {
		err = fmt.Errorf("stdout cannot be written: %w", broken)
	}
	if err == nil {
		return 0
	}
	// A flag that cannot be read ends the reading of flags: --json may stand behind it.
	u.JSON = u.JSON || slices.Contains(beforeDashes(args), "--json")
	return u.fail(err, cmd.Annotations[stdoutIsTheirs] == "")
}

// stdoutIsTheirs marks the commands that run another one, to which stdout belongs.
const stdoutIsTheirs = "stdout is theirs"

func beforeDashes(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i]
	}
	return args
}

func newRoot(u *ui) *cobra.Command {
	root := &cobra.Command{
		Use:   "fakeigd",
		Short: "A home router for tests",
		Long: `fakeigd plays Internet gateways (UPnP IGD) that programs can find and ask for port mappings:
on loopback, or in a network of their own. No root, no real router.`,
		Example: `  fakeigd run -- go test ./...        # a gateway while the command runs; IGD_LOCATION tells where
  fakeigd lab -- transmission-daemon  # the command alone behind the gateway, found by multicast
  fakeigd serve --control :8080       # a gateway until SIGTERM; one JSON line when ready`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(u)
	root.SetErr(u.stderr)
	root.SetIn(u.stdin)
	root.PersistentFlags().BoolVar(&u.JSON, "json", false, "results and errors as JSON on stdout")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		message, hint := cli.FlagError(cmd, err)
		return usage(hint, "%s", strings.ReplaceAll(message, "\n", " "))
	})
	root.AddCommand(serveCommand(u), runCommand(u), labCommand(u), ctlCommand(u), scenariosCommand(u), readyzCommand(u), doctorCommand(u))
	cli.AddOwnCommands(root, "scenario names", "fakeigd help run", func(message, hint string) error { return usage(hint, "%s", message) })
	cli.NameValues(root)
	return root
}

// knownCommand refuses what is none of the commands below cmd.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message, hint := cli.UnknownCommand(cmd, args[0])
	return usage(hint, "%s", message)
}

// noArgs refuses arguments in our voice.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("see "+cmd.CommandPath()+" --help", "%s takes no arguments, but was given %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// needsCommand holds run and lab to having something to run.
func needsCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || args[0] == "" {
		path := cmd.CommandPath()
		return usage(fmt.Sprintf("for example: %s -- go test ./...", path), "%s needs a command to run", path)
	}
	return nil
}

// version is the module's version as the go command recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
