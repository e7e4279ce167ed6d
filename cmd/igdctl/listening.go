package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	onlyItself // a program listens on 127.0.0.1
	somebody
)

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
	a.warnOwnListener(listens(ctx, e.Protocol, e.Internal), port, e.Internal.Addr())
}

func (a *app) warnOwnListener(who listener, port string, at netip.Addr) {
	switch who {
	case nobody:
		a.Warn("nothing listens on %s of this computer yet", port)
	case onlyItself:
		a.Warn("the program on %s listens only on 127.0.0.1, where nobody outside this computer reaches it", port)
		a.Hint(fmt.Sprintf("let it listen on %s or 0.0.0.0", at))
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
