package client

import (
	"context"
	"net/netip"
	"slices"

	"github.com/igdkit/igdkit/internal/statefile"
)

// JournalGateways gives the gateways on which this user has opened what leads through g, as Options.Journal knows it: g, and those beyond it, each one that
// the one before stands behind. Only where there is such an entry is that one looked for, as by [Gateway.Beyond]. The error says why one of them is not
// found; those before it are given all the same.
func (g *Gateway) JournalGateways(ctx context.Context) (all []*Gateway, err error) {
	for all = []*Gateway{g}; len(all) < maxLevels && len(all[len(all)-1].entriesBeyond(ctx)) > 0; {
		next, err := all[len(all)-1].Beyond(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, next)
	}
	return all, nil
}

// entriesBeyond are the entries in the journal on other gateways that lead to the network outside of g, where its own address may have been another one
// when they were opened.
func (g *Gateway) entriesBeyond(ctx context.Context) []JournalEntry {
	j := g.journal()
	if j == nil {
		return nil
	}
	rows, err := statefile.Read[journalRow](ctx, j.options.journalFile())
	j.options.warn("the journal of ports", err)
	rows = slices.DeleteFunc(rows, func(r journalRow) bool { return j.mine(r) || r.InternalClient == g.Local.Unmap().String() })
	if len(rows) == 0 {
		return nil
	}
	external, err := g.ExternalIP(ctx)
	if err != nil || !behind(external) {
		return nil
	}
	network, err := external.Prefix(24)
	return j.entries(ctx, slices.DeleteFunc(rows, func(r journalRow) bool {
		client, errClient := netip.ParseAddr(r.InternalClient)
		return err != nil || errClient != nil || !network.Contains(client)
	}))
}
