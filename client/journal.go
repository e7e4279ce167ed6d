package client

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/statefile"
)

const (
	// maxJournal bounds the rows of the journal, and with them its size: the ones written first go first.
	maxJournal = 2048
	// journalLasts is how long a row stays after its lease: some gateways forget to end one.
	journalLasts = 7 * 24 * time.Hour
	// sameEnd is how far two ends of a lease may be apart without being told apart.
	sameEnd = time.Minute
	// pendingLasts is longer than any add takes: one that is older ended with its process.
	pendingLasts = time.Minute
)

// DefaultJournal is where igdctl keeps what this user has opened, for [Options].Journal: in $XDG_STATE_HOME or ~/.local/state, in %LocalAppData%, or in
// ~/Library/Application Support.
func DefaultJournal() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "igdkit", "ports.json"), nil
}

func stateDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // the local part of the profile: what is open here is not open elsewhere
	case "darwin", "ios", "plan9":
		return os.UserConfigDir()
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}

// journalRow is an entry in the file.
type journalRow struct {
	UDN            string    `json:"udn"`
	Location       string    `json:"location"`
	Protocol       string    `json:"protocol"`
	ExternalPort   uint16    `json:"external_port"`
	RemoteHost     string    `json:"remote_host,omitempty"`
	InternalClient string    `json:"internal_client"`
	InternalPort   uint16    `json:"internal_port"`
	Description    string    `json:"description"`
	Shown          string    `json:"shown,omitempty"` // how the gateway shows the description, when it does so in another way
	Opened         time.Time `json:"opened"`
	Ends           time.Time `json:"ends,omitzero"`
	PID            int       `json:"pid"`
	Hidden         bool      `json:"hidden,omitempty"` // the gateway accepted it and does not show it
	Keeper         string    `json:"keeper,omitempty"` // the presence of the process that is to close it
	Opener         string    `json:"opener,omitempty"` // the program that opened or renewed it last, as [Options] calls it
	// Sharers are the presences, with spaces between them, of processes that keep something through it: they leave it to the keeper or to its end, and then
	// it is theirs.
	Sharers string    `json:"sharers,omitempty"`
	Touched time.Time `json:"touched,omitzero"`  // when it was asked for, and then when that was answered
	Pending bool      `json:"pending,omitempty"` // it was asked for, and not answered yet
}

// share adds or removes a presence of those that share.
func (r *journalRow) share(presence string, shares bool) {
	all := slices.DeleteFunc(strings.Fields(r.Sharers), func(name string) bool { return name == presence })
	if shares {
		all = append(all, presence)
	}
	r.Sharers = strings.Join(all, " ")
}

func (r journalRow) key() Key {
	return Key{RemoteHost: r.RemoteHost, ExternalPort: r.ExternalPort, Protocol: r.Protocol}
}

// leadsAs tells whether m leads where the row does.
func (r journalRow) leadsAs(m PortMapping) bool {
	return sameClient(m.InternalClient, r.InternalClient) != differs && (m.InternalPort == r.InternalPort || m.InternalPort == 0)
}

// shows tells whether m, which the gateway shows under our description, is the entry of the row: what does not show where it leads is, until the lease has ended.
func (r journalRow) shows(m PortMapping) bool {
	switch ownershipOf(m, r.mapping(), r.Shown) {
	case ours:
		return true
	case alike:
		return r.lives()
	}
	return false
}

// lives tells whether the lease has not ended.
func (r journalRow) lives() bool { return r.Ends.IsZero() || time.Now().Before(r.Ends) }

// mapping is the entry as the gateway shows it.
func (r journalRow) mapping() PortMapping {
	m := PortMapping{RemoteHost: r.RemoteHost, ExternalPort: r.ExternalPort, Protocol: r.Protocol, InternalPort: r.InternalPort,
		InternalClient: r.InternalClient, Enabled: true, Description: r.Description}
	if r.Shown != "" {
		m.Description = r.Shown
	}
	return m
}

// journal is what this user has opened on one gateway. A nil one keeps nothing. Its errors are warnings: a port opens without it.
type journal struct {
	options Options
	gateway *Gateway // nil: whichever, only to be read
	id      gatewayID
}

func (g *Gateway) journal() *journal {
	if g.options.Journal == "" {
		return nil
	}
	return &journal{g.options, g, g.id()}
}

// journalTable is the journal, nil when there is none.
func (o Options) journalTable() *statefile.Table[journalRow] {
	if o.Journal == "" || o.ports != nil && o.ports.Path == o.Journal {
		return o.ports
	}
	return &statefile.Table[journalRow]{File: statefile.File{Path: o.Journal, Kind: "ports", Version: 1, Rows: maxJournal}}
}

// warnJournal tells an error of the journal; that it is left alone after another one was told already.
func (o Options) warnJournal(err error) {
	if !errors.Is(err, statefile.ErrRests) {
		o.warn("the journal of ports", err)
	}
}

// mine tells whether a row is about the gateway of j: of that name on that host, wherever its port has gone.
func (j *journal) mine(r journalRow) bool {
	return j.gateway == nil || idOf(r.UDN, r.Location) == j.id
}

