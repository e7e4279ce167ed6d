package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

// openFlags are the flags that say how a port is to be opened.
type openFlags struct {
	lease         lease
	permanent     bool
	any           bool
	to            string
	description   string
	keep          bool
	check         time.Duration // of keep; 0: the client's
	through       bool
	requirePublic bool
}

func newOpenCmd(a *app) *cobra.Command {
	var o openFlags
	check := interval(15 * time.Minute)
	cmd := &cobra.Command{
		Use:   "open SPEC… [flags]",
		Short: "Open ports to this computer",
		Long: `Opens ports on the gateway, so that the Internet reaches a program on this computer.

A SPEC is [EXTERNAL:]INTERNAL[/tcp, /udp or /both]: the port on the gateway, the port the program listens on,
and the protocol, tcp unless another is named. Both opens the two protocols or neither.

The port stays open after igdctl has ended, for a day or as long as --for says; the end is printed as the gateway
granted it. With --keep igdctl stays, renews the port, and closes it when it is interrupted. It also looks every 15 minutes, or as --check says,
whether the gateway still has the port; and it listens to what gateways announce on UDP port 1900 and to the events of its own, so that a port comes back
within a second of a restarted gateway. A host firewall may ask about that.
Ports of other computers and other programs are never taken over. One that this user has opened before is open as long as --for says from now on, longer or
not; without --for, or when a running igdctl keeps it, its end does not come earlier.

Behind two routers (ip says private) --through opens the port on the outer one too, if that speaks UPnP and lets the
inner one in; both or neither. It is closed by close --through.

With several SPECs each is tried; the exit code is that of the first that failed.`,
		Example: `  igdctl open 8080                  # port 8080 for a day
  igdctl open 80:8080 4500/udp      # Internet port 80 leads to 8080 here; UDP 4500 too
  igdctl open 27015/both --for 2h   # TCP and UDP for two hours
  igdctl open 8080 --any            # another Internet port will do
  igdctl open 8080 --keep           # until Ctrl-C
  igdctl open 8080 --through        # on the router beyond this one too
  igdctl open 8080 --require-public --stun stun.example.org:3478   # or exit with 6`,
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			specs, err := parseSpecs(args)
			if err != nil {
				return err
			}
			if o.permanent && o.lease != 0 {
				return usage("--for and --permanent exclude each other", "leave one of them out; igdctl open --help tells what they do")
			}
			if err := checkServers(cmd, "stun", a.stun); err != nil {
				return err
			}
			if cmd.Flags().Changed("check") && !o.keep {
				return usage("--check is how often a kept port is looked at", "add --keep, or leave --check out")
			}
			o.check = time.Duration(check)
			a.Lines = o.keep
			return a.open(cmd.Context(), specs, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&o.lease, "for", "how long the port stays open, such as 90m, 2h or 7d (24h unless given; with --keep 2h at a time)")
	flags.BoolVar(&o.permanent, "permanent", false, "open it for ever; many gateways grant a week at most")
	flags.BoolVar(&o.any, "any", false, "another external port will do when the wanted one is taken")
	flags.StringVar(&o.to, "to", "", "lead to the computer `HOST` instead of this one; many gateways refuse")
	flags.StringVar(&o.description, "description", "", "`TEXT` that the gateway shows for the port, with its number and protocol behind it")
	flags.BoolVar(&o.keep, "keep", false, "stay, keep the port open until interrupted, then close it")
	flags.Var(&check, "check", "with --keep: how often the gateway is asked whether the port is still open, from 1s up")
	flags.BoolVar(&o.through, "through", false, "open it on the routers that the gateway stands behind too, three at most")
	flags.BoolVar(&o.requirePublic, "require-public", false, "exit with 6 when the Internet cannot reach the external address; the port stays open unless --keep")
	a.stunFlag(cmd)
	for name, values := range map[string][]string{"for": {"1h", "24h", "7d"}, "check": {"1m", "15m", "1h"}, "to": nil, "description": nil} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return cmd
}

func (a *app) open(ctx context.Context, specs []spec, o openFlags) error {
	g, all, err := a.openAll(ctx, "open", specs, o)
	if errors.Is(err, client.ErrNoGateway) {
		err = a.orPinhole(specs[0], o, err)
	}
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].err != nil && g.ProbeError == nil && g.Verdict() != client.Public {
			all[i].err = a.orPinhole(all[i].spec, o, all[i].err)
		}
	}
	if seen := a.seen(ctx, g); seen.IsValid() {
		for i := range all {
			all[i].seen = seen
		}
	}
	if ctx.Err() != nil {
		a.closeAll(all)
		return ctx.Err()
	}
	if o.keep {
		return a.keep(ctx, g, all, o)
	}
	if a.JSON {
		a.warnAbout(ctx, g, all, o)
		return a.showOpenedJSON(g, all, o)
	}
	a.Table(openRows(all))
	a.warnAbout(ctx, g, all, o)
	return a.conclude(all, o)
}

