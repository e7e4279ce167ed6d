package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/statefile"
)

// JournalEntry is an entry of a gateway that this user has opened, as the journal has it. Whether the gateway has it still is not known.
type JournalEntry struct {
	PortMapping           // Lease is not filled in
	Ends        time.Time // of the lease that was asked for or granted; zero: never
	Opened      time.Time
	PID         int  // of the process that opened it
	Kept        bool // that process lives, and renews it
	Left        bool // that process was to close it, and ended before it did; nobody shares it
	// Shared are the processes that live and keep something through it which another one opened: they leave it as it is, and have it when that is over.
	Shared []int

	hidden bool
}

// JournalEntries gives what this user has opened on the gateway by programs that share Options.Journal, in the order in which it was opened.
// The error tells why the journal cannot be read: a file of a later version, say, or one that this user may not read. One that is corrupt is set aside, which
// Options.Warn is told, and is empty from then on.
//
// When another process holds the journal's lock for long, the error says so, and the entries are given all the same: Kept is a guess then.
func (g *Gateway) JournalEntries(ctx context.Context) (all []JournalEntry, err error) {
	return g.journal().told(ctx)
}

// ReadJournal gives what this user has opened by programs that share o.Journal, on whichever gateway, as [Gateway.JournalEntries] does for one. None is asked.
func ReadJournal(ctx context.Context, o Options) (all []JournalEntry, err error) {
	if o.Journal == "" {
		return nil, nil
	}
	return (&journal{options: o.share()}).told(ctx)
}

// told is list with an error that says what cannot be read.
func (j *journal) told(ctx context.Context) ([]JournalEntry, error) {
	all, err := j.list(ctx)
	if err != nil {
		err = fmt.Errorf("the journal of ports: %w", err)
	}
	return all, err
}

// list gives the rows of j as others see them.
func (j *journal) list(ctx context.Context) ([]JournalEntry, error) {
	rows, err := j.read(ctx)
	if e, ok := errors.AsType[*statefile.CorruptError](err); ok && e.Aside != "" {
		j.options.warnJournal(err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return j.entries(ctx, rows)
}

// entries are rows of the file as others see them. After an error nobody knows which processes live.
func (j *journal) entries(ctx context.Context, rows []journalRow) (all []JournalEntry, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var names []string
	for _, r := range rows {
		names = append(append(names, r.Keeper), strings.Fields(r.Sharers)...)
	}
	lives, err := j.options.living(ctx, names)
	for _, r := range rows {
		e := JournalEntry{PortMapping: r.mapping(), Ends: r.Ends, Opened: r.Opened, PID: r.PID, Kept: lives[r.Keeper], hidden: r.Hidden}
		for _, name := range strings.Fields(r.Sharers) {
			if lives[name] {
				e.Shared = append(e.Shared, pidOf(name))
			}
		}
		e.Left = r.Keeper != "" && !e.Kept && len(e.Shared) == 0
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b JournalEntry) int {
		return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ExternalPort, b.ExternalPort), cmp.Compare(a.Protocol, b.Protocol))
	})
	return all, err
}

// Release deletes an entry of the journal if it still is what was opened, and tells whether it did: it may have ended by itself, or be somebody else's
// by now, and then it is only forgotten. Errors are those of [Gateway.Unmap].
func (g *Gateway) Release(ctx context.Context, e JournalEntry) (deleted bool, err error) {
	if err := g.plans.lock(ctx); err != nil {
		return false, err
	}
	defer g.plans.unlock()
	return g.release(ctx, e)
}

// release is Release for who holds plans.
func (g *Gateway) release(ctx context.Context, e JournalEntry) (deleted bool, err error) {
	client, err := netip.ParseAddr(e.InternalClient)
	if err != nil {
		return false, fmt.Errorf("journal: %w", err)
	}
	remote, _ := netip.ParseAddr(e.RemoteHost)
	var steps trace
	p := newPlanner(g.peer(), Request{Protocol: e.Protocol, InternalPort: e.InternalPort, InternalClient: client, RemoteHost: remote, Description: e.Description}, &steps)
	p.hides = e.hidden
	h := held{ends: e.Ends, shown: !e.hidden, Entry: Entry{Protocol: e.Protocol, External: netip.AddrPortFrom(netip.Addr{}, e.ExternalPort),
		Internal: netip.AddrPortFrom(client, e.InternalPort), RemoteHost: e.RemoteHost, Description: e.Description}}
	if err := p.insist(ctx, h); err != nil {
		return false, err
	}
	g.journal().strike(ctx, e.Key()) // what was not there
	return slices.ContainsFunc(steps.all(), func(s Step) bool { return s.Action == "DeletePortMapping" && s.Outcome == "deleted" }), nil
}

// RemoveLeftovers deletes what processes of this user were to close and left behind when they crashed, as Options.Journal knows it, and gives what it
// deleted. What led through g on a gateway beyond it is deleted there. What cannot be deleted is tried again the next time; the error tells why. Kept mappings
// do the same on their gateway ten seconds after they were opened, and with every look, once a minute at most.
func (g *Gateway) RemoveLeftovers(ctx context.Context) (removed []JournalEntry, err error) {
	if err := g.plans.lock(ctx); err != nil {
		return nil, err
	}
	removed, err = g.removeLeftovers(ctx)
	g.plans.unlock()
	if !slices.ContainsFunc(g.entriesBeyond(ctx), func(e JournalEntry) bool { return e.Left }) {
		return removed, err
	}
	outer, errBeyond := g.Beyond(ctx)
	if errBeyond != nil {
		return removed, errors.Join(err, errBeyond)
	}
	there, errThere := outer.RemoveLeftovers(ctx)
	return append(removed, there...), errors.Join(err, errThere)
}

func (g *Gateway) removeLeftovers(ctx context.Context) (removed []JournalEntry, err error) {
	var errs []error
	all, err := g.journal().list(ctx)
	g.options.warnJournal(err)
	for _, e := range all {
		if !e.Left {
			continue
		}
		deleted, err := g.release(ctx, e)
		if deleted {
			removed = append(removed, e)
		}
		if err != nil {
			errs = append(errs, err)
			if unanswered(err) {
				break
			}
		}
	}
	return removed, errors.Join(errs...)
}

// reclaim removes an entry in the way that a crashed process of this user left behind, and tells whether it did.
func (p *planner) reclaim(ctx context.Context, s slot) bool {
	if p.gw.journal == nil || s.found.ExternalPort == 0 || !p.gw.journal.left(ctx, s.found) {
		return false
	}
	s.want = s.found
	return p.remove(ctx, s) == nil
}

// Is tells whether m, which the gateway shows, is the entry that was opened. What the gateway does not show proves nothing: then the
// description decides, until the lease has ended.
func (e JournalEntry) Is(m PortMapping) bool {
	if e.Key() != m.Key() {
		return false
	}
	o := ownershipOf(m, e.PortMapping, e.Description)
	return o == ours || o == alike && (e.Ends.IsZero() || time.Now().Before(e.Ends))
}
