package main

import (
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/internal/cli"
)

// commands are those of igdctl, in the order of --help.
func commands() []namedCommand {
	return []namedCommand{
		{"discover", newDiscoverCmd},
		{"status", newStatusCmd},
		{"ip", newIPCmd},
		{"list", newListCmd},
		{"open", newOpenCmd},
		{"close", newCloseCmd},
		{"with", newWithCmd},
		{"watch", newWatchCmd},
		{"doctor", newDoctorCmd},
		{"nat", newNATCmd},
		{"reach", newReachCmd},
		{"punch", newPunchCmd},
		{"pinhole", newPinholeCmd},
	}
}

// namedCommand is a command that is made when it is needed.
type namedCommand struct {
	name string
	make func(*app) *cobra.Command
}

// rootFor makes what runs a command line: only the command that it means, or all of them where it means none of these, asks for help or has to be
// completed. All of them, with the version, take as long to make as an exchange with a gateway.
func rootFor(a *app, args []string) *cobra.Command {
	root := newBareRoot(a)
	for _, c := range commands() {
		if slices.Contains(args, c.name) { // perhaps as the value of a flag
			root.AddCommand(c.make(a))
		}
	}
	if cmd, _, err := root.Find(args); err != nil || !cmd.HasParent() {
		return newRootCmd(a)
	}
	complete(root)
	return root
}

// newRootCmd makes all commands.
func newRootCmd(a *app) *cobra.Command {
	root := newBareRoot(a)
	root.Version = version()
	for _, c := range commands() {
		root.AddCommand(c.make(a))
	}
	cli.AddOwnCommands(root, "interface names", "igdctl help open", usage)
	complete(root)
	return root
}

// complete gives the commands of root what all have in common.
func complete(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.DisableFlagsInUseLine = true
	}
	cli.NameValues(root)
}

// newBareRoot makes igdctl without its commands.
func newBareRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "igdctl",
		Short: "Open ports on your Internet gateway",
		Long: `igdctl asks the Internet gateway of this network to let the outside in (UPnP IGD).
It opens a port with one command, or says in plain words why it cannot be opened.`,
		Example: `  igdctl open 8080    # the Internet reaches port 8080 of this computer for a day
  igdctl list         # who has which port
  igdctl close 8080   # and no longer`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(cli.UnknownCommand(cmd, args[0]))
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.settle(cmd) },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(a.stdin)
	root.SetOut(a.env.stdout)
	root.SetErr(a.env.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cli.FlagError(cmd, err)) })

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.gateway, "gateway", "", "`URL|IP` of the gateway, instead of searching for one (IGD_LOCATION)")
	flags.StringVar(&a.ifname, "interface", "", "search only by the network interface `NAME`")
	flags.StringVar(&a.ssdp, "ssdp", "", "send searches to `HOST:PORT` instead of everybody on the network (IGD_SSDP)")
	a.timeout = timeout(patienceLimit)
	flags.Var(&a.timeout, "timeout", "give up on the gateway after this time; a search ends after four seconds, an action after ten")
	flags.BoolVar(&a.JSON, "json", false, "give the result, or the error, as JSON on stdout")
	flags.BoolVar(&a.trace, "trace", false, "show every byte of the exchange with the gateway on stderr")
	flags.BoolVar(&a.noCache, "no-cache", false, "search as if no gateway had ever been found, and remember none")
	must(root.RegisterFlagCompletionFunc("interface", completeInterfaces))
	for _, name := range []string{"gateway", "ssdp", "timeout"} {
		must(root.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
	return root
}

// version is the module's version as the go command recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
