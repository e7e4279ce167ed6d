package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// life is what a Mapping and Pinholes have in common: something is open, one goroutine may keep it so and tell what happens, and anybody may close it.
type life[E any] struct {
	events  feed[E]
	closing mutex         // one Close at a time
	opened  chan struct{} // closed when everything was open for the first time
	once    sync.Once     // closes opened

	mu     sync.Mutex // guards what follows, and what is open
	err    error
	closed bool
	stop   context.CancelFunc // ends the keeper, nil when there is none
	done   chan struct{}      // closed when the keeper has ended, nil when there is none
}

// closeTimeout bounds Close: some gateways take seconds to delete, some hang.
const closeTimeout = 10 * time.Second

func newLife[E any]() life[E] {
	return life[E]{events: feed[E]{ch: make(chan E, eventBuffer)}, opened: make(chan struct{})}
}

// ErrClosed says that something is not kept any more: it was closed, or the ctx of its keeping has ended.
var ErrClosed = errors.New("it is not kept any more")

// whole notes that everything is open.
func (l *life[E]) whole() { l.once.Do(func() { close(l.opened) }) }

func (l *life[E]) setErr(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// begin makes the caller the keeper, until the context that it gives ends; ended is the last that he calls. false: there is one, or was, or it is closed.
func (l *life[E]) begin(ctx context.Context) (context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.stop != nil {
		return nil, false
	}
	ctx, l.stop = context.WithCancel(ctx)
	l.done = make(chan struct{})
	return ctx, true
}

// ended is the last that a keeper does: nothing more will happen.
func (l *life[E]) ended() {
	l.stop()
	l.events.close()
	close(l.done)
}

// fail is the life of what never will be open, for the reason err, which last tells.
func (l *life[E]) fail(err error, last E) {
	l.begin(context.Background())
	l.setErr(err)
	l.events.send(last)
	l.ended()
}

// wait is Wait; why gives what is in the way.
func (l *life[E]) wait(ctx context.Context, why func() error) error {
	l.mu.Lock()
	done := l.done
	l.mu.Unlock()
	select {
	case <-l.opened:
		return nil
	case <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-l.opened:
		return nil
	default:
	}
	if err := why(); err != nil {
		return err
	}
	return ErrClosed
}

// close ends the keeper, and then releases what is open. No other close goes on meanwhile. Its end is that of ctx at the latest when release heeds that.
func (l *life[E]) close(ctx context.Context, release func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if err := l.closing.lock(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	defer l.closing.unlock()
	l.mu.Lock()
	l.closed = true
	stop, done := l.stop, l.done
	l.mu.Unlock()
	if stop != nil {
		stop()
		select {
		case <-done:
		case <-ctx.Done():
			return fmt.Errorf("close: %w", ctx.Err())
		}
	}
	defer l.events.close()
	return release(ctx)
}