// find gives the index of the row of an entry, -1 when there is none.
func (j *journal) find(rows []journalRow, k Key) int {
	return slices.IndexFunc(rows, func(r journalRow) bool { return r.key() == k && j.mine(r) })
}

// read gives the rows of this gateway.
func (j *journal) read(ctx context.Context) ([]journalRow, error) {
	if j == nil {
		return nil, nil
	}
	all, err := j.options.ports.Read(ctx)
	return slices.DeleteFunc(all, func(r journalRow) bool { return !j.mine(r) }), err
}

// rows is read for who can do without.
func (j *journal) rows(ctx context.Context) []journalRow {
	all, err := j.read(ctx)
	if err != nil {
		j.options.warnJournal(err)
	}
	return all
}

// change edits all rows. It is done even when ctx has ended: what was opened must be known.
func (j *journal) change(ctx context.Context, edit func([]journalRow) ([]journalRow, bool)) {
	j.options.warnJournal(j.options.ports.Change(context.WithoutCancel(ctx), edit))
}

// note writes down that m is about to be opened, before it is: a crash may come at any time. When the gateway refuses, undo takes it back.
//
// It is a claim as well, among the programs that share the journal: what one of them is opening there, or has opened since the slot s was looked at, to lead
// elsewhere, is taken, and nothing is written then.
func (j *journal) note(ctx context.Context, s slot, m PortMapping) (undo func(), taken error) {
	if j == nil {
		return func() {}, nil
	}
	undo, other := j.write(ctx, m, s.ownership != ours, func(r journalRow, now time.Time) bool {
		return !r.Touched.Before(s.seen) || r.Pending && now.Sub(r.Touched) < pendingLasts || r.Hidden && r.lives()
	})
	if other != nil {
		return undo, &OwnedError{Wanted: m, Owner: other.mapping()}
	}
	return undo, nil
}

// moved writes down that the gateway has opened m where nothing was noted before.
func (j *journal) moved(ctx context.Context, m PortMapping) {
	if j != nil {
		j.write(ctx, m, true, func(journalRow, time.Time) bool { return false })
	}
}

// write writes the row of m, unless one that leads elsewhere is taken, which it gives then.
func (j *journal) write(ctx context.Context, m PortMapping, pending bool, taken func(r journalRow, now time.Time) bool) (undo func(), other *journalRow) {
	now := time.Now().Round(0)
	row := journalRow{UDN: j.id.udn, Location: j.gateway.Location, Protocol: m.Protocol, ExternalPort: m.ExternalPort, RemoteHost: m.RemoteHost,
		InternalClient: m.InternalClient, InternalPort: m.InternalPort, Description: m.Description, Opened: now, PID: os.Getpid(), Opener: j.options.program,
		Touched: now, Pending: pending}
	if m.Lease > 0 {
		row.Ends = now.Add(m.Lease)
	}
	var before *journalRow
	j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
		rows = slices.DeleteFunc(rows, func(r journalRow) bool { return !r.Ends.IsZero() && now.Sub(r.Ends) > journalLasts })
		i := j.find(rows, row.key())
		if i < 0 {
			return append(rows, row), true
		}
		old := rows[i]
		if !old.leadsAs(m) && taken(old, now) {
			other = &old
			return rows, false
		}
		before = &old
		if old.leadsAs(m) { // a renewal, or what was left is adopted: whose it is then, hold says
			row.Opened = old.Opened
			row.Sharers = old.Sharers
			if old.Keeper != "" {
				row.Keeper, row.PID = old.Keeper, old.PID
			}
		}
		rows[i] = row
		return rows, true
	})
	if other != nil {
		return func() {}, other
	}
	return func() {
		j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
			i := j.find(rows, row.key())
			switch {
			case i < 0 || !rows[i].leadsAs(m) || !rows[i].Touched.Equal(now):
				return rows, false
			case before == nil:
				return slices.Delete(rows, i, i+1), true
			}
			rows[i] = *before
			return rows, true
		})
	}, nil
}

// strike removes the row of an entry that is not there any more.
func (j *journal) strike(ctx context.Context, k Key) {
	if j == nil || j.find(j.rows(ctx), k) < 0 {
		return
	}
	j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
		i := j.find(rows, k)
		if i < 0 {
			return rows, false
		}
		return slices.Delete(rows, i, i+1), true
	})
}

