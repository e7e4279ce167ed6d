package client

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

const (
	// fewMappings is how many are looked at one by one: a listing costs as much as they do.
	fewMappings = 4
	// foreignRows is how many rows of others, for each mapping of ours, a listing by index may pass: beyond that it costs more than to ask for
	// ours by themselves.
	foreignRows = 2
)

// readings are what was read of one gateway for all mappings that are kept on it: a thousand of them ask once, not each. A reading serves
// whoever wants none that is younger. The gateway's turn for plans is held around the methods.
type readings struct {
	address   netip.Addr // as planner.address gives it
	addressed time.Time  // when it was read; zero: it was not

	rows   map[place][]PortMapping // the table as it was listed
	listed time.Time               // when; zero: it was not
	shown  int                     // entries that the last listing showed as they should be
	missed int                     // entries that it did not
	poor   bool                    // its listings do not show what they should: they are not asked for any more

	drawn time.Time // the reading that early belongs to
	early float64   // how much earlier than an interval after it the next one comes, as a part of what is allowed

	cleared time.Time // when what crashed processes left was looked for

	uptime
	deaf   deafness
	leases *leaseRange // that its SCPD allows; nil: not read

	failed  time.Time // when nobody answered the last time
	failure error     // and how that showed
}

// place is where an entry stands, whoever may use it.
type place struct {
	port     uint16
	protocol string
}

// readings begins with what the search has read.
func (g *Gateway) readings() *readings {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.read == nil {
		g.read = &readings{}
		if g.External.IsValid() && !g.External.IsUnspecified() {
			g.read.address, g.read.addressed = g.External, g.probed
		}
		g.read.mute = g.ProbeError != nil
		if time.Since(g.probed) < addressFresh && g.ProbeError == nil && g.unaddressed != nil {
			g.read.deaf.heed("GetExternalIPAddress", g.unaddressed)
			g.read.deaf.heard(nil) // it has said how it is
		}
		if g.Connected && g.UptimeKnown {
			g.read.up, g.read.upAt, g.read.asked = g.Uptime, g.probed, g.probed
		}
	}
	return g.read
}

// began is when the first of the readings was made that are good enough for a look: not before since. now: there is none.
func (r *readings) began(since, now time.Time) time.Time {
	first := now
	for _, at := range []time.Time{r.addressed, r.listed} {
		if !at.Before(since) && (first.Equal(now) || at.Before(first)) {
			first = at
		}
	}
	return first
}

// jitter is a random part of d, the same for all who count from one reading.
func (r *readings) jitter(d time.Duration, from time.Time, source *rand.Rand) time.Duration {
	if !r.drawn.Equal(from) {
		r.drawn, r.early = from, source.Float64()
	}
	return time.Duration(r.early * float64(d))
}

// silence is the failure of those who have waited since for their turn: nobody answered the one before them either, and each would wait as long.
func (r *readings) silence(since time.Time) error {
	if r.failure != nil && !r.failed.Before(since) {
		return r.failure
	}
	return nil
}

// clearEvery is how often the journal is read for what crashed processes left: once for all mappings that are looked at.
const clearEvery = time.Minute

// clears tells whether that is due, and that it is done now.
func (r *readings) clears(now time.Time) bool {
	if now.Sub(r.cleared) < clearEvery {
		return false
	}
	r.cleared = now
	return true
}

// fail notes that nobody answered.
func (r *readings) fail(err error) { r.failed, r.failure = time.Now(), err }

// list reads the table for all, unless that was done since or is of no use. kept is for how many; single tells that one entry is wanted: then only
// a table that comes at once is cheaper than to ask for it. What goes wrong is left: each entry is then asked for by itself.
func (p *planner) list(ctx context.Context, since time.Time, kept int, single bool) {
	r := p.gw.readings
	if kept <= fewMappings || r.poor || !r.listed.Before(since) {
		return
	}
	if r.missed > r.shown {
		r.poor = true
		return
	}
	rows := (1 + foreignRows) * kept
	if single {
		rows = 0
	}
	began := time.Now()
	var all []PortMapping
	known, err := p.ask(ctx, "GetGenericPortMappingEntry", func(ctx context.Context) (err error) {
		all, err = p.gw.readTable(ctx, rows)
		return err
	})
	if len(all) == 0 && err == nil && single {
		return
	}
	r.rows, r.listed, r.shown, r.missed = make(map[place][]PortMapping, len(all)), began, 0, 0
	for _, m := range all {
		at := place{m.ExternalPort, strings.ToUpper(m.Protocol)}
		r.rows[at] = append(r.rows[at], m)
	}
	p.note(Step{Action: "table", Outcome: "read for all", Known: known, Err: err}, PortMapping{}, began)
}

// glance looks at an entry in the table that was read for all since. One that does not stand there as it should is asked for by itself: there are
// gateways whose listings lack entries, show nobody as their client, or show none at all (quirks list-views-differ, list-empty-always).
func (p *planner) glance(ctx context.Context, h held, since time.Time) (slot, error) {
	r := p.gw.readings
	if r.poor || r.listed.IsZero() || r.listed.Before(since) || !h.added.IsZero() && !r.listed.After(h.added) {
		return p.lookAt(ctx, h)
	}
	want, shown := p.wantOf(h)
	for _, m := range r.rows[place{want.ExternalPort, want.Protocol}] {
		o := ownershipOf(m, want, shown)
		if o != ours && o != shared || sameClient(m.InternalClient, want.InternalClient) != same || m.InternalPort != want.InternalPort {
			continue
		}
		r.shown++
		m.Lease = max(m.Lease-time.Since(r.listed), 0)
		return slot{want: want, found: m, ownership: o, shown: shown, seen: r.listed}, nil
	}
	s, err := p.lookAt(ctx, h)
	if err == nil && (s.ownership != free || !h.shown) { // it is not lost, as far as anybody can tell
		r.missed++
	}
	return s, err
}
