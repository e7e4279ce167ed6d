package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/internal/cli"
	"github.com/spf13/pflag"
)

func newCompletionCmd() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write a script that completes igdctl's command line",
		Long: `Writes a script for bash, zsh, fish or powershell that completes commands, flags and interface names.
Completing sends nothing to the network.`,
		Example: `  source <(igdctl completion bash)
  igdctl completion zsh >"${fpath[1]}/_igdctl"
  igdctl completion fish >~/.config/fish/completions/igdctl.fish
  igdctl completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("completion takes the name of one shell", "igdctl completion bash")
			}
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			hint := "there are bash, zsh, fish and powershell"
			if near := cli.Nearest(args[0], shells); near != "" {
				hint = "did you mean igdctl completion " + near + "?"
			}
			return usage(fmt.Sprintf("there is no completion for the shell %q", args[0]), hint)
		},
	}
}

// newHelpCmd is cobra's, except that an unknown command is an error.
func newHelpCmd(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Tell how a command is used",
		Example: `  igdctl help open`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range root.Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage(cli.UnknownCommand(root, args[0]))
			}
			return cmd.Help()
		},
	}
}

// nameValues takes the backquotes that name a flag's value in --help out of its description, which completion shows as it is.
func nameValues(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if name, usage := pflag.UnquoteUsage(f); usage != f.Usage {
			f.Value, f.Usage = namedValue{f.Value, name}, usage
		}
	})
}

// namedValue is a flag's value with a name for --help.
type namedValue struct {
	pflag.Value
	name string
}

// Type is the name of the value in --help.
func (v namedValue) Type() string { return v.name }
