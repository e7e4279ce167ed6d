package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator"
)

func ctlCommand(u *ui) *cobra.Command {
	c := &controlClient{waiting: u.Waiting}
	var control string
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Look at a running fakeigd, and change what it plays",
		Long: `Asks the control API of a running fakeigd: the one at --control, or at IGD_CONTROL, which fakeigd run sets. With more than one
gateway, --gateway says which. What belongs to a scenario as a whole, its clock and its reset, is moved for all of its gateways.`,
		Example: `  fakeigd ctl mappings
  fakeigd ctl advance 2h
  fakeigd ctl reboot --no-byebye --new-ports
  fakeigd ctl fault add '{on: soap.AddPortMapping, when: {first: 1}, do: {upnp-error: 501}}'
  fakeigd ctl verify '{calls: AddPortMapping, with: {NewLeaseDuration: 0}}'`,
		Args: knownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			c.base, err = controlURL(control)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f := cmd.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&control, "control", "", "ask the control API at `URL or HOST:PORT` (default: IGD_CONTROL)")
	f.StringVar(&c.gateway, "gateway", "", "mean the gateway `NAME` (default: the only one)")
	for name, complete := range map[string]cobra.CompletionFunc{"control": cobra.NoFileCompletions, "gateway": c.completeGateway(&control)} {
		if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(err) // the flag stands above
		}
	}
	cmd.AddCommand(
		ctlGateways(u, c), ctlAdd(u, c), ctlRemove(u, c), ctlState(u, c), ctlMappings(u, c), ctlClear(u, c), ctlJournal(u, c),
		ctlVerify(u, c), ctlReboot(u, c), ctlWANAddress(u, c), ctlAdvance(u, c), ctlFault(u, c), ctlReset(u, c),
	)
	for _, sub := range cmd.Commands() {
		if sub.ValidArgsFunction == nil {
			sub.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	return cmd
}

// completeGateway offers the names of the gateways that run, if somebody answers at once.
func (c *controlClient) completeGateway(control *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		base, err := controlURL(*control)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), askTime)
		defer cancel()
		var all gatewaysView
		var names []string
		if (&controlClient{base: base}).do(ctx, "GET", "/v1/gateways", nil, &all) == nil {
			for _, g := range all.Gateways {
				names = append(names, g.Name+"\t"+g.Scenario)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// exactly holds a command to one argument.
func exactly(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usage("for example "+example, "%s needs %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// show gives an answer as it came with --json, and otherwise in words.
func show[T any](u *ui, answer T, words func(T)) error {
	if u.JSON {
		u.Document(answer)
	} else {
		words(answer)
	}
	return nil
}

// jsonWords write JSON for bodies.
type jsonWords map[string]any

func (w jsonWords) json() []byte {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // texts, numbers and truths always encode
	}
	return text
}

// tableOf writes rows under a head, or a sentence when there are none.
func (u *ui) tableOf(head []string, rows [][]string, none string) {
	if len(rows) == 0 {
		u.Print("%s", none)
		return
	}
	u.Table(append([][]string{head}, rows...))
}

func (u *ui) gatewayTable(all gatewaysView) {
	var rows [][]string
	for _, g := range all.Gateways {
		rows = append(rows, []string{g.Name, g.Scenario, orDash(g.ExternalIP), g.Location, orDash(g.SSDP)})
	}
	u.tableOf([]string{"NAME", "SCENARIO", "ADDRESS", "LOCATION", "SSDP"}, rows, "no gateways")
}

func (u *ui) stateTable(s stateView) {
	u.Table([][]string{
		{"gateway", s.Name},
		{"scenario", fmt.Sprintf("%s, seed %d", s.Scenario, s.Seed)},
		{"location", s.Location},
		{"ssdp", orDash(s.SSDP)},
		{"address", orDash(s.ExternalIP)},
		{"status", fmt.Sprintf("%s for %v", s.Status, time.Duration(s.Uptime)*time.Second)},
		{"clock", fmt.Sprintf("%s, %s", s.Clock, s.Time.Format(time.RFC3339))},
		{"mappings", fmt.Sprint(s.Mappings)},
		{"journal", fmt.Sprint(s.Journal)},
	})
}

func (u *ui) mappingTable(v mappingsView) {
	var rows [][]string
	for _, m := range v.Mappings {
		until := "for ever"
		if !m.Expires.IsZero() {
			until = m.Expires.Local().Format(time.DateTime)
		}
		rows = append(rows, []string{
			fmt.Sprintf("%d/%s", m.ExternalPort, m.Protocol), fmt.Sprintf("%v:%d", m.InternalClient, m.InternalPort),
			until, orDash(reachText(m)), m.Description,
		})
	}
	u.tableOf([]string{"PORT", "LEADS TO", "UNTIL", "REACH", "DESCRIPTION"}, rows, "no mappings")
}

func (u *ui) entryLines(entries []emulator.Entry) {
	var day string
	for _, e := range entries {
		u.entryLine(e, &day)
	}
}

// entryLine writes e, below its day where that is not the day of the line before.
func (u *ui) entryLine(e emulator.Entry, day *string) {
	if today := e.Time.Format(time.DateOnly); today != *day {
		*day = today
		u.Print("%s", today)
	}
	u.Print("%v", e)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func reachText(m emulator.Mapping) string {
	if !m.Reach.IsValid() {
		return ""
	}
	return m.Reach.String()
}
