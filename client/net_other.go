//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package client

import (
	"net"
	"net/netip"
)

// defaultGateways knows none here: gateways are found by multicast alone.
func defaultGateways(net.Interface) ([]netip.Addr, error) { return nil, nil }
