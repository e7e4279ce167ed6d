package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the gateway in full",
		Long:  `Shows which gateway the other commands talk to, its connection to the Internet, and how many ports it has open.`,
		Example: `  igdctl status
  igdctl status --gateway 192.168.1.1`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

type statusJSON struct {
	gatewayJSON
	UptimeSeconds *int64 `json:"uptime_seconds"`
	Mappings      *int   `json:"mappings"`
}

func (a *app) status(ctx context.Context) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := a.limit(ctx)
	defer cancel()
	defer a.Waiting("asking %s…", g.Name())()
	state, err := g.Status(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		state = client.Status{Connected: g.Connected, Uptime: g.Uptime, UptimeKnown: g.UptimeKnown}
		a.Warn("the state of the connection: %s", explain(err).message)
	}
	entries, complete := 0, true
	for _, err := range g.PortMappings(ctx) {
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			a.Warn("the list of mappings: %s", explain(err).message)
			complete = false
			break
		}
		entries++
	}
	shape := statusJSON{
		gatewayJSON:   gatewayShape(g),
		UptimeSeconds: known(int64(state.Uptime/time.Second), state.UptimeKnown),
		Mappings:      known(entries, complete),
	}
	shape.Connected = state.Connected
	if a.JSON {
		a.Document(shape)
		return nil
	}
	a.Table(statusRows(g, state, entries, complete))
	return nil
}

func statusRows(g *client.Gateway, state client.Status, entries int, complete bool) [][]string {
	rows := [][]string{
		{"gateway", g.Name()},
		{"model", strings.TrimSpace(g.Root.Device.Manufacturer + " " + g.Root.Device.ModelName)},
		{"server", g.Server},
		{"location", g.Location},
		{"service", shortType(g.Service.Type)},
		{"connection", connectionText(state)},
		{"external address", addressText(g)},
		{"this computer", g.Local.String()},
		{"mappings", "not told"},
		{"quirks", "none"},
	}
	if complete {
		rows[8][1] = strconv.Itoa(entries)
	}
	if quirks := g.Quirks(); len(quirks) > 0 {
		rows[9][1] = strings.Join(quirks, ", ")
	}
	return rows
}

func connectionText(s client.Status) string {
	switch {
	case s.Connected && s.UptimeKnown:
		return "up for " + span(s.Uptime)
	case s.Connected:
		return "up"
	case s.Connection == "":
		return "not told"
	}
	text := "down (" + s.Connection
	if s.LastError != "" && s.LastError != "ERROR_NONE" {
		text += ", " + s.LastError
	}
	return text + ")"
}