// hold writes down what became of entries: how the gateway shows them, how long it lets them live, and who keeps or shares them, by its presence; "": nobody.
// Nothing is done when the journal had it so when this process saw it last: a thousand mappings hold theirs with every look.
func (j *journal) hold(ctx context.Context, hs []held, keeper string) {
	if j == nil {
		return
	}
	hs = slices.DeleteFunc(slices.Clone(hs), func(h held) bool { return h.lost || h.doubt || h.Shared && keeper == "" })
	j.options.ports.Known(func(rows []journalRow) {
		hs = slices.DeleteFunc(hs, func(h held) bool {
			i := j.find(rows, h.key())
			if i < 0 {
				return h.Shared // what somebody else has opened
			}
			r := rows[i]
			j.claim(&r, h, keeper)
			return r == rows[i]
		})
	})
	if len(hs) == 0 {
		return
	}
	j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
		changed := false
		for _, h := range hs {
			i := j.find(rows, h.key())
			if i < 0 && h.Shared {
				continue
			}
			if i < 0 { // open before we came, and not to be renewed
				rows = append(rows, journalRow{UDN: j.id.udn, Location: j.gateway.Location, Protocol: h.Protocol, ExternalPort: h.External.Port(), RemoteHost: h.RemoteHost,
					InternalClient: h.Internal.Addr().String(), InternalPort: h.Internal.Port(), Description: h.Description, Opened: time.Now().Round(0)})
				i, changed = len(rows)-1, true
			}
			r := rows[i]
			if keeper == "" && r.Keeper != "" && j.options.present(r.Keeper) { // another process keeps it, and goes on
				r = j.describe(r, h)
			} else {
				j.claim(&r, h, keeper)
			}
			for _, name := range strings.Fields(r.Sharers) {
				if name != keeper && !j.options.present(name) {
					r.share(name, false)
				}
			}
			changed = changed || r != rows[i]
			rows[i] = r
		}
		return rows, changed
	})
}

// claim makes r the row of an entry that this process holds as h, and keeper keeps.
func (j *journal) claim(r *journalRow, h held, keeper string) {
	if !h.Shared {
		*r = j.describe(*r, h)
		r.Keeper, r.PID, r.Opener = keeper, os.Getpid(), j.options.program
	}
	if keeper != "" {
		r.share(keeper, r.Keeper != keeper)
	}
}

// describe is the row r of an entry with what became of that.
func (j *journal) describe(r journalRow, h held) journalRow {
	r.Location = j.gateway.Location
	r.Hidden = !h.shown
	if r.Pending {
		r.Pending, r.Touched = false, time.Now().Round(0)
	}
	if r.Shown = ""; h.Description != r.Description {
		r.Shown = h.Description
	}
	if ends := h.ends.Round(0); ends.IsZero() != r.Ends.IsZero() || ends.Sub(r.Ends).Abs() > sameEnd {
		r.Ends = ends
	}
	return r
}

// letGo writes down that a process does not keep or share these entries any more.
func (j *journal) letGo(ctx context.Context, hs []held, presence string) {
	if j == nil || presence == "" || len(hs) == 0 {
		return
	}
	j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
		changed := false
		for _, h := range hs {
			i := j.find(rows, h.key())
			if i < 0 {
				continue
			}
			r := rows[i]
			r.share(presence, false)
			if r.Keeper == presence {
				r.Keeper = ""
			}
			changed = changed || r != rows[i]
			rows[i] = r
		}
		return rows, changed
	})
}

// handOver tells whether another process keeps the entry h, which was ours, or wants it to stay as it opened it again after us. One that shares it has it
// from now on.
func (j *journal) handOver(ctx context.Context, h held) (stays bool) {
	if j == nil {
		return false
	}
	alone := func(rows []journalRow) (i int, alone bool) {
		i = j.find(rows, h.key())
		return i, i < 0 || rows[i].Sharers == "" && rows[i].Opener == j.options.program
	}
	if _, alone := alone(j.rows(ctx)); alone {
		return false
	}
	j.change(ctx, func(rows []journalRow) ([]journalRow, bool) {
		i, alone := alone(rows)
		if alone {
			return rows, false
		}
		r := &rows[i]
		if r.Opener != j.options.program {
			stays = j.options.present(r.Keeper) || r.Keeper == "" && (r.Ends.IsZero() || time.Now().Before(r.Ends))
		}
		for _, name := range strings.Fields(r.Sharers) {
			if !stays && j.options.present(name) {
				r.share(name, false)
				r.Keeper, r.PID, r.Opener, stays = name, pidOf(name), name, true
				return rows, true
			}
		}
		return rows, false
	})
	return stays
}

// shown is the description under which an entry that leads as want does was opened by this user; "" when none was.
func (j *journal) shown(ctx context.Context, want PortMapping) string {
	rows := j.rows(ctx)
	if i := j.find(rows, want.Key()); i >= 0 && rows[i].leadsAs(want) {
		return rows[i].mapping().Description
	}
	return ""
}

// leads tells whether what this user opened last under the key of want leads there; noted is false when nothing was opened, or it has ended.
func (j *journal) leads(ctx context.Context, want PortMapping) (leads, noted bool) {
	rows := j.rows(ctx)
	if i := j.find(rows, want.Key()); i >= 0 && rows[i].lives() {
		return rows[i].leadsAs(want), true
	}
	return false, false
}

// left tells whether found is what a process of this user left behind that was to close it.
func (j *journal) left(ctx context.Context, found PortMapping) bool {
	rows := j.rows(ctx)
	i := j.find(rows, found.Key())
	if i < 0 || rows[i].mapping().Description != found.Description || rows[i].Keeper == "" || !rows[i].shows(found) {
		return false
	}
	all, err := j.entries(ctx, rows[i:i+1])
	j.options.warnJournal(err)
	return all[0].Left
}
