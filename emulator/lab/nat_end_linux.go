package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// marked are the flows of one mapping.
type marked struct {
	mark  uint32
	flows []*netlink.ConntrackFlow
}

// MatchConntrackFlow collects what is deleted.
func (m *marked) MatchConntrackFlow(f *netlink.ConntrackFlow) bool {
	if f.Mark != m.mark {
		return false
	}
	m.flows = append(m.flows, f)
	return true
}

// endFlows makes the kernel forget the flows with a mark, which nothing translates any more, and has both ends of TCP reset.
//
// A reset needs the sequence number that the end expects, which the kernel does not tell. But each end answers a segment outside of
// its window with its true numbers (RFC 9293 §3.10.7.4), and that answer arrives where no such connection is known any more: the
// kernel there resets it.
func endFlows(mark uint32) error {
	m := &marked{mark: mark}
	if _, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, m); err != nil {
		return fmt.Errorf("lab: end the connections of a mapping: %w", err)
	}
	var errs []error
	for _, f := range m.flows {
		if f.Forward.Protocol == unix.IPPROTO_TCP {
			errs = append(errs,
				provoke(endOf(f.Forward.DstIP, f.Forward.DstPort), endOf(f.Forward.SrcIP, f.Forward.SrcPort)),
				provoke(endOf(f.Reverse.DstIP, f.Reverse.DstPort), endOf(f.Reverse.SrcIP, f.Reverse.SrcPort)))
		}
	}
	return errors.Join(errs...)
}

func endOf(ip net.IP, port uint16) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(addr.Unmap(), port)
}

// provoke sends to an end of a connection a segment as if by the other.
func provoke(from, to netip.AddrPort) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return fmt.Errorf("lab: raw socket: %w", err)
	}
	defer unix.Close(socket)
	if err := unix.Sendto(socket, segment(from, to), 0, &unix.SockaddrInet4{Addr: to.Addr().As4()}); err != nil {
		return fmt.Errorf("lab: reset %v: %w", to, err)
	}
	return nil
}

// segment is an IPv4 packet with a bare acknowledgement and all numbers 0 (RFC 791 §3.1, RFC 9293 §3.1). The kernel completes the
// header of IP.
func segment(from, to netip.AddrPort) []byte {
	b := make([]byte, 40)
	b[0], b[8], b[9] = 4<<4|5, 64, unix.IPPROTO_TCP
	copy(b[12:], from.Addr().AsSlice())
	copy(b[16:], to.Addr().AsSlice())
	tcp := b[20:]
	binary.BigEndian.PutUint16(tcp, from.Port())
	binary.BigEndian.PutUint16(tcp[2:], to.Port())
	tcp[12], tcp[13] = 5<<4, 1<<4
	sum := uint32(unix.IPPROTO_TCP + len(tcp)) // of the addresses, these and the segment
	for i := 12; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
	return b
}
