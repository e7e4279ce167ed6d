package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/soap"
)

// chain are the gateway of this network and those that it stands behind, as a port that was opened with --through leads through them.
type chain []client.Hop

// chainOf finds the gateways beyond g; just g when its address is not one behind another router.
func (a *app) chainOf(ctx context.Context, g *client.Gateway) (chain, error) {
	defer a.Waiting("looking for the router beyond %s…", g.Name())()
	return g.Chain(ctx)
}

// close closes the entries of one SPEC on all gateways, the outermost first, after a look at all of them: each leads to the one before.
func (c chain) close(ctx context.Context, sp spec, journal []client.JournalEntry) closing {
	type step struct {
		gateway *client.Gateway
		entry   client.PortMapping
		wrap    func(error) error
	}
	x := closing{spec: sp}
	failed := func(err error) closing {
		x.err = err
		return x
	}
	var steps []step
	for _, protocol := range sp.protocols() {
		key := client.Key{ExternalPort: sp.external, Protocol: protocol}
		for i := len(c) - 1; i > 0; i-- {
			inner, outer := c[i-1], c[i].Gateway
			wrap := func(err error) error {
				return &protocolError{protocol, &client.ThroughError{External: inner.External, Outer: outer.Responder.Unmap(), Err: err}}
			}
			m, err := lookUp(ctx, outer, key)
			if err != nil {
				return failed(wrap(err))
			}
			if to, _ := netip.ParseAddr(m.InternalClient); to != inner.External {
				return failed(wrap(&notOursError{found: m, self: outer.Local.String()}))
			}
			steps = append(steps, step{outer, m, wrap})
			key.ExternalPort = m.InternalPort
		}
		m, err := lookUp(ctx, c[0].Gateway, key)
		wrap := func(err error) error { return &protocolError{protocol, err} }
		switch {
		case err != nil:
			return failed(wrap(err))
		case ownerOf(m, c[0].Gateway) == somebodyElse || m.InternalPort != sp.internal && m.InternalPort != 0:
			return failed(wrap(&notOursError{found: m, self: c[0].Gateway.Local.String()}))
		}
		if pid := keeperIn(journal, m); pid != 0 {
			return failed(wrap(&keptError{pid}))
		}
		steps = append(steps, step{c[0].Gateway, m, wrap})
		m.ExternalPort = sp.external
		x.entries = append(x.entries, m)
	}
	for i, s := range steps {
		if err := s.gateway.Unmap(ctx, s.entry); err != nil {
			return failed(s.wrap(err))
		}
		x.gone = (i + 1) / len(c)
	}
	return x
}

// explainThrough explains what a gateway beyond ours said, or that there is none.
func explainThrough(e *client.ThroughError) failure {
	if !e.Outer.IsValid() {
		f := failure{kind: "no_gateway", exit: exitNoGateway,
			message: fmt.Sprintf("the gateway stands behind another router (its address is %s), and no router there answers", e.External)}
		if len(e.Asked) > 0 {
			var asked []string
			for _, at := range e.Asked {
				asked = append(asked, at.String())
			}
			f.message += " at " + strings.Join(asked, " or ")
		}
		f.hints = []string{
			"UPnP may be switched off there: look for \"UPnP\" in the settings of the outer router",
			fmt.Sprintf("or forward the port to %s in its settings; without --through it is opened here only", e.External),
		}
		if client.Judge(e.External) == client.CGNAT {
			f.hints = []string{"it is the router of the Internet provider: ask the provider for a public IPv4 address, or use IPv6"}
		}
		return f
	}
	f := explainCause(e.Err)
	f.message = fmt.Sprintf("the outer router at %s: %s", e.Outer, f.message)
	switch {
	case f.code == soap.ActionNotAuthorized || ownerless(e.Err):
		f.hints = []string{
			"many routers open ports only for the computer that asks, and not through another router",
			fmt.Sprintf("forward the port to %s in the settings of the router at %s, or switch it to bridge mode", e.External, e.Outer),
		}
	case f.kind == "refused" && f.code != soap.NoSuchEntryInArray && !owned(e.Err):
		f.hints = append(f.hints[:min(len(f.hints), 1)],
			fmt.Sprintf("forward the port to %s in the settings of the router at %s", e.External, e.Outer))
	}
	return f
}

// ownerless tells whether a port is refused as another's, and no entry of another is shown: in secure mode some gateways say so to whoever
// asks for another computer.
func ownerless(err error) bool {
	e, ok := errors.AsType[*client.OwnedError](err)
	return ok && e.Owner.ExternalPort == 0
}
