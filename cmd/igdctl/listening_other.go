//go:build !linux

package main

import (
	"context"
	"net/netip"
)

// listen tries a connection when it is asked. UDP sockets do not tell, and binding the port to find out would make some
// firewalls ask.
func listen([]spec) ears { return dial }

func dial(ctx context.Context, e ear, at netip.Addr) listener {
	if e.protocol != "TCP" {
		return cannotTell
	}
	switch {
	case answers(ctx, netip.AddrPortFrom(at, e.port)):
		return somebody
	case answers(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), e.port)):
		return onlyItself
	case ctx.Err() != nil:
		return cannotTell
	}
	return nobody
}
