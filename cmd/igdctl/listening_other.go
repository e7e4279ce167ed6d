//go:build !linux

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

var errNotTold = errors.New("this system does not tell who listens")

// boundAt lists the addresses of this computer on which a connection to a port is taken. UDP sockets do not tell, and binding the port to find out would make
// some firewalls ask.
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
