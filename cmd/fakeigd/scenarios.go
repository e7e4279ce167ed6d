package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/scenarios"
)

func scenariosCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "What fakeigd can play",
		Long: `What fakeigd can play, and files of your own. A scenario says what stands in the network; a profile is one device, which others
build upon; a quirk is one misbehaviour, which devices name. Each can be played by itself.

Two lines make a router that is known to be wrong in two ways:

  schema: 1
  devices: {profile: igd2, quirks: [list-views-differ, {add-table-full-silent-32: {limit: 160}}]}`,
		Example: `  fakeigd scenarios list
  fakeigd scenarios show igd2 > my-router.yaml
  fakeigd scenarios validate my-router.yaml`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(scenariosList(u), scenariosShow(u), scenariosValidate(u), scenariosSchema(u))
	return cmd
}

// scenarioView is a scenario as list shows it.
type scenarioView struct {
	Name       string          `json:"name"`
	Summary    string          `json:"summary"`
	Group      string          `json:"group"`
	Kind       string          `json:"kind"` // scenario, profile or quirk
	Verdict    string          `json:"verdict"`
	Kept       bool            `json:"kept"` // the verdict is about a port that is kept open
	Evidence   []string        `json:"evidence"`
	Exposes    string          `json:"exposes"`
	Parameters []parameterView `json:"parameters"` // of a quirk
}

type parameterView struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	Default string `json:"default"`
}

func viewOf(s *scenarios.Scenario) scenarioView {
	v := scenarioView{
		Name: s.Name, Summary: s.Summary, Group: s.Group, Kind: string(s.Kind()), Verdict: string(s.Verdict), Kept: s.Kept,
		Evidence: s.Evidence, Exposes: s.Exposes, Parameters: []parameterView{},
	}
	if v.Evidence == nil {
		v.Evidence = []string{} // an empty list, not null
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		v.Parameters = append(v.Parameters, parameterView{name, s.Parameters[name].About, s.Default(name)})
	}
	return v
}

func scenariosList(u *ui) *cobra.Command {
	var group, kind string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios, profiles and quirks",
		Long: `List the built-in scenarios, profiles and quirks: name, kind (scenario, profile or quirk), verdict (what a good client must reach),
summary.
--json adds group, evidence, exposes (the mistake of a client that it shows), kept (the verdict is about a port that is kept open) and
parameters[]: name, about, default.`,
		Example: "  fakeigd scenarios list\n  fakeigd scenarios list --group ssdp\n  fakeigd scenarios list --kind quirk --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := scenarios.List()
			if err != nil {
				return err
			}
			return list(u, all, group, kind)
		},
	}
	f := cmd.Flags()
	f.StringVar(&group, "group", "", "only those of the family `GROUP`")
	f.StringVar(&kind, "kind", "", "only those that are `scenario|profile|quirk`")
	registerCompletion(cmd, "group", completeGroup)
	registerCompletion(cmd, "kind", cobra.FixedCompletions(kinds(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func kinds() []string {
	return []string{string(scenarios.KindScenario), string(scenarios.KindProfile), string(scenarios.KindQuirk)}
}

func list(u *ui, all []*scenarios.Scenario, group, kind string) error {
	if kind != "" && !slices.Contains(kinds(), kind) {
		return usage("for example --kind quirk", "--kind %q is not one of %s", kind, strings.Join(kinds(), ", "))
	}
	if groups := groupsOf(all); group != "" && !slices.Contains(groups, group) {
		return usage("there are "+strings.Join(groups, ", "), "no built-in scenario is of the group %q", group)
	}
	views := []scenarioView{}
	rows := [][]string{{"NAME", "KIND", "VERDICT", "SUMMARY"}}
	for _, s := range all {
		if group != "" && s.Group != group || kind != "" && string(s.Kind()) != kind {
			continue
		}
		views = append(views, viewOf(s))
		rows = append(rows, []string{s.Name, string(s.Kind()), string(s.Verdict), s.Summary})
	}
	if u.JSON {
		u.Document(map[string]any{"scenarios": views})
	} else {
		u.Table(rows)
	}
	return nil
}

func groupsOf(all []*scenarios.Scenario) []string {
	var groups []string
	for _, s := range all {
		groups = append(groups, s.Group)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

func scenariosShow(u *ui) *cobra.Command {
	var resolved bool
	cmd := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Print a scenario, to read it or to begin a file of your own",
		Long: `Print the text of a scenario, comments and all. --resolved prints it with all that its profiles and quirks add, in one file that
names no other. --json gives what fakeigd reads in it: the keys of list, and devices[] with every name that was left out.`,
		Example: `  fakeigd scenarios show igd1
  fakeigd scenarios show igd2 > my-router.yaml
  fakeigd scenarios show --resolved my-router.yaml`,
		Args:              oneScenario,
		ValidArgsFunction: completeScenario,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loadScenario(args[0])
			if err != nil {
				return err
			}
			text, err := scenarios.Source(args[0])
			if err != nil {
				return scenarioFailure(args[0], err)
			}
			if resolved {
				if text, err = s.Resolved(); err != nil {
					return err
				}
			}
			if u.JSON {
				u.Document(detailsOf(s, text))
				return nil
			}
			_, err = u.Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&resolved, "resolved", false, "with all that its profiles and quirks add")
	return cmd
}

// scenarioDetails is a scenario as show shows it.
type scenarioDetails struct {
	scenarioView
	Devices []deviceView `json:"devices"`
	Text    string       `json:"text"` // YAML, as it would be printed without --json
}

type deviceView struct {
	Name       string   `json:"name"`
	IGD        int      `json:"igd"`
	ExternalIP string   `json:"external_ip,omitempty"`
	Faults     []string `json:"faults"` // names of those that have one
}

func detailsOf(s *scenarios.Scenario, text []byte) scenarioDetails {
	d := scenarioDetails{scenarioView: viewOf(s), Text: string(text)}
	for _, o := range s.Options() {
		v := deviceView{Name: o.Name, IGD: o.Version, Faults: []string{}}
		if o.ExternalIP.IsValid() {
			v.ExternalIP = o.ExternalIP.String()
		}
		for _, f := range o.Faults {
			if f.Name != "" && !slices.Contains(v.Faults, f.Name) {
				v.Faults = append(v.Faults, f.Name)
			}
		}
		d.Devices = append(d.Devices, v)
	}
	return d
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

func completeGroup(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all, err := scenarios.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return groupsOf(all), cobra.ShellCompDirectiveNoFileComp
}
