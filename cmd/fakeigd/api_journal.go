package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// maxWait bounds one question. A client that wants more asks again, or follows.
const maxWait = 5 * time.Minute

// showJournal is the entries after since, of those still in memory; with wait, once there is one; with follow, for ever.
func showJournal(c *call) (any, error) {
	q, err := journalQuery(c.URL.Query())
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(c.Context())
	defer end()
	defer context.AfterFunc(c.gateway.play.over, end)()
	if q.wait > 0 || q.follow {
		if err := c.takesLong(); err != nil {
			return nil, err
		}
	}
	if q.follow {
		c.follow(ctx, q.since)
		return nil, nil
	}
	if q.wait > 0 {
		ctx, end := context.WithTimeout(ctx, q.wait)
		defer end()
		for range c.gateway.Follow(ctx, q.since) {
			break
		}
	}
	v := journalView{c.gateway.JournalSince(q.since), q.since}
	if n := len(v.Entries); n > 0 {
		v.Last = v.Entries[n-1].Seq
	}
	return v, nil
}

// takesLong lifts the deadline of reading, which would end whatever lasts longer.
func (c *call) takesLong() error {
	return http.NewResponseController(c.w).SetReadDeadline(time.Time{})
}

// follow writes entries as they come, a line each, until the client or the gateway has gone.
func (c *call) follow(ctx context.Context, since uint64) {
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	c.w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(c.w).Flush
	if flush() != nil || c.Method == http.MethodHead {
		return
	}
	for e := range c.gateway.Follow(ctx, since) {
		if _, err := c.w.Write(encodeLine(e)); err != nil || flush() != nil {
			return
		}
	}
}

type journalQuestion struct {
	since  uint64
	wait   time.Duration
	follow bool
}

func journalQuery(query url.Values) (q journalQuestion, err error) {
	for name := range query {
		switch value := query.Get(name); name {
		case "since":
			if q.since, err = strconv.ParseUint(value, 10, 64); err != nil {
				return q, badRequest("give the seq of the last entry that you have", "since %q is no number of an entry", value)
			}
		case "wait":
			if q.wait, err = time.ParseDuration(value); err != nil || q.wait < 0 || q.wait > maxWait {
				return q, badRequest("for example ?wait=30s", "wait %q is no time between 0s and %v", value, maxWait)
			}
		case "follow":
			if q.follow = true; value != "" {
				if q.follow, err = strconv.ParseBool(value); err != nil {
					return q, badRequest("for example ?since=0&follow", "follow %q is neither true nor false", value)
				}
			}
		default:
			return q, badRequest("there are since, wait and follow", "there is no parameter %s", name)
		}
	}
	return q, nil
}

// verify checks what is expected in the body against the journal, or, without a body, the scenario's expectations.
func verify(c *call) (any, error) {
	expect, err := decode[[]emulator.Expectation](c)
	if err != nil {
		return nil, err
	}
	v := verifyView{Checked: len(expect), Unmet: []emulator.Unmet{}}
	var unmet []emulator.Unmet
	if len(expect) == 0 {
		v.Checked, unmet = len(c.gateway.play.expectations()), c.gateway.play.unmet()
	} else if unmet, err = c.gateway.Verify(expect...); err != nil {
		return nil, badRequest("", "%v", err)
	}
	v.Unmet = append(v.Unmet, unmet...)
	return v, nil
}
