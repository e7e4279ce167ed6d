package inputrules

import (
	"encoding/binary"
	"net/netip"
)

// The headers that a payload is loaded from (enum nft_payload_bases).
const (
	linkHeader      = 0
	networkHeader   = 1
	transportHeader = 2
)

// someHighPort stands for the port that a stranger's system chose: of no service, and in everybody's range for that (RFC 6056 §3.2).
const someHighPort = 54321

// headers are those of a packet, of which every bit is known or not.
type headers struct {
	network, transport           [20]byte
	networkKnown, transportKnown [20]byte
	stranger                     bool // who sends it is anybody on the Internet
}

func headersOf(p Packet) *headers {
	h := &headers{stranger: !p.From.Addr().IsValid()}
	h.ip(0, 0x45) // without options
	h.ip(6, 0)
	h.networkKnown[6] = 0x3f // no fragment; whether it may become one is not known
	h.ip(7, 0)
	h.ip(9, p.Protocol)
	if !h.stranger {
		h.ip(senderAt, p.From.Addr().Unmap().AsSlice()...)
	}
	h.ip(receiverAt, p.To.Addr().Unmap().AsSlice()...)
	from := p.From.Port()
	if from == 0 {
		from = someHighPort
	}
	h.layer4(0, binary.BigEndian.AppendUint16(nil, from)...)
	h.layer4(2, binary.BigEndian.AppendUint16(nil, p.To.Port())...)
	if p.Protocol == TCP {
		h.layer4(8, 0, 0, 0, 0) // acknowledges nothing
		h.layer4(13, 0x02)      // SYN alone
	}
	return h
}

func (h *headers) ip(at int, b ...byte) { set20(&h.network, &h.networkKnown, at, b) }

func (h *headers) layer4(at int, b ...byte) { set20(&h.transport, &h.transportKnown, at, b) }

func set20(value, known *[20]byte, at int, b []byte) {
	for i := range b {
		value[at+i], known[at+i] = b[i], 0xff
	}
}

// load brings n bytes of a header into registers.
func (h *headers) load(r *registers, to int, base uint32, at, n int) {
	value, mask := make([]byte, n), make([]byte, n)
	from, knownFrom := &h.network, &h.networkKnown
	switch base {
	case networkHeader:
	case transportHeader:
		from, knownFrom = &h.transport, &h.transportKnown
	default:
		r.put(to, value, mask)
		return
	}
	for i := range n {
		if at+i < len(from) {
			value[i], mask[i] = from[at+i], knownFrom[at+i]
		}
	}
	r.put(to, value, mask)
	if base == networkHeader && h.stranger && at == senderAt && n <= 4 && to >= 0 && to%4 == 0 {
		r.stranger[to/4] = ^uint32(0) << (32 - 8*n) // nft loads no more bytes than a prefix has
	}
}

// senderAt is where IPv4 has the source address (RFC 791 §3.1), and receiverAt the destination.
const (
	senderAt   = 12
	receiverAt = 16
)

// validPacket tells whether a packet can be judged: it is one of IPv4, TCP or UDP.
func validPacket(p Packet) bool {
	four := func(a netip.Addr) bool { return a.Unmap().Is4() }
	return (p.Protocol == TCP || p.Protocol == UDP) && four(p.To.Addr()) && (!p.From.Addr().IsValid() || four(p.From.Addr()))
}
