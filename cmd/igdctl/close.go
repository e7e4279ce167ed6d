package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/soap"
)

func newCloseCmd(a *app) *cobra.Command {
	var everything, mine, through bool
	cmd := &cobra.Command{
		Use:   "close SPEC… | --mine | --all",
		Short: "Close ports that lead to this computer",
		Long: `Closes ports on the gateway, by the SPEC they were opened with: [EXTERNAL:]INTERNAL[/tcp, /udp or /both].
A port that leads to another computer, or to another port than INTERNAL, is not closed: 8080 stands for 8080:8080.
Of both neither is closed when one leads elsewhere. What a running igdctl keeps open is not closed either: that would open it again.
What open --through has opened is closed on the routers beyond too.

--mine closes what igdctl has opened and nobody keeps open: what was opened without --keep, unless a running --keep of the same port leaves it as it is, and
what an igdctl that crashed left; on the routers
beyond too, where open --through has opened it.

--all closes every port that leads to this computer, whichever
program opened it, and leaves those of other computers alone.`,
		Example: `  igdctl close 8080
  igdctl close 80:8080 4500/udp
  igdctl close --through 27015    # on the router beyond this one too, whoever opened it there
  igdctl close --mine             # everything that igdctl opened
  igdctl close --all              # everything that leads to this computer`,
		ValidArgsFunction: a.completeOpened,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch flag := map[bool]string{true: "--all", false: "--mine"}[everything]; {
			case (everything || mine) && len(args) > 0:
				return usage("close takes either SPECs or "+flag, "leave "+flag+" out to close only "+strings.Join(args, " "))
			case everything && through || mine && through:
				return usage("close --through takes SPECs", "leave "+flag+" out; igdctl close --help tells how it is used")
			case everything && mine:
				return usage("close takes either --mine or --all", "--all closes what other programs opened too")
			case everything:
				return a.closeEverything(cmd.Context())
			case mine:
				return a.closeMine(cmd.Context())
			}
			specs, err := parseSpecs(args)
			if err != nil {
				return err
			}
			return a.closeSpecs(cmd.Context(), specs, through)
		},
	}
	cmd.Flags().BoolVar(&through, "through", false, "on the routers that the gateway stands behind too, as open --through opened it")
	cmd.Flags().BoolVar(&mine, "mine", false, "close every port that igdctl has opened, except those that a running one keeps")
	cmd.Flags().BoolVar(&everything, "all", false, "close every port that leads to this computer")
	return cmd
}

// closing is what came of one SPEC, or of one entry with --all.
type closing struct {
	spec    spec
	entries []client.PortMapping // closed; with err, what was to be closed as far as it was found
	gone    int                  // how many of entries were closed before err
	err     error
	beyond  error // why something that led to it stays open on a router beyond
}

func (a *app) closeSpecs(ctx context.Context, specs []spec, through bool) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	journal, err := g.JournalEntries(limited)
	if err != nil && ctx.Err() == nil {
		a.Warn("%v", err) // what somebody keeps is not known then
	}
	closeOne := func(sp spec) closing { return closeSpec(limited, g, sp, journal) }
	if through {
		way, err := a.chainOf(limited, g)
		if err != nil {
			return err
		}
		if len(way) > 1 {
			closeOne = func(sp spec) closing { return way.close(limited, sp, journal) }
		}
	}
	over := a.Waiting("asking %s…", g.Name())
	var all []closing
	for _, sp := range specs {
		x := closeOne(sp)
		if x.err != nil {
			x.err = &specError{command: "close", spec: sp, err: x.err}
		}
		all = append(all, x)
		if ctx.Err() != nil {
			break
		}
	}
	over()
	said := a.broken(ctx)
	for _, x := range all {
		if x.beyond != nil && ctx.Err() == nil {
			a.warnBeyond(x.beyond)
			said = errors.Join(said, x.beyond)
		}
	}
	return a.showClosed(g, all, said)
}

// broken says that the user has broken off what ctx is for; nil: that has not been.
func (a *app) broken(ctx context.Context) error {
	if ctx.Err() != nil && !a.JSON {
		a.fail(explain(ctx.Err()))
	}
	return ctx.Err()
}

