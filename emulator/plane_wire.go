package emulator

import (
	"context"
	"net/netip"
	"time"
)

// Wire carries the UDP of a gateway outside of this process, as a lab does, and knows nothing of what a NAT is.
type Wire interface {
	// Carry hands each datagram that comes to the gateway from src to dst to decide, and sends it on with the addresses that decide says,
	// after that delay, or drops it when ok is false. outside tells that it came by the Internet's side, size are the bytes of its
	// payload. What is for the gateway itself is not its business. It returns when ctx ends, with no error then.
	Carry(ctx context.Context, decide Decide) error
}

// Decide says what becomes of a datagram. That of a gateway may be called by several goroutines at a time.
type Decide = func(src, dst netip.AddrPort, outside bool, size int) (newSrc, newDst netip.AddrPort, delay time.Duration, ok bool)

// begin lets the wire carry, once.
func (ds *doors) begin() {
	if ds.started {
		return
	}
	ds.started = true
	if ds.udp == nil {
		return
	}
	ds.wg.Go(func() {
		if err := ds.plane.options.Wire.Carry(ds.ctx, ds.decide); err != nil && ds.ctx.Err() == nil {
			ds.plane.gateway.note("forward.failed", netip.AddrPort{}, "the wire", Detail{"because", err.Error()})
		}
	})
}

// decide is for the wire. What it leaves to the gateway itself is not the wire's either: it is dropped.
func (ds *doors) decide(src, dst netip.AddrPort, outside bool, size int) (newSrc, newDst netip.AddrPort, delay time.Duration, ok bool) {
	p := packet{protocol: udp, src: canonical(src), dst: canonical(dst), size: size}
	var d decision
	if own := ds.plane.gateway.options.LAN; p.src.Addr() == own || p.dst.Addr() == own {
		return src, dst, 0, false // what a NAT would let out would come back to the gateway, and go round
	}
	ds.plane.gateway.do(func(s *state) {
		switch {
		case ds.plane.over || ds.plane.off:
		case outside:
			d = ds.udp.fromOutside(s, p)
		default:
			d = ds.udp.outward(s, p, ds.udp.main(s))
		}
	})
	return d.to.src, d.to.dst, d.delay, d.fate == passedOn
}

// onWire is open for an entry of UDP.
func (ds *doors) onWire(e *entry) netip.AddrPort {
	ds.udp.open(e)
	at := netip.AddrPortFrom(ds.plane.gateway.state.connections[e.WAN].address, e.ExternalPort)
	if at.Port() == 0 || !exact(at.Addr()) {
		return netip.AddrPort{}
	}
	return at
}

func (ds *doors) nat() *udpNAT { return ds.udp }

func (ds *doors) forget(now time.Time) {
	if ds.udp != nil {
		ds.udp.forget(now)
	}
}
