// Package cli holds what igdctl and fakeigd say alike: the words for a command line that cannot be read.
package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/igdkit/igdkit/internal/words"
)

// FlagError words an error of cobra's about a flag: one sentence, and a hint that leads on. An unknown command is reported before its
// unknown flags.
func FlagError(cmd *cobra.Command, err error) (message, hint string) {
	if !cmd.HasParent() && cmd.Flags().NArg() > 0 {
		return UnknownCommand(cmd, cmd.Flags().Arg(0))
	}
	hint = cmd.CommandPath() + " --help lists the flags"
	switch e := err.(type) {
	case *pflag.NotExistError:
		name := e.GetSpecifiedName()
		if len([]rune(name)) == 1 {
			return fmt.Sprintf("there is no flag -%s", name), hint
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := words.Nearest(name, names); near != "" {
			hint = "did you mean --" + near + "?"
		}
		return fmt.Sprintf("there is no flag --%s", name), hint
	case *pflag.ValueRequiredError:
		return fmt.Sprintf("the flag --%s needs a value", e.GetFlag().Name), hint
	case *pflag.InvalidValueError:
		why := e.Unwrap().Error()
		value := e.GetFlag().Value
		if named, ok := value.(namedValue); ok {
			value = named.Value
		}
		switch value.Type() { // for its own types pflag gives the words of strconv
		case "bool":
			why = "is neither true nor false"
		case "int":
			why = "is no whole number"
		case "uint", "uint64":
			why = "is no whole number from 0 up"
		case "duration":
			why = "is no time such as 90s, 5m or 2h"
		}
		return fmt.Sprintf("--%s %q %s", e.GetFlag().Name, e.GetValue(), why), hint
	}
	return err.Error(), hint
}

// UnknownCommand words that parent has no command of that name.
func UnknownCommand(parent *cobra.Command, name string) (message, hint string) {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint = parent.CommandPath() + " --help lists the commands"
	if near := words.Nearest(name, names); near != "" {
		hint = "did you mean " + parent.CommandPath() + " " + near + "?"
	}
	return fmt.Sprintf("there is no command %q", name), hint
}
