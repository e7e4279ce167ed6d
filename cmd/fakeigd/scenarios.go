package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/scenarios"
)

func scenariosCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "What fakeigd can play",
		Example: `  fakeigd scenarios list
  fakeigd scenarios show igd2 > my-router.yaml
  fakeigd scenarios validate my-router.yaml`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(scenariosList(u), scenariosShow(u), scenariosValidate(u))
	return cmd
}

// scenarioView is a scenario as list shows it.
type scenarioView struct {
	Name     string   `json:"name"`
	Summary  string   `json:"summary"`
	Group    string   `json:"group"`
	Verdict  string   `json:"verdict"`
	Evidence []string `json:"evidence"`
}

func viewOf(s *scenarios.Scenario) scenarioView {
	v := scenarioView{Name: s.Name, Summary: s.Summary, Group: s.Group, Verdict: string(s.Verdict), Evidence: s.Evidence}
	if v.Evidence == nil {
		v.Evidence = []string{} // an empty list, not null
	}
	return v
}

func scenariosList(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Long: `List the built-in scenarios: name, verdict (what a good client must reach) and summary.
--json adds group and evidence.`,
		Example: "  fakeigd scenarios list\n  fakeigd scenarios list --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := scenarios.List()
			if err != nil {
				return err
			}
			views := []scenarioView{}
			rows := [][]string{{"NAME", "VERDICT", "SUMMARY"}}
			for _, s := range all {
				views = append(views, viewOf(s))
				rows = append(rows, []string{s.Name, string(s.Verdict), s.Summary})
			}
			if u.JSON {
				u.Document(map[string]any{"scenarios": views})
			} else {
				u.Table(rows)
			}
			return nil
		},
	}
}

func scenariosShow(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Print a scenario, to read it or to begin a file of your own",
		Long: `Print the text of a scenario, comments and all. --json gives what fakeigd reads in it: the keys of list, and devices[]
with every name that was left out.`,
		Example:           "  fakeigd scenarios show igd1\n  fakeigd scenarios show igd2 > my-router.yaml",
		Args:              oneScenario,
		ValidArgsFunction: completeScenario,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loadScenario(args[0])
			if err != nil {
				return err
			}
			if u.JSON {
				u.Document(detailsOf(s))
				return nil
			}
			text, err := scenarios.Source(args[0])
			if err != nil {
				return scenarioFailure(args[0], err)
			}
			_, err = u.Write(text)
			return err
		},
	}
}

// scenarioDetails is a scenario as show shows it.
type scenarioDetails struct {
	scenarioView
	Devices []deviceView `json:"devices"`
}

type deviceView struct {
	Name       string `json:"name"`
	IGD        int    `json:"igd"`
	ExternalIP string `json:"external_ip,omitempty"`
}

func detailsOf(s *scenarios.Scenario) scenarioDetails {
	d := scenarioDetails{scenarioView: viewOf(s)}
	for _, dev := range s.Devices {
		v := deviceView{Name: dev.Name, IGD: dev.IGD}
		if dev.ExternalIP.IsValid() {
			v.ExternalIP = dev.ExternalIP.String()
		}
		d.Devices = append(d.Devices, v)
	}
	return d
}

func scenariosValidate(u *ui) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check scenario files and tell everything that is wrong with them",
		Long: `Check scenario files. Everything that is wrong is listed as FILE:LINE:COLUMN: what, on stdout; the exit code is then 2.
--json gives files[] with file, ok and problems[]: line, column, key, message, did_you_mean.`,
		Example: "  fakeigd scenarios validate my-router.yaml",
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
			return scenarioFailure(name, err)
		} else if !u.JSON {
			u.Print("%s: ok", name)
		}
		wrong = wrong || err != nil
		views = append(views, v)
	}
	if u.JSON {
		u.Document(map[string]any{"files": views})
	}
	if wrong {
		return exit(exitUsage)
	}
	return nil
}

func oneScenario(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("list them: fakeigd scenarios list", "%s needs the name or the file of one scenario", cmd.CommandPath())
	}
	return nil
}

// loadScenario is scenarios.Load in our voice.
func loadScenario(name string) (*scenarios.Scenario, error) {
	s, err := scenarios.Load(name)
	if err != nil {
		return nil, scenarioFailure(name, err)
	}
	return s, nil
}

// scenarioFailure says why a scenario cannot be played.
func scenarioFailure(name string, err error) *failure {
	f := &failure{kind: "scenario", exit: exitUsage, message: err.Error(), cause: err}
	if _, ok := errors.AsType[*scenarios.UnknownError](err); ok {
		f.hints = []string{"list them: fakeigd scenarios list; a file of yours is named with its path or its ending .yaml"}
	} else if e, ok := errors.AsType[*scenarios.InvalidError](err); ok {
		f.hints = []string{"see one that is right: fakeigd scenarios show igd1"}
		if len(e.Problems) > 1 {
			f.hints = []string{"see all of it: fakeigd scenarios validate " + name}
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		f.message = "there is no file " + name
		f.hints = []string{"a built-in scenario is named without a path and an ending: fakeigd scenarios list"}
	} else if e, ok := errors.AsType[*fs.PathError](err); ok {
		f.message = fmt.Sprintf("the scenario %s cannot be read: %v", name, e.Err)
		f.hints = []string{"name a YAML file, or a built-in scenario: fakeigd scenarios list"}
	}
	return f
}

// completeScenario offers the built-in scenarios, and files once a path is begun.
func completeScenario(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	if scenarios.IsFile(begun) {
		return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
	all, err := scenarios.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, s := range all {
		words = append(words, s.Name+"\t"+s.Summary)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
