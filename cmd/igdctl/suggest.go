package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError is what a flag that cannot be parsed becomes. An unknown command is reported before its unknown flags.
func flagError(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() && cmd.Flags().NArg() > 0 {
		return unknownCommand(cmd, cmd.Flags().Arg(0))
	}
	help := cmd.CommandPath() + " --help lists the flags"
	switch e := err.(type) {
	case *pflag.NotExistError:
		name := e.GetSpecifiedName()
		if len([]rune(name)) == 1 {
			return usage(fmt.Sprintf("there is no flag -%s", name), help)
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := nearest(name, names); near != "" {
			help = "did you mean --" + near + "?"
		}
		return usage(fmt.Sprintf("there is no flag --%s", name), help)
	case *pflag.ValueRequiredError:
		return usage(fmt.Sprintf("the flag --%s needs a value", e.GetFlag().Name), help)
	case *pflag.InvalidValueError:
		why := "is neither true nor false"
		if e.GetFlag().Value.Type() != "bool" {
			why = e.Unwrap().Error()
		}
		return usage(fmt.Sprintf("--%s %q %s", e.GetFlag().Name, e.GetValue(), why), help)
	}
	return usage(err.Error(), help)
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := "igdctl --help lists the commands"
	if near := nearest(name, names); near != "" {
		hint = "did you mean igdctl " + near + "?"
	}
	return usage(fmt.Sprintf("there is no command %q", name), hint)
}

// nearest is the name that was probably meant: at most two slips away and less than half of its letters, or one that
// starts with what was typed.
func nearest(typed string, names []string) string {
	best, slips := "", 3
	for _, name := range names {
		d := distance(strings.ToLower(typed), name)
		if len(typed) > 1 && strings.HasPrefix(name, strings.ToLower(typed)) {
			d = 1
		}
		if d < slips && 2*d < len(name)+1 {
			best, slips = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to make a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
