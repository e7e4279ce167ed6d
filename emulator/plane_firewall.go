package emulator

import (
	"math"
	"net/netip"
)

// Firewall filters IPv6 outside of this process, as that of a lab's gateway does. It is called under the gateway's lock.
type Firewall interface {
	// Let lets in what comes by protocol (an IANA number; 0: any) from remote to internal, of which a zero address or port means any. It
	// returns a number for it, from 1.
	Let(protocol uint8, remote, internal netip.AddrPort) (number uint32, err error)

	// End ends that, and what has come in by it.
	End(number uint32) error

	// Passed tells how many packets have come in by each since Let.
	Passed(tell func(number uint32, packets uint64)) error
}

// firewall is who lets in; nil: nobody.
func (p *plane) firewall() Firewall {
	if p == nil || p.options.Mode != PlanePorts {
		return nil
	}
	return p.options.Firewall
}

// let opens a pinhole to those outside.
func (p *plane) let(e *pinhole) {
	f := p.firewall()
	if f == nil {
		return
	}
	protocol := uint8(e.Protocol)
	if e.Protocol == anyProtocol {
		protocol = 0
	}
	var err error
	e.let, err = f.Let(protocol, netip.AddrPortFrom(e.RemoteHost, e.RemotePort), netip.AddrPortFrom(e.InternalClient, e.InternalPort))
	if err != nil {
		p.failed(e.String(), err)
	}
}

// endLet closes it.
func (p *plane) endLet(e *pinhole) {
	if f := p.firewall(); f != nil && e.let != 0 {
		if err := f.End(e.let); err != nil {
			p.failed(e.String(), err)
		}
		e.let, e.seen = 0, 0
	}
}

// countLets brings the packets of all pinholes up to date.
func (p *plane) countLets() {
	f := p.firewall()
	if f == nil {
		return
	}
	byNumber := map[uint32]*pinhole{}
	for _, e := range p.gateway.state.pinholes.byID {
		byNumber[e.let] = e
	}
	err := f.Passed(func(number uint32, packets uint64) {
		if e := byNumber[number]; e != nil {
			e.Packets += uint32(min(packets-e.seen, math.MaxUint32))
			e.seen = packets
		}
	})
	if err != nil {
		p.failed("pinholes", err)
	}
}
