package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/statefile"
)

// sayUnknown tells the ports that look as if igdctl had opened them for this computer, of which the journal does not know: it was lost, or another user has it.
func (a *app) sayUnknown(ctx context.Context, g *client.Gateway) {
	found := false
	for m, err := range g.PortMappings(ctx) {
		if err != nil {
			break
		}
		if m.OpenedFor(g.Local) {
			a.Warn("%s leads to this computer under the name %q, and the journal does not know who opened it", externalText(m), m.Description)
			found = true
		}
	}
	if found {
		a.Hint("igdctl list shows such ports, and igdctl close closes one by its number")
	}
}

// closeMine closes what igdctl, and other programs of this user that share its journal, have opened, but what a living one keeps or shares.
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
	_, err = g.JournalEntries(limited)
	if ctx.Err() != nil {
		over()
		return ctx.Err()
	}
	if err != nil { // who would close what nobody knows of?
		over()
		hint := "igdctl close --all closes every port that leads to this computer"
		if errors.Is(err, statefile.ErrLocked) {
			hint = "run it again"
		}
		return &localError{exitLocal, err, hint}
	}
	gateways, lost := g.JournalGateways(limited) // open --through has opened it on the routers beyond too
	all, kept, err := closeJournaled(limited, gateways)
	over()
	if ctx.Err() != nil {
		return a.showClosed(g, all, a.broken(ctx))
	}
	if err != nil {
		a.Warn("%v", err)
	}
	a.warnBeyond(lost)
	lost = errors.Join(lost, err)
	for _, e := range kept {
		if e.Kept {
			a.Say("%s stays: process %d keeps it open, and closes it when it ends", externalText(e.PortMapping), keeperOf(e))
		} else {
			a.Say("%s stays: process %d keeps it open too", externalText(e.PortMapping), keeperOf(e))
		}
	}
	if len(all)+len(kept) == 0 && lost == nil && !a.JSON {
		a.Say("nothing that igdctl opened is open")
		a.sayUnknown(limited, g)
		return nil
	}
	return a.showClosed(g, all, lost)
}

// warnBeyond says that something stays open on a router beyond, unless err is nil.
func (a *app) warnBeyond(err error) {
	if err != nil {
		why := explain(err)
		a.Warn("what is open on the router beyond stays open there: %s", why.message)
		a.Hint(why.hints...)
	}
}

// keeperOf is the living process that keeps or shares an entry of the journal; 0: none does.
func keeperOf(e client.JournalEntry) int {
	switch {
	case e.Kept:
		return e.PID
	case len(e.Shared) > 0:
		return e.Shared[0]
	}
	return 0
}

// keeperIn is the living process that keeps or shares m, as the journal knows it; 0: none does.
func keeperIn(journal []client.JournalEntry, m client.PortMapping) int {
	for _, e := range journal {
		if pid := keeperOf(e); pid != 0 && e.Is(m) {
			return pid
		}
	}
	return 0
}

// inlet is where an entry of a gateway beyond leads to on the one before it.
type inlet struct {
	protocol string
	port     uint16
}

// closeJournaled closes what the journal has on a chain of gateways, the outermost first, and gives what a living process keeps or shares on the first. What leads
// through several of them is told once, with the port of the outermost.
func closeJournaled(ctx context.Context, gateways []*client.Gateway) (all []closing, kept []client.JournalEntry, err error) {
	told := func(m client.PortMapping, err error) {
		sp := spec{external: m.ExternalPort, internal: m.InternalPort, protocol: strings.ToLower(m.Protocol)}
		if err != nil {
			err = &specError{command: "close", spec: sp, err: err}
		}
		all = append(all, closing{spec: sp, entries: []client.PortMapping{m}, err: err})
	}
	led := map[inlet]client.PortMapping{} // closed on the gateway beyond
	for i, on := range slices.Backward(gateways) {
		leads := map[inlet]client.PortMapping{}
		entries, failed := on.JournalEntries(ctx)
		err = errors.Join(err, failed)
		for _, e := range entries {
			if keeperOf(e) != 0 {
				if i == 0 {
					kept = append(kept, e)
				}
				continue
			}
			if ctx.Err() != nil {
				break
			}
			deleted, err := on.Release(ctx, e)
			m, here := e.PortMapping, inlet{e.Protocol, e.ExternalPort}
			if outer, ok := led[here]; ok && err == nil {
				m.ExternalPort, deleted = outer.ExternalPort, true
				delete(led, here)
			}
			switch {
			case err != nil, deleted && i == 0:
				told(m, err)
			case deleted: // the rest had gone
				leads[inlet{e.Protocol, e.InternalPort}] = m
			}
		}
		for _, m := range slices.SortedFunc(maps.Values(led), byPort) { // to nothing any more
			told(m, nil)
		}
		led = leads
	}
	return all, kept, err
}

func byPort(a, b client.PortMapping) int {
	return cmp.Or(cmp.Compare(a.ExternalPort, b.ExternalPort), strings.Compare(a.Protocol, b.Protocol))
}

var errNoJournal = errors.New("this user has no directory in which igdctl could have noted what it opened")

// removeLeftovers closes what crashed processes were to close.
func (a *app) removeLeftovers(ctx context.Context, g *client.Gateway) {
	removed, err := g.RemoveLeftovers(ctx)
	said := map[string]bool{} // what led through several routers has the same port on them, mostly
	for _, e := range removed {
		text := fmt.Sprintf("%s is closed: process %d had left it open", externalText(e.PortMapping), e.PID)
		if !said[text] {
			a.Say("%s", text)
		}
		said[text] = true
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
