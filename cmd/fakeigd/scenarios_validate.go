package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/scenarios"
)

func scenariosValidate(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check scenario files and tell everything that is wrong with them",
		Long: `Check scenario files. Everything that is wrong is listed as FILE:LINE:COLUMN: what, on stdout; the exit code is then 2.
The files that a file names are checked with it. --json gives files[] with file, ok and problems[]: file, line,
column, key, message, did_you_mean.`,
		Example: "  fakeigd scenarios validate my-router.yaml\n  fakeigd scenarios validate *.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("for example fakeigd scenarios validate my-router.yaml", "which file? %s needs at least one", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, args []string) error { return validate(u, args) },
	}
}

type fileView struct {
	File     string        `json:"file"`
	OK       bool          `json:"ok"`
	Problems []problemView `json:"problems"`
}

type problemView struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Key        string `json:"key"`
	Message    string `json:"message"`
	DidYouMean string `json:"did_you_mean"`
}

// validate writes its findings to stdout, because they are its result, and leaves only the exit code to be told.
func validate(u *ui, names []string) error {
	views := []fileView{}
	var wrong bool
	var unread error // the first file that cannot be read; the others are checked all the same
	for _, name := range names {
		_, err := scenarios.Load(name)
		v := fileView{File: name, OK: err == nil, Problems: []problemView{}}
		if e, ok := errors.AsType[*scenarios.InvalidError](err); ok {
			for _, p := range e.Problems {
				v.Problems = append(v.Problems, problemView(p))
				if !u.JSON {
					u.Print("%s", p)
				}
			}
		} else if err != nil {
			if unread == nil {
				unread = scenarioFailure(name, err)
			}
			continue
		} else if !u.JSON {
			u.Print("%s: ok", name)
		}
		wrong = wrong || err != nil
		views = append(views, v)
	}
	if u.JSON {
		u.Document(map[string]any{"files": views})
	}
	if unread != nil {
		return unread
	}
	if wrong {
		return exit(exitUsage)
	}
	return nil
}

func scenariosSchema(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Long: `Print the JSON Schema of scenario files (draft 2020-12). An editor with a YAML language server completes keys and words by it, tells what
each means, and marks what is wrong, once the file begins with a line that says where the schema is:

  # yaml-language-server: $schema=fakeigd.schema.json

The path may be absolute, or relative to the file. In VS Code it is the extension YAML by Red Hat that reads the line. Which names exist and
what goes together, only fakeigd scenarios validate knows.`,
		Example: "  fakeigd scenarios schema > fakeigd.schema.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := u.Write(scenarios.JSONSchema())
			return err
		},
	}
}
