// Package procnet reads the tables of sockets that Linux keeps in /proc/net (proc_pid_net(5)): tcp, tcp6, udp and udp6.
package procnet

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"strings"
)

// State is a number of linux/tcp_states.h. Sockets of UDP have them too.
type State uint8

// The states of sockets that wait for peers.
const (
	Unconnected State = 7  // TCP_CLOSE: a UDP socket that is bound, and not connected
	Listen      State = 10 // TCP_LISTEN
)

// Socket is one row of a table.
type Socket struct {
	Local netip.AddrPort // an address of IPv4 that stands as one of IPv6 is that of IPv4
	State State
}

// Sockets gives the rows of a table, as far as it can be read. The header is none, and what is no row is left out.
func Sockets(table io.Reader) iter.Seq[Socket] {
	return func(yield func(Socket) bool) {
		lines := bufio.NewScanner(table) // which ends at a line of 64 KiB; a row has 150 bytes
		for lines.Scan() {
			if s, ok := row(lines.Text()); ok && !yield(s) {
				return
			}
		}
	}
}

// row reads "  0: 0100007F:1F90 00000000:0000 0A …".
func row(line string) (s Socket, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return s, false
	}
	host, port, _ := strings.Cut(fields[1], ":")
	a, ok := address(host)
	n, errPort := strconv.ParseUint(port, 16, 16)
	state, errState := strconv.ParseUint(fields[3], 16, 8)
	return Socket{netip.AddrPortFrom(a, uint16(n)), State(state)}, ok && errPort == nil && errState == nil
}

// address reads words of 32 bits in the order of the machine.
func address(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return a.Unmap(), ok
}
