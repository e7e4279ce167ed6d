package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"

	"github.com/igdkit/igdkit/internal/ssdp"
)

// maxReadFailures ends a socket that only gives errors. Some are no reason to stop: Windows reports the datagrams that others
// refused, and the ones that are too large.
const maxReadFailures = 16

// receive hands on what arrives at c until each says no, ctx ends or c is closed; the error is that of a socket that gives nothing else. A datagram
// that is no SSDP message comes as nil.
func receive(ctx context.Context, c net.PacketConn, trace io.Writer, each func(from netip.AddrPort, m *ssdp.Message) bool) error {
	b := make([]byte, ssdp.MaxSize+1)
	for failures := 0; ; {
		n, addr, err := c.ReadFrom(b)
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failures++; failures < maxReadFailures {
				continue
			}
			return err
		}
		failures = 0
		from, ok := addr.(interface{ AddrPort() netip.AddrPort })
		if !ok {
			continue
		}
		traceDatagram(trace, '<', from.AddrPort(), b[:min(n, ssdp.MaxSize)])
		m, err := ssdp.Parse(b[:n])
		if err != nil {
			m = nil
		}
		if !each(from.AddrPort(), m) {
			return nil
		}
	}
}
