package main

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

func TestListens(t *testing.T) {
	own := netip.MustParseAddr("192.168.1.10")
	// As /proc/net writes it: words in the order of the machine.
	word := func(a string) string {
		b := netip.MustParseAddr(a).AsSlice()
		var s strings.Builder
		for i := 0; i < len(b); i += 4 {
			var w [4]byte
			binary.NativeEndian.PutUint32(w[:], binary.BigEndian.Uint32(b[i:]))
			for _, x := range w {
				s.WriteString(strings.ToUpper(string("0123456789abcdef"[x>>4]) + string("0123456789abcdef"[x&15])))
			}
		}
		return s.String()
	}
	const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	line := func(addr, port, state string) string {
		return "   0: " + word(addr) + ":" + port + " 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
	}
	for _, tt := range []struct {
		name  string
		table string
		want  listener
	}{
		{"empty", "", nobody},
		{"nothing but a header", header, nobody},
		{"everywhere", header + line("0.0.0.0", "1F90", "0A"), somebody},
		{"on our address", header + line("192.168.1.10", "1F90", "0A"), somebody},
		{"on another address", header + line("10.8.0.2", "1F90", "0A"), onlyOthers},
		{"on another address and loopback", header + line("10.8.0.2", "1F90", "0A") + line("127.0.0.1", "1F90", "0A"), onlyOthers},
		{"on loopback", header + line("127.0.0.1", "1F90", "0A"), onlyItself},
		{"on loopback and ours", header + line("127.0.0.1", "1F90", "0A") + line("192.168.1.10", "1F90", "0A"), somebody},
		{"on IPv6, which takes IPv4 too", header + line("::", "1F90", "0A"), somebody},
		{"on IPv6 loopback", header + line("::1", "1F90", "0A"), onlyItself},
		{"our address written as IPv6", header + line("::ffff:192.168.1.10", "1F90", "0A"), somebody},
		{"another port", header + line("0.0.0.0", "1F91", "0A"), nobody},
		{"connected, not listening", header + line("192.168.1.10", "1F90", "01"), nobody},
		{"datagrams", header + line("0.0.0.0", "1F90", "07"), somebody},
		{"garbage", "0: zz:1F90 x 0A\n1: 0000:1F90 x 0A\n2: 00000000 x 0A\n", nobody},
	} {
		if got := judge(waiting(strings.NewReader(tt.table), 8080), own); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// listenAlone listens on a TCP port of 127.0.0.1 whose number no UDP socket has. It is below those that the kernel gives to sockets that ask for any
// (32768 and up, unless somebody has changed that), so that none gets it meanwhile.
func listenAlone(t *testing.T) net.Listener {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(10000 + rand.IntN(22000))
		u, err := net.ListenPacket("udp", ":"+port)
		if err != nil {
			continue
		}
		u.Close()
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return l
		}
	}
	t.Fatal("every port is taken")
	return nil
}

// The tables of this machine are read as they are.
func TestListensHere(t *testing.T) {
	l := listenAlone(t)
	u, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	both, err := net.Listen("tcp", ":0") // IPv6, which takes IPv4 too
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	tcp := uint16(l.Addr().(*net.TCPAddr).Port)
	udp := uint16(u.LocalAddr().(*net.UDPAddr).Port)
	ours, loopback := netip.MustParseAddr("192.168.1.10"), netip.MustParseAddr("127.0.0.1")
	for _, tt := range []struct {
		protocol string
		at       netip.AddrPort
		want     listener
	}{
		{"TCP", netip.AddrPortFrom(loopback, tcp), somebody},
		{"TCP", netip.AddrPortFrom(ours, tcp), onlyItself},
		{"UDP", netip.AddrPortFrom(ours, udp), somebody},
		{"UDP", netip.AddrPortFrom(loopback, udp), somebody},
		{"UDP", netip.AddrPortFrom(loopback, tcp), nobody},
		{"TCP", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), tcp), onlyItself},
		{"TCP", netip.AddrPortFrom(loopback, uint16(both.Addr().(*net.TCPAddr).Port)), somebody},
		{"TCP", netip.AddrPortFrom(loopback, uint16(out.LocalAddr().(*net.TCPAddr).Port)), nobody},
	} {
		if got, _ := listens(t.Context(), tt.protocol, tt.at); got != tt.want {
			t.Errorf("%s %s: %v, want %v", tt.protocol, tt.at, got, tt.want)
		}
		// Both ways of asking, because a sandbox may close one of them.
		for name, ask := range map[string]func(string, uint16) ([]netip.Addr, error){"sock_diag": diagnosed, "/proc": listed} {
			bound, err := ask(tt.protocol, tt.at.Port())
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got := judge(bound, tt.at.Addr()); got != tt.want {
				t.Errorf("%s: %s %s: %v, want %v", name, tt.protocol, tt.at, got, tt.want)
			}
		}
	}
	l.Close()
	if got, _ := listens(t.Context(), "TCP", netip.AddrPortFrom(loopback, tcp)); got != nobody {
		t.Errorf("after the listener closed: %v, want nobody", got)
	}
}
