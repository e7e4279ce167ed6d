package client

import (
	"context"
	"sync"
)

// mutex is a lock whose wait ends with a context. The zero value is free.
type mutex struct {
	once sync.Once
	held chan struct{}
}

func (m *mutex) lock(ctx context.Context) error {
	m.once.Do(func() { m.held = make(chan struct{}, 1) })
	select {
	case m.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *mutex) unlock() { <-m.held }
