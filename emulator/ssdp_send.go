package emulator

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"

	"github.com/igdkit/igdkit/internal/http1"
)

// dispatch sends m on its way as the faults on the layer of o have it. The receiver is o's peer.
func (s *ssdpServer) dispatch(o *occasion, m http1.Message, details ...Detail) {
	d := s.meet(o)
	if d.dropped() {
		return
	}
	b := d.datagram(&m)
	if d.delay > 0 {
		late := d
		s.later(d.delay, func() { s.sendAll(o, &late, b, details) })
		return
	}
	s.sendAll(o, &d, b, details)
}

// sendAll sends a datagram as often as d wants.
func (s *ssdpServer) sendAll(o *occasion, d *deed, b []byte, details []Detail) {
	if d.sendFrom == nil {
		for range 1 + d.duplicate {
			if s.send(o.peer, b) {
				s.note(string(o.layer), o.peer, o.st, details...)
			}
		}
		return
	}
	r := d.rand()
	for range 1 + d.duplicate {
		s.sendElsewhere(o, d.sendFrom, r, b, details)
	}
}

// sendElsewhere sends a datagram from another address or port. Only such a one that is not to be had is worth a line in the journal:
// any other failure is the network's business, because SSDP promises nothing, and says everything again.
func (s *ssdpServer) sendElsewhere(o *occasion, from *Origin, r *rand.Rand, b []byte, details []Detail) {
	source, err := s.sendFrom(from, r, o.peer, b)
	if err != nil {
		s.note("ssdp.unsent", o.peer, o.st, Detail{"error", err.Error()})
		return
	}
	s.note(string(o.layer), o.peer, o.st, append(details[:len(details):len(details)], Detail{"from", source.String()})...)
}

// datagram is m after the edits of d.
func (d *deed) datagram(m *http1.Message) []byte {
	if d.random > 0 {
		b := make([]byte, d.random)
		r := d.rand()
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	d.rewriteHead(m)
	b := d.rewriteBytes(m.Append(nil))
	if d.truncate != nil {
		b = b[:min(len(b), *d.truncate)]
	}
	return b
}

// send writes one datagram.
func (s *ssdpServer) send(to netip.AddrPort, b []byte) bool {
	if s.source.IsValid() {
		_, err := s.sendFrom(&Origin{}, nil, to, b)
		return err == nil
	}
	_, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err == nil
}

// Random ports are dynamic ones (RFC 6335 §6).
const (
	firstDynamic = 49152
	dynamicPorts = 65536 - firstDynamic
	portTries    = 8
)

// sendFrom writes one datagram from another address or port of this host, through a socket that lives no longer than that, and tells
// from where.
func (s *ssdpServer) sendFrom(from *Origin, r *rand.Rand, to netip.AddrPort, b []byte) (netip.AddrPort, error) {
	source := s.local
	if s.source.IsValid() {
		source = netip.AddrPortFrom(s.source, source.Port())
	}
	if from.Address.IsValid() {
		source = netip.AddrPortFrom(from.Address, source.Port())
	}
	if from.Port.Port != 0 {
		source = netip.AddrPortFrom(source.Addr(), from.Port.Port)
	}
	if !from.Port.Random && source.Port() == s.local.Port() {
		if w, ok := s.conn.(fromWriter); ok {
			return source, w.writeFrom(b, source.Addr(), to)
		}
		if source == s.local {
			_, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
			return source, err
		}
	}
	for try := 0; ; try++ {
		if from.Port.Random {
			source = netip.AddrPortFrom(source.Addr(), uint16(firstDynamic+r.IntN(dynamicPorts)))
		}
		c, err := s.socket.net.ListenPacket(context.Background(), source)
		if errors.Is(err, syscall.EADDRINUSE) && from.Port.Random && try < portTries {
			continue
		}
		if err != nil {
			return source, err
		}
		_, err = c.WriteTo(b, net.UDPAddrFromAddrPort(to))
		return source, errors.Join(err, c.Close())
	}
}

// fromWriter is a socket that holds its port on all addresses of this host, so that no other can be opened there.
type fromWriter interface {
	writeFrom(b []byte, source netip.Addr, to netip.AddrPort) error
}
