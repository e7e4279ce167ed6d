package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

func newPinholeCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pinhole",
		Short: "Open ports for peers with IPv6",
		Long: `With IPv6 a computer has an address of its own on the Internet, and the gateway keeps strangers out by a firewall.
A pinhole in it lets them in at one port, for a day at most. It needs no port mapping, and it works where the IPv4 address
is shared by many customers (CGNAT).

A pinhole is opened for every global IPv6 address of this computer. Gateways list none of them: pinhole list shows those
that igdctl opened from here.`,
		Example: `  igdctl pinhole open 8080            # peers with IPv6 reach port 8080/tcp of this computer for a day
  igdctl pinhole open 4500/udp --keep # renew it until Ctrl-C, then close it
  igdctl pinhole list                 # what is open
  igdctl pinhole close 8080           # and no longer`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Sprintf("igdctl pinhole has no command %q", args[0]), "it has open, close and list")
			}
			return cmd.Help()
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.AddCommand(newPinholeOpenCmd(a), newPinholeCloseCmd(a), newPinholeListCmd(a))
	for _, sub := range cmd.Commands() {
		sub.DisableFlagsInUseLine = true
	}
	return cmd
}

// pinholeFlags are the flags of pinhole open.
type pinholeFlags struct {
	lease lease
	from  string
	keep  bool
	check time.Duration // of keep; 0: the client's
}

func newPinholeOpenCmd(a *app) *cobra.Command {
	var o pinholeFlags
	check := interval(15 * time.Minute)
	cmd := &cobra.Command{
		Use:   "open PORT[/tcp, /udp or /both] [flags]",
		Short: "Let peers with IPv6 in at a port",
		Long: `Opens a pinhole for every global IPv6 address of this computer.

With --keep igdctl stays, renews it, follows the addresses of this computer, and closes it when it is interrupted. It also asks every 15 minutes, or
as --check says, whether the gateway still has it; and it listens to what gateways announce on UDP port 1900 and to the events of its own, so that
peers are let in again within a second of a restarted gateway. A host firewall may ask about that.`,
		Example: `  igdctl pinhole open 8080
  igdctl pinhole open 27015/both --for 2h
  igdctl pinhole open 4500/udp --keep`,
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			sp, err := pinholePort("open", args)
			if err != nil {
				return err
			}
			if time.Duration(o.lease) > day {
				return usage("--for is too long; a pinhole is open for 24h at most", "igdctl pinhole open --keep renews it as long as you like")
			}
			if cmd.Flags().Changed("check") && !o.keep {
				return usage("--check is how often a kept pinhole is looked at", "add --keep, or leave --check out")
			}
			o.check = time.Duration(check)
			a.Lines = o.keep
			return a.openPinholes(cmd.Context(), sp, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&o.lease, "for", "how long it stays open, 24h at most (24h unless given; with --keep 2h at a time)")
	flags.StringVar(&o.from, "from", "", "let in the IPv6 address `HOST` only")
	flags.BoolVar(&o.keep, "keep", false, "stay, renew it until interrupted, then close it")
	flags.Var(&check, "check", "with --keep: how often the gateway is asked whether it is still open, from 1s up")
	for name, values := range map[string][]string{"for": {"1h", "24h"}, "from": nil, "check": {"1m", "15m", "1h"}} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return cmd
}

// pinholePort reads the one port of a command.
func pinholePort(command string, args []string) (spec, error) {
	const hint = "an example is 8080 or 4500/udp"
	if len(args) != 1 {
		return spec{}, usage(fmt.Sprintf("igdctl pinhole %s takes one PORT", command), hint)
	}
	sp, err := parseSpec(args[0])
	if err == nil && sp.split {
		err = fmt.Errorf("%q: by IPv6 a port is the same inside and outside", args[0])
	}
	if err != nil {
		return spec{}, usage(err.Error(), hint)
	}
	return sp, nil
}

// pinholeJSON is one pinhole as --json shows it.
type pinholeJSON struct {
	ID           uint16       `json:"id"`
	Protocol     string       `json:"protocol"` // "tcp" or "udp"
	Address      netip.Addr   `json:"address"`  // of this computer, as peers call it
	Port         uint16       `json:"port"`
	RemoteHost   string       `json:"remote_host"`   // "" is everybody
	LeaseSeconds int64        `json:"lease_seconds"` // what remains of it
	Packets      *uint32      `json:"packets"`       // that have passed; null while that is not known
	Working      *bool        `json:"working"`       // as the gateway says; null while it does not know
	Error        *failureJSON `json:"error,omitempty"`
}

func pinholeShape(p client.Pinhole, left time.Duration) pinholeJSON {
	j := pinholeJSON{ID: p.ID, Protocol: client.ProtocolName(p.Protocol), Address: p.InternalClient, Port: p.InternalPort, LeaseSeconds: int64(left / time.Second)}
	if p.RemoteHost.IsValid() {
		j.RemoteHost = p.RemoteHost.String()
	}
	return j
}

type pinholesJSON struct {
	Pinholes []pinholeJSON `json:"pinholes"`
	Error    *failureJSON  `json:"error,omitempty"` // of the first that was not closed
}

func (a *app) openPinholes(ctx context.Context, sp spec, o pinholeFlags) error {
	req := client.PinholeRequest{Protocol: sp.protocol, Port: sp.external, Lease: time.Duration(o.lease), CheckInterval: o.check}
	options := a.options()
	if o.keep {
		options = a.hearing()
		if req.Lease == 0 {
			req.Lease = keptLease
		}
	}
	if o.from != "" {
		from, err := netip.ParseAddr(o.from)
		if err != nil || !from.Is6() || from.Is4In6() {
			return usage(fmt.Sprintf("--from %q is no IPv6 address", o.from), "peers with IPv4 do not come through a pinhole")
		}
		req.RemoteHost = from
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	over := a.Waiting("opening the IPv6 firewall…")
	p, err := client.OpenPinholes(limited, req, options)
	over()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &specError{command: "pinhole open", spec: sp, err: err}
	}
	if o.keep {
		return a.keepPinholes(ctx, sp, p)
	}
	a.notePinholes(p.Gateway(), p.All())
	if a.JSON {
		doc := pinholesJSON{Pinholes: []pinholeJSON{}}
		for _, h := range p.All() {
			doc.Pinholes = append(doc.Pinholes, pinholeShape(h, h.Lease))
		}
		a.Document(doc)
		return nil
	}
	var rows [][]string
	for _, h := range p.All() {
		rows = append(rows, []string{pinholeName(h), "is open", fmt.Sprintf("until %s (%s)", endText(h.Expires, time.Now()), span(h.Lease))})
	}
	a.Table(rows)
	for _, protocol := range sp.protocols() {
		a.warnOwnListener(ctx, protocol, netip.AddrPortFrom(p.All()[0].InternalClient, sp.internal))
	}
	return nil
}

// pinholeName is what peers connect to.
func pinholeName(p client.Pinhole) string {
	return netip.AddrPortFrom(p.InternalClient, p.InternalPort).String() + "/" + client.ProtocolName(p.Protocol)
}

// pinholeEventJSON is one line of pinhole open --keep --json.
type pinholeEventJSON struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
	*pinholeJSON
	RetrySeconds float64      `json:"retry_seconds,omitempty"`
	Error        *failureJSON `json:"error,omitempty"`
}

