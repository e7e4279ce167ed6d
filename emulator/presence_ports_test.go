package emulator

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPortsAfter(t *testing.T) {
	ranges := []PortRange{{10, 12}, {5, 5}}
	for last, want := range map[uint16][]uint16{
		0: {10, 11, 12, 5}, 10: {11, 12, 5}, 11: {12, 5, 10}, 5: {10, 11, 12}, 99: {10, 11, 12, 5},
	} {
		if diff := cmp.Diff(want, slices.Collect(portsAfter(ranges, last))); diff != "" {
			t.Errorf("after %d (-want +got)\n%s", last, diff)
		}
	}
	if got := slices.Collect(portsAfter([]PortRange{{65535, 65535}}, 0)); !slices.Equal(got, []uint16{65535}) {
		t.Errorf("the last port of all: %v", got)
	}
	if got := slices.Collect(portsAfter(nil, 80)); got != nil {
		t.Errorf("of none: %v", got)
	}
}

// A stack that takes the first free port of its own moves on at each start; what others hold it leaves out.
func TestHTTPPorts(t *testing.T) {
	n := NewNetwork()
	defer n.Close()
	h := n.Host("gateway", netip.MustParsePrefix("192.168.1.1/24"))
	taken, err := h.Listen(t.Context(), netip.MustParseAddrPort("192.168.1.1:49152"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := Options{Net: h, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "off"}
	o.Dialect.HTTP.Ports = []PortRange{{49152, 49154}}
	g := Start(t, o)
	var got []uint16
	for _, how := range []Reboot{{}, {}, {NewPorts: true}, {NewPorts: true}, {}, {NewPorts: true}} {
		got = append(got, g.now().http.Port())
		if err := g.Reboot(how); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]uint16{49153, 49153, 49153, 49154, 49153, 49153}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	o.Dialect.HTTP.Ports = []PortRange{{49152, 49152}}
	o.Name = "crowded"
	if port := Start(t, o).now().http.Port(); port == 49152 || port == 0 {
		t.Errorf("where none is free, it is at %d", port)
	}
	o.HTTPPort, o.Name = 8080, "told"
	if port := Start(t, o).now().http.Port(); port != 8080 {
		t.Errorf("told to be at 8080, it is at %d", port)
	}
	o.Dialect.HTTP.Ports = []PortRange{{0, 1}}
	if _, err := New(t.Context(), o); err == nil {
		t.Error("port 0 is no port")
	}
}
