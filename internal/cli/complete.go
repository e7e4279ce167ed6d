package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/internal/words"
	"github.com/spf13/pflag"
)

// A UsageError makes an error of a sentence and a hint, in the voice of one program.
type UsageError func(message, hint string) error

// AddOwnCommands gives root the commands help and completion. Those of cobra take a mistake for a wish. completes says what is
// completed besides commands and flags, such as "interface names".
func AddOwnCommands(root *cobra.Command, completes, example string, usage UsageError) {
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(completionCommand(root.Name(), completes, usage))
	root.SetHelpCommand(helpCommand(root, example, usage))
}

func completionCommand(program, completes string, usage UsageError) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write a script that completes " + program + "'s command line",
		Long: fmt.Sprintf(`Writes a script for bash, zsh, fish or powershell that completes commands, flags and %s.
Completing sends nothing to the network.`, completes),
		Example: fmt.Sprintf(`  source <(%[1]s completion bash)
  %[1]s completion zsh >"${fpath[1]}/_%[1]s"
  %[1]s completion fish >~/.config/fish/completions/%[1]s.fish
  %[1]s completion powershell | Out-String | Invoke-Expression`, program),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("completion takes the name of one shell", program+" completion bash")
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
			if near := words.Nearest(args[0], shells); near != "" {
				hint = fmt.Sprintf("did you mean %s completion %s?", program, near)
			}
			return usage(fmt.Sprintf("there is no completion for the shell %q", args[0]), hint)
		},
	}
}

// helpCommand is cobra's, except that an unknown command is an error.
func helpCommand(root *cobra.Command, example string, usage UsageError) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Tell how a command is used",
		Example: "  " + example,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			parent, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range parent.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			switch {
			case err != nil:
				return usage(UnknownCommand(root, args[0]))
			case len(rest) > 0:
				return usage(UnknownCommand(cmd, rest[0]))
			}
			return cmd.Help()
		},
	}
}

// NameValues takes the backquotes that name a flag's value in --help out of its description, which completion shows as it is. It
// goes through all commands below cmd.
func NameValues(cmd *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{cmd.PersistentFlags(), cmd.Flags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if name, usage := pflag.UnquoteUsage(f); usage != f.Usage {
				f.Value, f.Usage = namedValue{f.Value, name}, usage
				if slices.Contains([]string{"[]", "0s"}, f.DefValue) { // pflag knows these for nothing by the type
					f.DefValue = ""
				}
			}
		})
	}
	for _, c := range cmd.Commands() {
		NameValues(c)
	}
}

// namedValue is a flag's value with a name for --help.
type namedValue struct {
	pflag.Value
	name string
}

// FlagValues are what a flag that may be given several times was given, or the one value of any other.
func FlagValues(f *pflag.Flag) []string {
	value := f.Value
	if named, ok := value.(namedValue); ok {
		value = named.Value
	}
	if list, ok := value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{value.String()}
}

// Type is the name of the value in --help.
func (v namedValue) Type() string { return v.name }
