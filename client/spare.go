package client

import (
	"context"
	"time"
)

// spare takes an entry of ours for one that is shared when another mapping of this program has it, or, where beyond it is looked, this user has opened it
// otherwise, and wants it to stay: what is asked for now would shorten or close it.
func (p *planner) spare(ctx context.Context, s slot, beyond bool) slot {
	want := s.want
	if p.req.Shorten {
		want.Lease = 0 // which nothing outlasts
	}
	if s.ownership == ours && (p.holders.spare(p.self, p.gw, want) || beyond && p.gw.journal.spares(ctx, want, p.born, p.own())) {
		s.ownership = shared
	}
	return s
}

// outlasts tells whether what ends then stays longer than a lease that is asked for now. 0 is one without an end.
func outlasts(ends time.Time, lease time.Duration) bool {
	return lease != 0 && (ends.IsZero() || time.Until(ends)-lease > sameEnd)
}

// spares tells whether another process keeps the entry where want is to be, or one that was opened before born stays open longer than want would. own
// is the presence of who asks; "": none.
func (j *journal) spares(ctx context.Context, want PortMapping, born time.Time, own string) bool {
	rows := j.rows(ctx)
	i := j.find(rows, want.Key())
	if i < 0 || !rows[i].leadsAs(want) {
		return false
	}
	switch r := rows[i]; {
	case r.Keeper == own && own != "":
		return false
	case r.Keeper != "":
		return j.options.livesStill(ctx, r.Keeper)
	default:
		return r.Opened.Before(born) && outlasts(r.Ends, want.Lease)
	}
}

// presence is the name of c in the journal while it keeps something; "": it has none.
func (c *Client) presence() string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shows == nil {
		return ""
	}
	return c.shows.name
}
