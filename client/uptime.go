package client

import (
	"context"
	"sync"
	"time"
)

const (
	// uptimeSlack and one part in uptimeDrift of the time that passed is how far an uptime may lag and still be of the same run.
	uptimeSlack = 5 * time.Second
	uptimeDrift = 64
	// maxRestarts is how many readings in a row may tell of a restart. A counter that always does is none.
	maxRestarts = 3
)

// uptime follows NewUptime of GetStatusInfo. Some gateways restart without any other sign (MikroTik and Broadcom, quirk
// life-uptime-resets-only), and where one hides its entries no look at them would tell.
type uptime struct {
	run
	counting  sync.Mutex // held over run, which those read too who have not the gateway's turn
	asked     time.Time  // when it was asked for last
	mute      bool       // the gateway does not answer, or nothing that can be used
	silent    int        // times that nobody answered
	restarted time.Time  // when a restart was found out; zero: there was none
}

// run is what was read of a counter that begins anew with each restart.
type run struct {
	up        time.Duration // as read last
	upAt      time.Time     // when; zero: it was not
	suspected int           // readings in a row that told of a restart
}

// ran is a copy of what was read.
func (u *uptime) ran() run {
	u.counting.Lock()
	defer u.counting.Unlock()
	return u.run
}

// count is heed for what ran tells.
func (u *uptime) count(up time.Duration, at time.Time) bool {
	u.counting.Lock()
	defer u.counting.Unlock()
	return u.heed(up, at)
}

// heed judges a reading of at and tells whether the gateway has restarted since the one before.
func (u *run) heed(up time.Duration, at time.Time) bool {
	before, passed := u.up, at.Sub(u.upAt)
	known := !u.upAt.IsZero()
	u.up, u.upAt = up, at
	if !known || up == before { // a counter that stands still tells nothing
		return false
	}
	slack := uptimeSlack + passed/uptimeDrift
	if up%time.Minute == 0 && before%time.Minute == 0 {
		slack += time.Minute // it counts minutes
	}
	if up >= before+passed-slack {
		u.suspected = 0
		return false
	}
	u.suspected++
	return u.suspected <= maxRestarts
}

// watchUptime asks for the uptime, unless that was done since, and tells whether it was then found that the gateway has restarted. What goes wrong is no
// reason to do anything; a gateway that refuses, or twice says nothing, is not asked again.
func (p *planner) watchUptime(ctx context.Context, since time.Time) bool {
	r := p.gw.readings
	if r.mute || !r.asked.Before(since) {
		return false
	}
	began := time.Now()
	within, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	s, err := p.gw.Status(within)
	if ctx.Err() != nil {
		return false
	}
	r.asked = began
	step := Step{Action: "GetStatusInfo", Outcome: "up " + s.Uptime.String(), Err: err}
	restarted := false
	switch {
	case err != nil && unanswered(err) && !unreadable(err):
		r.silent++
		r.mute, step.Outcome = r.silent > 1, "no answer"
	case err != nil || !s.UptimeKnown && s.Connected:
		r.mute, step.Outcome = true, "no uptime"
	case !s.Connected:
		step.Outcome = "not connected" // what it counts then is anybody's guess
	default:
		if restarted = r.count(s.Uptime, began); restarted {
			r.restarted, step.Outcome = began, "restarted"
		}
	}
	p.note(step, PortMapping{}, began)
	return restarted
}
