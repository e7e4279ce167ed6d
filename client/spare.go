package client

import (
	"context"
	"time"
)

// spare takes an entry of ours for one that is shared when this user has opened it otherwise, and wants it to stay: what is asked for now would shorten
// or close it.
func (p *planner) spare(ctx context.Context, s slot) slot {
	if s.ownership == ours && p.gw.journal.spares(ctx, s.want, p.born, p.own()) {
		s.ownership = shared
	}
	return s
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
	case want.Lease == 0 || !r.Opened.Before(born):
		return false
	default:
		return r.Ends.IsZero() || r.Ends.Sub(time.Now().Add(want.Lease)) > sameEnd
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
