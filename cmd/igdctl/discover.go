package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newDiscoverCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "discover",
		Short: "Find every gateway of this network",
		Long:  `Searches the network for Internet gateways for two seconds or so and lists every one that answers.`,
		Example: `  igdctl discover
  igdctl discover --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.discover(cmd.Context()) },
	}
}

func (a *app) discover(ctx context.Context) error {
	over := a.Waiting("searching for gateways…")
	var gateways []*client.Gateway
	var failed []error
	for g, err := range client.Discover(ctx, a.options()) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		gateways = append(gateways, g)
	}
	over()
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(gateways) == 0 {
		return a.nobody(a.noGateway(failed))
	}
	for _, err := range failed {
		a.Warn("%s", explain(err).message)
	}
	if a.JSON {
		shapes := make([]gatewayJSON, 0, len(gateways))
		for _, g := range gateways {
			shapes = append(shapes, gatewayShape(g))
		}
		a.Document(struct {
			Gateways []gatewayJSON `json:"gateways"`
		}{shapes})
		return nil
	}
	rows := [][]string{{"GATEWAY", "SERVICE", "CONNECTED", "EXTERNAL ADDRESS", "LOCATION"}}
	for _, g := range gateways {
		rows = append(rows, []string{g.Name(), shortType(g.Service.Type), yesNo(g.Connected), addressText(g), g.Location})
	}
	a.Table(rows)
	return nil
}

// noGateway makes one error of what came of a search, as client.Find does.
func (a *app) noGateway(failed []error) error {
	if a.gateway != "" && len(failed) == 1 {
		return failed[0]
	}
	var all client.DiscoveryError
	for _, err := range failed {
		if e, ok := errors.AsType[*client.NotGatewayError](err); ok {
			all.Devices = append(all.Devices, e)
		} else if e, ok := errors.AsType[*client.InterfaceError](err); ok {
			all.Interfaces = append(all.Interfaces, e)
		} else {
			return err
		}
	}
	return &all
}

// shortType is the end of a service type that people know: "WANIPConnection:2".
func shortType(urn string) string {
	if i := strings.Index(urn, ":service:"); i >= 0 {
		return urn[i+len(":service:"):]
	}
	return urn
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// addressText is the external address that a gateway had when it was found, with its verdict.
func addressText(g *client.Gateway) string {
	switch {
	case !g.External.IsValid() && g.ProbeError != nil:
		return "not told"
	}
	return addressWords(g.External, g.Verdict())
}

// addressWords is an external address with its verdict, or that there is none.
func addressWords(address netip.Addr, v client.AddressVerdict) string {
	if v == client.None {
		return "no address (none)"
	}
	return address.String() + " (" + string(v) + ")"
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd.CommandPath()+" takes no arguments, but there is \""+args[0]+"\"", cmd.CommandPath()+" --help tells how it is used")
	}
	return nil
}