// keepPinholes renews pinholes until ctx ends, and closes them.
func (a *app) keepPinholes(ctx context.Context, sp spec, p *client.Pinholes) error {
	defer outlivePipes()()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p.Keep(context.WithoutCancel(ctx)) // Close ends it
	follow(watching, p.Events(), func(e client.PinholeEvent) {
		a.tellPinhole(sp, e)
		if !e.Pinhole.Expires.IsZero() && e.Err == nil {
			a.notePinholes(p.Gateway(), []client.Pinhole{e.Pinhole})
		}
		if a.Broken() != nil {
			stop() // nobody reads what this was run for
		}
	})
	err, open := ctx.Err(), p.All()
	if gaveUp := p.Err(); gaveUp != nil && err == nil {
		err = &specError{command: "pinhole open", spec: sp, err: gaveUp}
	}
	over := a.Waiting("closing the pinholes…")
	stays := p.Close(context.WithoutCancel(ctx))
	over()
	if stays != nil {
		a.Warn("%s may still be open until its time is over: %s", sp.outside(), explain(stays).message)
	} else {
		a.forgetPinholes(open)
		for _, h := range open {
			h.Expires = time.Time{}
			a.tellPinhole(sp, client.PinholeEvent{Kind: closed, Pinhole: h, Time: time.Now()})
		}
	}
	switch {
	case a.Broken() != nil:
		return a.unwritten()
	case ctx.Err() == nil:
		return err
	}
	return &saidError{err}
}

// tellPinhole tells one event as a result: it is what pinhole open --keep is run for.
func (a *app) tellPinhole(sp spec, e client.PinholeEvent) {
	one := e.Pinhole.InternalClient.IsValid()
	if !a.JSON {
		name := sp.outside()
		if one {
			name = pinholeName(e.Pinhole)
		}
		text := eventWords(name, e.Kind, e.After, e.Err)
		if e.Kind == client.Mapped {
			text = name + " is open, and kept open"
		}
		a.Print("%s  %s", e.Time.Local().Format("2 Jan 15:04:05"), text)
		return
	}
	j := pinholeEventJSON{Event: strings.ReplaceAll(string(e.Kind), " ", "_"), Time: e.Time.UTC(), RetrySeconds: e.After.Seconds()}
	if one {
		left := time.Duration(0)
		if !e.Pinhole.Expires.IsZero() {
			left = time.Until(e.Pinhole.Expires).Round(time.Second)
		}
		shape := pinholeShape(e.Pinhole, left)
		j.pinholeJSON = &shape
	}
	if e.Err != nil {
		j.Error = explain(e.Err).json()
	}
	a.Document(j)
}

func newPinholeCloseCmd(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "close PORT[/tcp, /udp or /both] [flags]",
		Short: "Close what pinhole open opened",
		Example: `  igdctl pinhole close 8080
  igdctl pinhole close --all`,
		ValidArgsFunction: a.completePinholes,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				if len(args) > 0 {
					return usage("--all closes every pinhole and takes no PORT", "leave one of them out")
				}
				return a.closePinholes(cmd.Context(), nil, "no pinhole that igdctl opened is open")
			}
			sp, err := pinholePort("close", args)
			if err != nil {
				return err
			}
			return a.closePinholes(cmd.Context(), func(p client.Pinhole) bool {
				name := client.ProtocolName(p.Protocol)
				return p.InternalPort == sp.external && (name == sp.protocol || sp.protocol == "both")
			}, fmt.Sprintf("igdctl opened no pinhole at %s that is open still", sp.outside()))
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "close every pinhole that igdctl opened from this computer")
	return cmd
}

func newPinholeListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the pinholes that igdctl opened from here",
		Example: `  igdctl pinhole list
  igdctl pinhole list --json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.listPinholes(cmd.Context()) },
	}
}
