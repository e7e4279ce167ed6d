package client

import (
	"context"
	"sync"
)

// baton is a mutex whose wait ends with a context. The zero value is free.
type baton struct {
	once sync.Once
	held chan struct{}
}

func (b *baton) take(ctx context.Context) error {
	b.once.Do(func() { b.held = make(chan struct{}, 1) })
	select {
	case b.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *baton) give() { <-b.held }
