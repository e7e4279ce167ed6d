package client

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
)

// JournalGateways gives the gateways on which this user has opened what leads through g, as Options.Journal knows it: g, and those beyond it, each one that
// the one before stands behind. Only where there is such an entry is that one looked for, as by [Gateway.Beyond]. The error says why one of them is not
// found; those before it are given all the same.
func (g *Gateway) JournalGateways(ctx context.Context) (all []*Gateway, err error) {
	for all = []*Gateway{g}; len(g.entriesBeyond(ctx)) > 0; all = append(all, g) {
		if g, err = g.Beyond(ctx); err != nil {
			return all, err
		}
	}
	return all, nil
}

// ReleaseBeyond deletes what this user has opened on the gateways beyond g, as Options.Journal knows it, to lead to an entry of g, the outermost first; what
// a living process keeps or shares stays. It gives the errors of [Gateway.Beyond], only when there is such an entry, and [Gateway.Release], each as a *ThroughError.
func (g *Gateway) ReleaseBeyond(ctx context.Context, k Key) error {
	leads := func(e JournalEntry) bool {
		return e.Protocol == k.Protocol && e.InternalPort == k.ExternalPort && !e.Kept && len(e.Shared) == 0
	}
	if !slices.ContainsFunc(g.entriesBeyond(ctx), leads) {
		return nil
	}
	outer, err := g.Beyond(ctx)
	if err != nil {
		return err
	}
	entries, err := outer.JournalEntries(ctx)
	errs := []error{err}
	for _, e := range entries {
		if !leads(e) {
			continue
		}
		errs = append(errs, outer.ReleaseBeyond(ctx, e.Key()))
		if _, err := outer.Release(ctx, e); err != nil {
			to, _ := netip.ParseAddr(e.InternalClient)
			errs = append(errs, &ThroughError{External: to, Outer: outer.Responder.Unmap(), Err: err})
		}
	}
	return errors.Join(errs...)
}

// maxPlaces bounds the places of one host that the journal may name.
const maxPlaces = 4

// placesKnown are where the journal says that gateways at that address were described, the last one first. Such a place is the only way to an outer
// gateway whose answer to a search was lost.
func (g *Gateway) placesKnown(ctx context.Context, at netip.Addr) (places []string) {
	if g.options.Journal == "" {
		return nil
	}
	rows, err := g.options.ports.Read(ctx)
	g.options.warnJournal(err)
	for _, r := range slices.Backward(rows) {
		u, err := url.Parse(r.Location)
		if err == nil && u.Hostname() == at.String() && !slices.Contains(places, r.Location) && len(places) < maxPlaces {
			places = append(places, r.Location)
		}
	}
	return places
}

// entriesBeyond are the entries in the journal on other gateways that lead to the network outside of g, where its own address may have been another one
// when they were opened.
func (g *Gateway) entriesBeyond(ctx context.Context) []JournalEntry {
	j := g.journal()
	if j == nil {
		return nil
	}
	rows, err := j.options.ports.Read(ctx)
	j.options.warnJournal(err)
	rows = slices.DeleteFunc(rows, func(r journalRow) bool { return j.mine(r) || r.InternalClient == g.Local.Unmap().String() })
	if len(rows) == 0 {
		return nil
	}
	external, err := g.ExternalIP(ctx)
	if err != nil || !leadsOn(g.depth, external) {
		return nil
	}
	network, err := external.Prefix(24)
	all, errLives := j.entries(ctx, slices.DeleteFunc(rows, func(r journalRow) bool {
		client, errClient := netip.ParseAddr(r.InternalClient)
		return err != nil || errClient != nil || !network.Contains(client)
	}))
	j.options.warnJournal(errLives)
	return all
}
