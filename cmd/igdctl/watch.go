package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newWatchCmd(a *app) *cobra.Command {
	every := interval(10 * time.Second)
	cmd := &cobra.Command{
		Use:   "watch [flags]",
		Short: "Watch the gateway and its port mappings",
		Long: `Shows the gateway's table as it is, and tells what changes: mappings that anybody adds, changes, renews or removes, another
external address, a connection that comes and goes, a gateway that goes, restarts or is replaced. It runs until it is interrupted.

On a terminal it draws the table; elsewhere it writes a line for each change, and with --json a document a line.
It asks the gateway every ten seconds, or as --every says, and less often when the table takes longer to read. What comes and goes
in between is not seen. It listens to what gateways announce on UDP port 1900 too, and to the events of the gateway, except where
--ssdp or IGD_SSDP says where to search and with a gateway on this computer; a host firewall may ask about that.`,
		Example: `  igdctl watch
  igdctl watch --every 1m --json >>gateway.ndjson`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.Lines = true
			return a.observe(cmd.Context(), time.Duration(every))
		},
	}
	cmd.Flags().Var(&every, "every", "how often the gateway is asked, from 1s up")
	must(cmd.RegisterFlagCompletionFunc("every", cobra.FixedCompletions([]string{"2s", "10s", "1m"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// interval is the value of --every.
type interval time.Duration

func (i *interval) Set(s string) error {
	d, err := parseTime(s)
	if err == nil && d < time.Second {
		err = errors.New("is too short; a second is the least")
	}
	if err == nil {
		*i = interval(d)
	}
	return err
}

func (i *interval) String() string { return time.Duration(*i).String() }

func (i *interval) Type() string { return "TIME" }

// observe tells every change until ctx ends.
func (a *app) observe(ctx context.Context, every time.Duration) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes := make(chan client.Change)
	var end error
	go func() {
		defer close(changes)
		for c, err := range client.New(a.hearing()).Observe(watching, every) {
			if err != nil {
				end = err
				return
			}
			changes <- c
		}
	}()
	s := a.screen()
	defer s.close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case c, more := <-changes:
			switch {
			case !more && ctx.Err() != nil:
				return &saidError{ctx.Err()}
			case !more && a.Broken() != nil:
				return a.unwritten()
			case !more:
				return a.nobody(end)
			}
			if s == nil {
				a.tellChange(c)
			}
			s.take(c)
		case <-tick.C:
			s.draw() // leases run down
		}
		if a.Broken() != nil {
			stop() // nobody reads what this was run for
		}
	}
}

// changeJSON is one line of watch --json.
type changeJSON struct {
	Event           string       `json:"event"`
	Time            time.Time    `json:"time"`
	Gateway         *gatewayJSON `json:"gateway,omitempty"` // of the events about it
	Connection      string       `json:"connection,omitempty"`
	UptimeSeconds   *int64       `json:"uptime_seconds,omitempty"`
	ExternalIP      *netip.Addr  `json:"external_ip,omitempty"`
	PreviousAddress *netip.Addr  `json:"previous_address,omitempty"`
	*mappingJSON
	Before  *mappingJSON `json:"before,omitempty"`  // what was in its place
	Expired *bool        `json:"expired,omitempty"` // of what was removed: its lease had run out
	Error   *failureJSON `json:"error,omitempty"`
}

// tellChange writes one change as a line.
func (a *app) tellChange(c client.Change) {
	if !a.JSON {
		a.Print("%s  %s", c.Time.Local().Format("2 Jan 15:04:05"), changeText(c))
		return
	}
	j := changeJSON{
		Event:           strings.ReplaceAll(string(c.Kind), " ", "_"),
		Time:            c.Time.UTC(),
		Connection:      c.Connection.Connection,
		UptimeSeconds:   known(int64(c.Connection.Uptime/time.Second), c.Connection.UptimeKnown),
		ExternalIP:      known(c.Address, c.Address.IsValid()),
		PreviousAddress: known(c.Previous, c.Previous.IsValid()),
	}
	switch c.Kind {
	case client.GatewayAppeared, client.GatewayRebooted, client.GatewayGone:
		if c.Gateway != nil {
			shape := gatewayShape(c.Gateway)
			j.Gateway = &shape
		}
	}
	if c.Mapping.ExternalPort != 0 {
		shape := mappingShape(c.Mapping, c.Gateway)
		j.mappingJSON = &shape
	}
	if c.Before.ExternalPort != 0 {
		shape := mappingShape(c.Before, c.Gateway)
		j.Before = &shape
	}
	j.Expired = known(c.Expired, c.Kind == client.MappingRemoved)
	if c.Err != nil {
		j.Error = explain(c.Err).json()
	}
	a.Document(j)
}

// changeText is a change as one line for people.
func changeText(c client.Change) string {
	m, why := c.Mapping, ""
	if c.Err != nil {
		why = ": " + explain(c.Err).message
	}
	place := ""
	if m.ExternalPort != 0 {
		place = externalText(m) + " → " + internalText(m, c.Gateway, nil)
		if m.Description != "" {
			place += fmt.Sprintf(" %q", m.Description)
		}
	}
	switch c.Kind {
	case client.GatewayAppeared:
		return fmt.Sprintf("%s is there, %s, external address %s", c.Gateway.Name(), connectionText(c.Connection), addressWords(c.Address, client.Judge(c.Address)))
	case client.GatewayRebooted:
		return fmt.Sprintf("%s has restarted, %s, external address %s", c.Gateway.Name(), connectionText(c.Connection), addressWords(c.Address, client.Judge(c.Address)))
	case client.GatewayGone:
		if c.Gateway == nil {
			return "no gateway is there yet, looking for one" + why
		}
		return c.Gateway.Name() + " does not answer any more, looking for it" + why
	case client.AddressChanged:
		return fmt.Sprintf("the external address is %s, it was %s", addressWords(c.Address, client.Judge(c.Address)), addressWords(c.Previous, client.Judge(c.Previous)))
	case client.ConnectionChanged:
		return "the connection is " + connectionText(c.Connection)
	case client.MappingListed:
		return place + ", " + remainingText(m)
	case client.MappingAdded:
		return place + " was opened, " + remainingText(m)
	case client.MappingRenewed:
		return place + " was renewed, " + remainingText(m)
	case client.MappingChanged:
		return fmt.Sprintf("%s was changed, it was %s %q", place, internalText(c.Before, c.Gateway, nil), c.Before.Description)
	case client.MappingRemoved:
		if c.Expired {
			return place + " has ended with its lease"
		}
		return place + " was closed"
	case client.MappingsHidden:
		return "the gateway does not list its mappings" + why
	}
	return string(c.Kind) + why
}
