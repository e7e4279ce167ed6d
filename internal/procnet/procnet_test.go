package procnet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// line is a row as the kernel writes it: the address in words of the machine's order.
func line(s Socket) string {
	b := s.Local.Addr().AsSlice()
	var words strings.Builder
	for i := 0; i < len(b); i += 4 {
		fmt.Fprintf(&words, "%08X", binary.NativeEndian.Uint32(b[i:]))
	}
	return fmt.Sprintf("   0: %s:%04X 00000000:0000 %02X 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n",
		words.String(), s.Local.Port(), s.State)
}

func TestSockets(t *testing.T) {
	at := netip.MustParseAddrPort
	for _, s := range []Socket{
		{at("0.0.0.0:8080"), Listen}, {at("192.168.1.10:80"), Listen}, {at("127.0.0.1:65535"), 1}, {at("[::]:1"), Listen},
		{at("[::1]:8080"), Listen}, {at("[2001:db8::12:34]:4500"), Unconnected}, {at("0.0.0.0:0"), Unconnected},
	} {
		got := slices.Collect(Sockets(strings.NewReader(header + line(s) + line(Socket{at("10.8.0.2:22"), Listen}))))
		if want := []Socket{s, {at("10.8.0.2:22"), Listen}}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	mapped := Socket{at("[::ffff:192.168.1.10]:80"), Listen}
	for got := range Sockets(strings.NewReader(line(mapped))) {
		if want := at("192.168.1.10:80"); got.Local != want {
			t.Errorf("%v, want %v", got.Local, want)
		}
	}
	for _, none := range []string{
		"", header, "0: zz:1F90 x 0A", "0: 0000:1F90 x 0A", "0: 00000000 x 0A", "0: 00000000: x 0A", "0: 00000000:1F90A x 0A",
		"0: 00000000:1F90 x 10A", "0: 00000000:1F90 x", "0: 000000000000:1F90 x 0A", "0: :1F90 x 0A",
	} {
		for got := range Sockets(strings.NewReader(none + "\n")) {
			t.Errorf("%q is read as %v", none, got)
		}
	}
	// Whoever has found what it wants reads no further.
	for range Sockets(strings.NewReader(strings.Repeat(line(mapped), 2))) {
		break
	}
}

// What is read as a row is what that row says, and nothing else is wrong with any table.
func FuzzSockets(f *testing.F) {
	f.Add(header + line(Socket{netip.MustParseAddrPort("127.0.0.1:8080"), Listen}))
	f.Add(line(Socket{netip.MustParseAddrPort("[::1]:53"), Unconnected}) + "0: zz:1F90 x 0A\n")
	f.Fuzz(func(t *testing.T, table string) {
		for s := range Sockets(strings.NewReader(table)) {
			again := slices.Collect(Sockets(strings.NewReader(line(s))))
			if !slices.Equal(again, []Socket{s}) {
				t.Fatalf("%v is read back as %v", s, again)
			}
		}
	})
}
