//go:build !linux

package main

import (
	"context"
	"errors"
	"net"
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

var errNotTold = errors.New("this system does not tell who listens")

// boundAt lists the addresses of this computer on which a connection to a port is taken.
func boundAt(ctx context.Context, protocol string, port uint16) (bound []netip.Addr, err error) {
	if protocol != "TCP" {
		return nil, errNotTold
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range own {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || p.Addr().IsLinkLocalUnicast() {
			continue
		}
		if answers(ctx, netip.AddrPortFrom(p.Addr(), port)) {
			bound = append(bound, p.Addr())
		}
	}
	return bound, ctx.Err()
}
