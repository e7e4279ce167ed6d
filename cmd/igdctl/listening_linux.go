package main

import (
	"context"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/procnet"
)

// boundAt lists the addresses on which sockets wait at a port. It asks the kernel: unlike a connection, that does not wake the program.
func boundAt(_ context.Context, protocol string, port uint16) ([]netip.Addr, error) {
	bound, err := diagnosed(protocol, port)
	if err != nil {
		bound, err = listed(protocol, port)
	}
	return bound, err
}

// diagnosed lists the addresses on which sockets wait at a port, by sock_diag(7).
func diagnosed(protocol string, port uint16) (bound []netip.Addr, err error) {
	query := diagRequest{protocol: unix.IPPROTO_UDP, states: 1 << procnet.Unconnected, port: port}
	if protocol == "TCP" {
		query.protocol, query.states = unix.IPPROTO_TCP, 1<<procnet.Listen
	}
	for _, query.family = range []uint8{unix.AF_INET, unix.AF_INET6} {
		r := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP)
		r.AddData(query)
		answers, err := r.Execute(unix.NETLINK_INET_DIAG, 0)
		if err != nil {
			return nil, err
		}
		for _, b := range answers {
			if a, ok := diagAddr(b, port); ok {
				bound = append(bound, a)
			}
		}
	}
	return bound, nil
}

// diagRequest is struct inet_diag_req_v2 of linux/inet_diag.h.
type diagRequest struct {
	family, protocol uint8
	states           uint32
	port             uint16
}

func (diagRequest) Len() int { return 56 }

func (q diagRequest) Serialize() []byte {
	b := make([]byte, q.Len())
	b[0], b[1] = q.family, q.protocol
	binary.NativeEndian.PutUint32(b[4:], q.states)
	binary.BigEndian.PutUint16(b[8:], q.port)
	return b
}

// diagAddr reads the local address of a struct inet_diag_msg whose port is the one asked for.
func diagAddr(b []byte, port uint16) (netip.Addr, bool) {
	if len(b) < 24 || binary.BigEndian.Uint16(b[4:]) != port {
		return netip.Addr{}, false
	}
	if b[0] == unix.AF_INET {
		return netip.AddrFrom4([4]byte(b[8:12])), true
	}
	return netip.AddrFrom16([16]byte(b[8:24])).Unmap(), true
}

// listed reads the same from the tables in /proc, which every kernel has; a large one takes the kernel milliseconds to print.
func listed(protocol string, port uint16) (bound []netip.Addr, err error) {
	for _, name := range []string{strings.ToLower(protocol), strings.ToLower(protocol) + "6"} {
		f, err := os.Open("/proc/net/" + name)
		if err != nil {
			if strings.HasSuffix(name, "6") {
				continue // a kernel without IPv6
			}
			return nil, err
		}
		bound = append(bound, waiting(f, port)...)
		f.Close()
	}
	return bound, nil
}

// waiting are the addresses on which sockets of a table wait for peers on port.
func waiting(table io.Reader, port uint16) (bound []netip.Addr) {
	for s := range procnet.Sockets(table) {
		if s.Local.Port() == port && (s.State == procnet.Listen || s.State == procnet.Unconnected) {
			bound = append(bound, s.Local.Addr())
		}
	}
	return bound
}
