package lab

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// datagram is one of UDP as it crosses a gateway.
type datagram struct {
	src, dst netip.AddrPort
	outside  bool   // it came by the Internet's side
	ttl, tos byte   // to leave with
	id       uint16 // of its fragments
	payload  []byte
}

// read takes apart what the transparent socket gave. It is false for what goes no further.
func (w *wire) read(m *ipv4.Message) (datagram, bool) {
	from, ok := m.Addr.(*net.UDPAddr)
	if !ok {
		return datagram{}, false
	}
	addr := from.AddrPort()
	d := datagram{src: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), ttl: 64, payload: m.Buffers[0][:m.N]}
	for b := m.OOB[:m.NN]; len(b) > 0; {
		header, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_IP {
			d.note(header.Type, data, w.outside)
		}
		b = rest
	}
	return d, d.dst.IsValid() && d.ttl > 0
}

// note takes over what a control message tells: ip(7).
func (d *datagram) note(kind int32, data []byte, outside int) {
	switch {
	case kind == unix.IP_ORIGDSTADDR && len(data) >= 8: // struct sockaddr_in
		d.dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(data[4:8])), binary.BigEndian.Uint16(data[2:]))
	case kind == unix.IP_PKTINFO && len(data) >= 4: // struct in_pktinfo begins with the interface
		d.outside = int(binary.NativeEndian.Uint32(data)) == outside
	case kind == unix.IP_TTL && len(data) >= 4:
		d.ttl = byte(binary.NativeEndian.Uint32(data)) - 1
	case kind == unix.IP_TOS && len(data) >= 1:
		d.tos = data[0]
	}
}

const (
	ipHeader  = 20
	udpHeader = 8
	mtu       = 1500 // of every wire in a lab: veth's
)

// packets writes d as packets of IPv4 into to, from place at on, and returns the next free place. When to is full, it is sent.
func (d *datagram) packets(to []ipv4.Message, at int, send func([]ipv4.Message)) int {
	const most = (mtu - ipHeader) &^ 7 // of a fragment but the last: RFC 791 §3.1
	whole := udpHeader + len(d.payload)
	for offset := 0; offset < whole; at++ {
		if at == len(to) {
			send(to)
			at = 0
		}
		size, more := whole-offset, false
		if offset > 0 || whole > mtu-ipHeader {
			size, more = min(size, most), size > most
		}
		p := room(&to[at], ipHeader+size, d.dst.Addr())
		d.ip(p, offset, more)
		if offset == 0 {
			d.udp(p[ipHeader:])
			copy(p[ipHeader+udpHeader:], d.payload)
		} else {
			copy(p[ipHeader:], d.payload[offset-udpHeader:])
		}
		offset += size
	}
	return at
}

// room makes m a message of so many bytes to an address. What it had before is used again.
func room(m *ipv4.Message, size int, to netip.Addr) []byte {
	if cap(m.Buffers[0]) < size {
		m.Buffers[0] = make([]byte, mtu)
	}
	m.Buffers[0] = m.Buffers[0][:size]
	a, ok := m.Addr.(*net.IPAddr)
	if !ok {
		a = &net.IPAddr{IP: make(net.IP, 4)}
		m.Addr = a
	}
	four := to.As4()
	copy(a.IP, four[:])
	return m.Buffers[0]
}

// ip writes the header of IPv4 (RFC 791 §3.1). The kernel fills in the checksum, and the identification where that is 0.
func (d *datagram) ip(p []byte, offset int, more bool) {
	src, dst := d.src.Addr().As4(), d.dst.Addr().As4()
	p[0], p[1] = 4<<4|ipHeader/4, d.tos
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	fragment, id := uint16(offset/8), uint16(0)
	if more {
		fragment |= 1 << 13
	}
	if fragment != 0 {
		id = d.id
	}
	binary.BigEndian.PutUint16(p[4:], id)
	binary.BigEndian.PutUint16(p[6:], fragment)
	p[8], p[9], p[10], p[11] = d.ttl, unix.IPPROTO_UDP, 0, 0
	copy(p[12:], src[:])
	copy(p[16:], dst[:])
}

// udp writes the header of UDP (RFC 768).
func (d *datagram) udp(p []byte) {
	whole := udpHeader + len(d.payload)
	binary.BigEndian.PutUint16(p, d.src.Port())
	binary.BigEndian.PutUint16(p[2:], d.dst.Port())
	binary.BigEndian.PutUint16(p[4:], uint16(whole))
	src, dst := d.src.Addr().As4(), d.dst.Addr().As4()
	sum := uint64(unix.IPPROTO_UDP) + 2*uint64(whole) + uint64(d.src.Port()) + uint64(d.dst.Port())
	sum = add(add(add(sum, src[:]), dst[:]), d.payload)
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum = ^sum & 0xffff; sum == 0 {
		sum = 0xffff // 0 means that there is none
	}
	binary.BigEndian.PutUint16(p[6:], uint16(sum))
}

// add adds 16-bit words to a sum of RFC 1071, of which the carries are still to be added.
func add(sum uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		v := binary.BigEndian.Uint64(b)
		sum += v>>32 + v&0xffffffff // less than 2^33 each: a datagram has at most 2^13 of them
	}
	for ; len(b) >= 2; b = b[2:] {
		sum += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}
