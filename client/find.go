package client

import "context"

// Find gives the gateway to use.
func Find(ctx context.Context, o Options) (*Gateway, error) { return nil, &DiscoveryError{} }
