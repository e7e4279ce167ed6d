package client

import (
	"encoding/binary"
	"hash/fnv"
)

const (
	portTries  = 12    // ports tried before AnyPort gives up
	neighbours = 3     // of them, how many next to the wanted one
	firstPort  = 1024  // gateways with a rule set allow 1024 and up to anybody
	portStride = 39871 // ≈ 0.618 of 64512 and coprime to it: any few steps lie wide apart
)

// ports is the sequence of external ports to try, the wanted one first. It is the same on every
// run of one host, so that a mapping left from a crash is met again, and differs from that of other
// hosts. After its neighbours it jumps widely: behind a shared IPv4 address (MAP-E) only scattered
// ranges are allowed.
func (p *planner) ports(wanted uint16) []uint16 {
	if !p.req.AnyPort {
		return []uint16{wanted}
	}
	out := []uint16{wanted}
	if wanted >= firstPort {
		for i := uint16(1); i <= neighbours && wanted <= 65535-i; i++ {
			out = append(out, wanted+i)
		}
	}
	h := fnv.New32a()
	h.Write([]byte(p.want(p.req.protocols()[0], wanted).InternalClient))
	h.Write(binary.BigEndian.AppendUint16(nil, p.req.InternalPort))
	at := h.Sum32() % (65536 - firstPort)
	for len(out) < portTries {
		at = (at + portStride) % (65536 - firstPort)
		out = append(out, uint16(firstPort+at))
	}
	return out
}
