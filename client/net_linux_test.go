package client

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tables of a machine with a cable, a wireless link and a VPN, as the kernel prints them on a little-endian machine.
func TestReadRoutes4(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the table in this test is that of a little-endian machine")
	}
	const text = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
tun0	00000000	0100080A	0003	0	0	50	00000080	0	0	0
tun0	00000000	00000000	0001	0	0	50	00000000	0	0	0
eth0	00000000	FE01A8C0	0003	0	0	20	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
eth0	00000000	0201A8C0	0203	0	0	100	00000000	0	0	0
eth0	garbage
`
	tests := map[string][]defaultRoute{
		"eth0":  {{netip.MustParseAddr("192.168.1.1"), 100}, {netip.MustParseAddr("192.168.1.254"), 20}},
		"wlan0": {{netip.MustParseAddr("192.168.1.1"), 600}},
		"tun0":  nil, // half of the Internet, and a route without a next hop
	}
	for ifi, want := range tests {
		got, err := readRoutes4(strings.NewReader(text), ifi)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(defaultRoute{}), cmp.Comparer(sameAddr)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", ifi, err, diff)
		}
	}
}

func TestReadRoutes6(t *testing.T) {
	const text = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0
20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000000000000000000000001 00000200 00000001 00000000 00000003     eth0
`
	got, err := readRoutes6(strings.NewReader(text), "eth0")
	want := []defaultRoute{{netip.MustParseAddr("fe80::1%eth0"), 0x400}, {netip.MustParseAddr("2001:db8::1"), 0x200}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(defaultRoute{}), cmp.Comparer(sameAddr)); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func sameAddr(a, b netip.Addr) bool { return a == b }
