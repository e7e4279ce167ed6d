package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/client"
)

// listener says who listens on a port of this computer.
type listener int

const (
	cannotTell listener = iota
	nobody
	onlyItself // programs listen, and on loopback alone
	onlyOthers // programs listen, and on other addresses alone
	somebody
)

// listens says who waits at a port, without waking anybody where the system tells; bound are the addresses on which programs do.
func listens(ctx context.Context, protocol string, at netip.AddrPort) (who listener, bound []netip.Addr) {
	bound, err := boundAt(ctx, protocol, at.Port())
	if err != nil {
		return cannotTell, nil
	}
	return judge(bound, at.Addr()), bound
}

// judge says what programs bound to addresses of one port mean for traffic to at. Sockets of IPv6 that are bound to none take IPv4, too, as a rule.
func judge(bound []netip.Addr, at netip.Addr) listener {
	hears := func(a netip.Addr) bool { return a == at || a.IsUnspecified() && (a.Is6() || at.Is4()) }
	switch {
	case slices.ContainsFunc(bound, hears):
		return somebody
	case len(bound) == 0:
		return nobody
	case slices.ContainsFunc(bound, func(a netip.Addr) bool { return !a.IsLoopback() }):
		return onlyOthers
	}
	return onlyItself
}

// answerTime is how long a computer of the local network may take to answer.
const answerTime = time.Second

// warnListener warns when nobody would answer on the inside of an open port.
func (a *app) warnListener(ctx context.Context, e client.Entry, elsewhere bool) {
	port := fmt.Sprintf("port %d/%s", e.Internal.Port(), strings.ToLower(e.Protocol))
	if elsewhere && !isOwn(e.Internal.Addr()) {
		if e.Protocol == "TCP" && !answers(ctx, e.Internal) && ctx.Err() == nil {
			a.Warn("nothing answers on %s of %s", port, e.Internal.Addr())
		}
		return
	}
	a.warnOwnListener(ctx, e.Protocol, e.Internal)
}

// warnOwnListener warns when no program of this computer would answer at an address and port of it.
func (a *app) warnOwnListener(ctx context.Context, protocol string, at netip.AddrPort) {
	who, bound := listens(ctx, protocol, at)
	a.warnOf(who, bound, fmt.Sprintf("port %d/%s", at.Port(), strings.ToLower(protocol)), at.Addr())
}

func (a *app) warnOf(who listener, bound []netip.Addr, port string, at netip.Addr) {
	everywhere := "0.0.0.0"
	if at.Is6() {
		everywhere = "::"
	}
	switch who {
	case nobody:
		a.Warn("nothing listens on %s of this computer yet", port)
	case onlyItself:
		a.Warn("the program on %s listens only on %s, where nobody outside this computer reaches it", port, joined(bound))
		a.Hint(fmt.Sprintf("let it listen on %s or %s", at, everywhere))
	case onlyOthers:
		a.Warn("the program on %s listens only on %s, and the gateway leads to %s", port, joined(bound), at)
		a.Hint(fmt.Sprintf("let it listen on %s or %s", at, everywhere))
	}
}

// isOwn reports whether an address is one of this computer.
func isOwn(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, own := range addrs {
		if p, err := netip.ParsePrefix(own.String()); err == nil && p.Addr().Unmap() == a.Unmap() {
			return true
		}
	}
	return false
}

// answers reports whether a TCP server takes connections, or at least may: a firewall between the two keeps silent.
func answers(ctx context.Context, at netip.AddrPort) bool {
	d := net.Dialer{Timeout: answerTime}
	c, err := d.DialContext(ctx, "tcp", at.String())
	if err == nil {
		c.Close()
	}
	return err == nil || !refused(err)
}

// refused reports whether a port was closed; Windows has its own number for that.
func refused(err error) bool {
	const windows = syscall.Errno(10061)
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, windows)
}
