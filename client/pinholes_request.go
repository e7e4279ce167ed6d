package client

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A PinholeRequest says which port the Internet should reach by IPv6.
type PinholeRequest struct {
	// Protocol is "tcp", "udp" or "both", in any case. "": tcp.
	Protocol string
	// Port is the one that the program listens on, 1 to 65535. By IPv6 it is the same outside.
	Port uint16
	// RemoteHost restricts who may connect, by IPv6 address. The zero Addr means everyone.
	RemoteHost netip.Addr
	// Lease is how long the firewall should keep the pinhole open, 1 s to 24 h. 0 means 24 hours for OpenPinholes and 2 hours for KeepPinholes, which
	// renews it.
	Lease time.Duration
	// CheckInterval is how often the gateway of kept pinholes is asked whether it still knows them, at least 1 s. 0: 15 min.
	CheckInterval time.Duration
}

// defaults fills the zero values in; lease is what an unset Lease stands for.
func (r PinholeRequest) defaults(lease time.Duration) PinholeRequest {
	if r.Lease == 0 {
		r.Lease = lease
	}
	if r.CheckInterval == 0 {
		r.CheckInterval = checkInterval
	}
	return r
}

// validate reports the first field that cannot be used, once the defaults are filled in.
func (r PinholeRequest) validate() error {
	switch strings.ToLower(r.Protocol) {
	case "", "tcp", "udp", "both":
	default:
		return &RequestError{"protocol", fmt.Sprintf("%q is none of tcp, udp, both", r.Protocol)}
	}
	if r.Port == 0 {
		return &RequestError{"port", "0 is not in 1 to 65535"}
	}
	if a := r.RemoteHost; a.IsValid() && (!a.Is6() || a.Is4In6() || a.IsUnspecified() || a.IsMulticast()) {
		return &RequestError{"remote host", fmt.Sprintf("%s is not the IPv6 address of a host", a)}
	}
	if r.Lease < time.Second || r.Lease > maxPinholeLease {
		return &RequestError{"lease", fmt.Sprintf("%s is not between 1 s and 24 h", r.Lease)}
	}
	if r.CheckInterval < time.Second {
		return &RequestError{"check interval", fmt.Sprintf("%s is shorter than 1 s", r.CheckInterval)}
	}
	return nil
}

func (r PinholeRequest) protocols() []uint16 {
	switch strings.ToLower(r.Protocol) {
	case "udp":
		return []uint16{PinholeUDP}
	case "both":
		return []uint16{PinholeTCP, PinholeUDP}
	}
	return []uint16{PinholeTCP}
}