// closeSpec deletes the entries of one SPEC after a look at all of them, with what the journal knows to lead to them on the routers beyond. What a running
// process keeps stays: it would open it again.
func closeSpec(ctx context.Context, g *client.Gateway, sp spec, journal []client.JournalEntry) closing {
	x := closing{spec: sp}
	failed := func(protocol string, err error) closing {
		x.err = &protocolError{protocol, err}
		return x
	}
	for _, protocol := range sp.protocols() {
		m, err := lookUp(ctx, g, client.Key{ExternalPort: sp.external, Protocol: protocol})
		if err != nil {
			return failed(protocol, err)
		}
		x.entries = append(x.entries, m)
		switch {
		case ownerOf(m, g) == somebodyElse:
			return failed(protocol, &notOursError{found: m, self: g.Local.String()})
		case m.InternalPort != sp.internal && m.InternalPort != 0:
			right := spec{external: sp.external, internal: m.InternalPort, protocol: strings.ToLower(protocol)}
			return failed(protocol, &notOursError{found: m, self: g.Local.String(), right: right.String()})
		}
		if pid := keeperIn(journal, m); pid != 0 {
			return failed(protocol, &keptError{pid})
		}
	}
	for _, m := range x.entries {
		x.beyond = errors.Join(x.beyond, g.ReleaseBeyond(ctx, m.Key()))
		if err := g.Unmap(ctx, m); err != nil {
			return failed(m.Protocol, err)
		}
		x.gone++
	}
	return x
}

// lookUp reads one entry. Gateways that cannot be asked for a single one are asked for all of them.
func lookUp(ctx context.Context, g *client.Gateway, k client.Key) (client.PortMapping, error) {
	m, err := g.PortMapping(ctx, k)
	fault, ok := errors.AsType[*soap.Error](err)
	if !ok || fault.Code == soap.NoSuchEntryInArray {
		return m, err
	}
	for m, err := range g.PortMappings(ctx) {
		if err != nil {
			return client.PortMapping{}, err
		}
		if m.Key() == k {
			return m, nil
		}
	}
	missing := *fault
	missing.Code = soap.NoSuchEntryInArray
	missing.Name = soap.ErrorName(fault.Service, missing.Code)
	return client.PortMapping{}, &missing
}

func (a *app) closeEverything(ctx context.Context) error {
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	entries, err := a.entries(limited, g)
	if err != nil {
		return err
	}
	over := a.Waiting("closing the ports…")
	var all []closing
	for _, m := range entries {
		if ownerOf(m, g) != thisComputer {
			continue
		}
		sp := spec{external: m.ExternalPort, internal: m.InternalPort, protocol: strings.ToLower(m.Protocol)}
		err := g.Unmap(limited, m)
		if err != nil {
			err = &specError{command: "close", spec: sp, err: err}
		}
		all = append(all, closing{spec: sp, entries: []client.PortMapping{m}, err: err})
		if ctx.Err() != nil {
			break
		}
	}
	over()
	if len(all) == 0 && !a.JSON {
		a.Say("no port leads to this computer")
		return nil
	}
	return a.showClosed(g, all, a.broken(ctx))
}

// notClosedJSON is an entry that was to be closed, as far as it was found, and why it was not.
type notClosedJSON struct {
	Protocol       string       `json:"protocol"`
	ExternalPort   uint16       `json:"external_port"`
	InternalClient string       `json:"internal_client"`
	InternalPort   uint16       `json:"internal_port"`
	Description    string       `json:"description"`
	RemoteHost     string       `json:"remote_host"`
	Mine           bool         `json:"mine"`
	Error          *failureJSON `json:"error"`
}

// showClosed tells what is closed and what is not. said is what else stays open, and has been told; nil: nothing.
func (a *app) showClosed(g *client.Gateway, all []closing, said error) error {
	doc := struct {
		Closed []any        `json:"closed"`
		Error  *failureJSON `json:"error,omitempty"` // of the first that failed
	}{Closed: []any{}}
	var first error
	if said != nil {
		first = &saidError{said}
		doc.Error = explain(said).json()
	}
	for _, x := range all {
		if first == nil && x.err != nil {
			first = &saidError{x.err}
			doc.Error = explain(x.err).json()
		}
		doc.Closed = append(doc.Closed, x.shapes(g)...)
		if a.JSON {
			continue
		}
		for _, m := range x.closed() {
			a.Print("%s is closed", externalText(m))
		}
		if x.err != nil && !errors.Is(x.err, context.Canceled) { // that is said once, of all
			a.fail(explain(x.err))
		}
	}
	if a.JSON {
		a.Document(doc)
	}
	return first
}

// closed are the entries that are.
func (x closing) closed() []client.PortMapping {
	if x.err == nil {
		return x.entries
	}
	return x.entries[:x.gone]
}

// shapes are a mappingJSON for each entry that was closed, and a notClosedJSON for each that was not.
func (x closing) shapes(g *client.Gateway) (out []any) {
	for _, m := range x.closed() {
		out = append(out, mappingShape(m, g))
	}
	if x.err == nil {
		return out
	}
	for i, protocol := range x.spec.protocols()[x.gone:] {
		m := mappingJSON{Protocol: protocol, ExternalPort: x.spec.external, InternalPort: x.spec.internal}
		if i += x.gone; i < len(x.entries) {
			m = mappingShape(x.entries[i], g)
		}
		out = append(out, notClosedJSON{m.Protocol, m.ExternalPort, m.InternalClient, m.InternalPort, m.Description, m.RemoteHost, m.Mine,
			explain(x.err).json()})
	}
	return out
}
