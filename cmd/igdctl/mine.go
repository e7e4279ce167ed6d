package main

import (
	"context"
	"errors"
	"strings"

	"github.com/igdkit/igdkit/client"
)

// closeMine closes what igdctl, and other programs of this user that share its journal, have opened, but what a living one keeps.
func (a *app) closeMine(ctx context.Context) error {
	if a.journal == "" {
		return &localError{exitLocal, errNoJournal, "igdctl close --all closes every port that leads to this computer"}
	}
	g, err := a.find(ctx)
	if err != nil {
		return err
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	over := a.Waiting("closing the ports…")
	var all []closing
	var kept []client.JournalEntry
	for _, e := range g.JournalEntries(limited) {
		if e.Kept {
			kept = append(kept, e)
			continue
		}
		deleted, err := g.Release(limited, e)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		sp := spec{external: e.ExternalPort, internal: e.InternalPort, protocol: strings.ToLower(e.Protocol)}
		if err != nil {
			err = &specError{command: "close", spec: sp, err: err}
		}
		if deleted || err != nil { // the rest had gone
			all = append(all, closing{sp, []client.PortMapping{e.PortMapping}, err})
		}
	}
	over()
	for _, e := range kept {
		a.Say("%s stays: process %d keeps it open, and closes it when it ends", externalText(e.PortMapping), e.PID)
	}
	if len(all)+len(kept) == 0 && !a.JSON {
		a.Say("nothing that igdctl opened is open")
		return nil
	}
	return a.showClosed(g, all)
}

var errNoJournal = errors.New("this user has no directory in which igdctl could have noted what it opened")

// removeLeftovers closes what crashed processes were to close.
func (a *app) removeLeftovers(ctx context.Context, g *client.Gateway) {
	removed, err := g.RemoveLeftovers(ctx)
	for _, e := range removed {
		a.Say("%s is closed: process %d had left it open", externalText(e.PortMapping), e.PID)
	}
	if err != nil && ctx.Err() == nil {
		a.Warn("what a process left open is open still: %s", explain(err).message)
		a.Hint("igdctl close --mine tries again")
	}
}

// journaled tells whether m is an entry that the journal has.
func journaled(m client.PortMapping, journal []client.JournalEntry) bool {
	for _, e := range journal {
		if e.Is(m) {
			return true
		}
	}
	return false
}
