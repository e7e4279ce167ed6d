package client

import (
	"context"
	"iter"
)

// Discover streams every gateway.
func Discover(ctx context.Context, o Options) iter.Seq2[*Gateway, error] {
	return func(yield func(*Gateway, error) bool) {}
}