// openAll finds the gateway and opens every SPEC on it. An error means that nothing was opened, or is open no longer.
func (a *app) openAll(ctx context.Context, command string, specs []spec, o openFlags) (*client.Gateway, []opened, error) {
	limited, cancel := a.limit(ctx)
	defer cancel()
	requests, err := requests(limited, specs, o)
	if err != nil {
		return nil, nil, err
	}
	options := a.options()
	if o.keep {
		options = a.hearing()
	}
	c := client.New(options) // one for all, so that what is kept shares its gateway and its ears
	over := a.Waiting("searching for a gateway…")
	g, err := c.Gateway(ctx)
	over()
	if err != nil {
		return nil, nil, a.nobody(err)
	}
	defer a.Waiting("asking %s…", g.Name())()
	var before []client.JournalEntry
	if slices.ContainsFunc(requests, func(r client.Request) bool { return r.Shorten }) {
		before, _ = g.JournalEntries(limited) // only to tell what it was
	}
	var all []opened
	for i, sp := range specs {
		m, err := c.Map(limited, requests[i])
		if err != nil {
			err = &specError{command: command, spec: sp, err: err, elsewhere: o.to != "", through: o.through, any: o.any, offline: g.ProbeError == nil && g.Verdict() == client.None}
		}
		all = append(all, opened{spec: sp, mapping: m, err: err, before: before, through: o.through})
		if ctx.Err() != nil {
			a.closeAll(all)
			return nil, nil, ctx.Err()
		}
	}
	a.removeLeftovers(limited, g)
	if slices.ContainsFunc(all, opened.shared) {
		journal, _ := g.JournalEntries(limited) // only to tell who keeps it
		for i := range all {
			all[i].journal = journal
		}
	}
	return g, all, nil
}

// requests makes what the user asked for into what the client asks for, before anything is sent.
func requests(ctx context.Context, specs []spec, o openFlags) ([]client.Request, error) {
	var to netip.Addr
	if o.to != "" {
		var err error
		if to, err = resolve(ctx, "--to", o.to, "192.168.1.20"); err != nil {
			return nil, err
		}
	}
	out := make([]client.Request, 0, len(specs))
	for _, sp := range specs {
		r := client.Request{
			Protocol:       sp.protocol,
			InternalPort:   sp.internal,
			ExternalPort:   sp.external,
			InternalClient: to,
			Lease:          time.Duration(o.lease),
			Shorten:        o.lease != 0 && !o.keep, // with --keep it is how long at a time
			Permanent:      o.permanent,
			AnyPort:        o.any,
			Through:        o.through,
			Description:    o.description,
			CheckInterval:  o.check,
		}
		if o.keep && r.Lease == 0 && !r.Permanent {
			r.Lease = keptLease
		}
		if err := r.Validate(); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// keptLease is short, because it is renewed: a port does not stay open for long after a computer that died.
const keptLease = 2 * time.Hour

// closeAll closes what was opened, although the user has gone, and gives what is closed now. What cannot be closed is told.
func (a *app) closeAll(all []opened) (done []opened) {
	defer a.Waiting("closing the ports…")()
	for _, x := range all {
		if x.mapping == nil {
			continue
		}
		x.entries = x.mapping.Entries()
		if err := x.mapping.Close(context.Background()); err != nil {
			f := explain(err)
			a.Warn("%s may still be open: %s", x.spec.outside(), f.message)
			if _, stays := errors.AsType[*client.StaysError](err); stays {
				a.Hint(fmt.Sprintf("igdctl close %s tries again", x.closing()), f.hints[len(f.hints)-1])
			} else {
				a.Hint(fmt.Sprintf("igdctl close %s closes it", x.closing()))
			}
			continue
		}
		done = append(done, x)
	}
	return done
}

// conclude tells what failed, and gives the error that decides the exit code.
func (a *app) conclude(all []opened, o openFlags) error {
	var first error
	for _, x := range all {
		err := x.err
		if err != nil {
			a.fail(explain(err))
		} else if err = x.notPublic(o); err != nil {
			err = a.orPinhole(x.spec, o, err)
			a.fail(explain(err))
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return nil
	}
	return &saidError{first}
}
