package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the port mappings of the gateway",
		Long: `Lists the ports that programs have opened on the gateway, by anybody on the network, and for how long.
Ports that were opened in the settings of a router are often missing from its list.

With --json, "mine" says that a port leads to this computer, whichever program opened it, or that igdctl opened it for
another one.`,
		Example: `  igdctl list
  igdctl list --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context()) },
	}
}

func (a *app) list(ctx context.Context) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := a.limit(ctx)
	defer cancel()
	entries, err := a.entries(ctx, g)
	if err != nil {
		return err
	}
	journal, err := g.JournalEntries(ctx)
	if err != nil && ctx.Err() == nil {
		a.Warn("%v", err) // the table says most of it
	}
	if a.JSON {
		shapes := make([]mappingJSON, 0, len(entries))
		for _, m := range entries {
			shape := mappingShape(m, g)
			shape.Mine = shape.Mine || journaled(m, journal)
			shapes = append(shapes, shape)
		}
		a.Document(struct {
			Mappings []mappingJSON `json:"mappings"`
		}{shapes})
		return nil
	}
	if len(entries) == 0 {
		a.Say("no program has opened a port on %s", g.Name())
		return nil
	}
	rows := [][]string{{"EXTERNAL", "INTERNAL", "REMAINING", "DESCRIPTION"}}
	for _, m := range entries {
		rows = append(rows, []string{externalText(m), internalText(m, g, journal), remainingText(m), m.Description})
	}
	a.Table(rows)
	return nil
}

// entries reads the table of the gateway, sorted by port: gateways list it in the order of their own memory.
func (a *app) entries(ctx context.Context, g *client.Gateway) ([]client.PortMapping, error) {
	defer a.Waiting("reading the table of %s…", g.Name())()
	var entries []client.PortMapping
	for m, err := range g.PortMappings(ctx) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, m)
	}
	slices.SortStableFunc(entries, func(a, b client.PortMapping) int {
		return cmp.Or(cmp.Compare(a.ExternalPort, b.ExternalPort), cmp.Compare(a.Protocol, b.Protocol))
	})
	return entries, nil
}

func externalText(m client.PortMapping) string {
	s := fmt.Sprintf("%d/%s", m.ExternalPort, strings.ToLower(m.Protocol))
	if m.RemoteHost != "" {
		s += " from " + m.RemoteHost
	}
	return s
}

func internalText(m client.PortMapping, g *client.Gateway, journal []client.JournalEntry) string {
	s := fmt.Sprintf("%s:%d", m.InternalClient, m.InternalPort)
	switch {
	case ownerOf(m, g) == thisComputer:
		s += " (this computer)"
	case journaled(m, journal):
		s += " (opened from here)"
	}
	return s
}

func remainingText(m client.PortMapping) string {
	switch {
	case !m.Enabled:
		return "disabled"
	case !m.LeaseKnown:
		return "not told"
	case m.Lease == 0:
		return "permanent"
	}
	return span(m.Lease)
}
