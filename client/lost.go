package client

import (
	"errors"
	"time"
)

// lost is what the mappings of a Client share of searches that found nothing: a thousand of them must not search one after another without a pause, each
// at its own time.
type lost struct {
	tries int       // failures in a row
	err   error     // of the last one
	until time.Time // keepers that search before get that
	ended time.Time // when it had failed: who waited for it gets it too
}

// found forgets.
func (l *lost) found() { *l = lost{} }

// fail notes a search that failed.
func (l *lost) fail(err error) {
	l.tries++
	l.err, l.ended = err, time.Now()
	l.until = l.ended.Add(longest(l.tries) * 3 / 4) // before the pause of any keeper that was there from the first on is over
}

// answer is the error for one who has been waiting since; nil: it is time to search. patient ones need not have it at once.
func (l *lost) answer(since time.Time, patient bool) error {
	if l.err != nil && (!l.ended.Before(since) || patient && time.Now().Before(l.until)) {
		return l.err
	}
	return nil
}

// knowsBetter tells whether the gateway has been found elsewhere, or another one, since p was.
func (c *Client) knowsBetter(p *peer) bool {
	if c == nil || p == nil || p.depth > 0 {
		return false // what is beyond is not the Client's to find
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gateway != nil && p.actions != actions(c.gateway)
}

// keeping is how many mappings are kept.
func (c *Client) keeping() int {
	if c == nil {
		return 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.signs)
}

// calm tells whether found is the gateway that p is, at the same place, and has not restarted meanwhile: then what was opened is still there.
func (p *peer) calm(found *peer, cause error) bool {
	old, known := p.actions.(*Gateway)
	g, ok := found.actions.(*Gateway)
	if !known || !ok || errors.Is(cause, errRebooted) || g.reborn {
		return false
	}
	if old.Location != g.Location || old.UDN() != g.UDN() || old.Local != g.Local || old.Service.Type != g.Service.Type || old.Service.ControlURL != g.Service.ControlURL {
		return false
	}
	was := old.readings().ran()
	return !was.upAt.IsZero() && g.Connected && g.UptimeKnown && g.Uptime > was.up && !was.heed(g.Uptime, g.probed)
}
