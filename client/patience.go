package client

import (
	"context"
	"time"
)

// patience makes attempts on a gateway that end when it is told to have gone from where it was: a request may hang there for seconds, since a connection to
// nobody is tried again after one second, then two. They are broken off once in lookDistance at most, because announcements can be forged.
type patience struct {
	lost time.Time // when that was done last; zero: never
}

// try makes one attempt, and another one after it was broken off and the sign for that was heeded.
func (p *patience) try(ctx context.Context, c *Client, attempt func(context.Context) error, heed func()) error {
	if c == nil || time.Since(p.lost) < lookDistance {
		return attempt(ctx)
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	stop := context.AfterFunc(c.trusted, cancel)
	c.mu.Unlock()
	defer stop()
	if err := attempt(within); err == nil || within.Err() == nil || ctx.Err() != nil {
		return err
	}
	p.lost = time.Now()
	heed()
	return attempt(ctx)
}
