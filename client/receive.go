package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// maxReadFailures ends a socket that only gives errors.
const maxReadFailures = 16

var errNoUDP = errors.New("what the socket reads comes from no IP address and port")

// readFrom reads a datagram. One that is longer than b is cut, but on Windows it is lost: there it is an error of the read (WSAEMSGSIZE), which is passed
// over as others are that may pass. The error is that of a socket that is closed, whose deadline is over, or that gives nothing else.
func readFrom(c net.PacketConn, b []byte) (int, netip.AddrPort, error) {
	for failures := 1; ; failures++ {
		n, addr, err := c.ReadFrom(b)
		from, ok := addrPortOf(addr)
		switch {
		case err == nil && ok:
			return n, from, nil
		case err == nil:
			err = errNoUDP
		}
		if failures == maxReadFailures || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, netip.AddrPort{}, err
		}
	}
}

// addrPortOf is an address of UDP or TCP, IPv4 as such; false: a has none.
func addrPortOf(a net.Addr) (netip.AddrPort, bool) {
	at, ok := a.(interface{ AddrPort() netip.AddrPort })
	if !ok {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(at.AddrPort().Addr().Unmap(), at.AddrPort().Port()), true
}

// receive hands on what arrives at c until each says no, ctx ends or c is closed; the error is that of a socket that gives nothing else. A datagram
// that is no SSDP message comes as nil.
func receive(ctx context.Context, c net.PacketConn, trace io.Writer, each func(from netip.AddrPort, m *ssdp.Message) bool) error {
	b := make([]byte, ssdp.MaxSize+1)
	for {
		n, from, err := readFrom(c, b)
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		traceDatagram(trace, '<', from, b[:min(n, ssdp.MaxSize)])
		m, err := ssdp.Parse(b[:n])
		if err != nil {
			m = nil
		}
		if !each(from, m) {
			return nil
		}
	}
}
