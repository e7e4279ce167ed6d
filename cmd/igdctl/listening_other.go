//go:build !linux

package main

import (
	"context"
	"net/netip"
)

// listens tries a connection. UDP sockets do not tell, and binding the port to find out would make some firewalls ask.
func listens(ctx context.Context, protocol string, at netip.AddrPort) listener {
	if protocol != "TCP" {
		return cannotTell
	}
	switch {
	case answers(ctx, at):
		return somebody
	case answers(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())):
		return onlyItself
	case ctx.Err() != nil:
		return cannotTell
	}
	return nobody
}
