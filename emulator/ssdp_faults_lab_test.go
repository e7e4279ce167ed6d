package emulator

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// labFaults are those that a test in the lab asks for by name.
func labFaults(name string) []Fault {
	from := func(o Origin) []Fault { return []Fault{{On: onReply, Do: Deed{SendFrom: &o}}} }
	switch name {
	case "ssdp-src-port-ephemeral":
		return from(Origin{Port: PortChoice{Random: true}})
	case "ssdp-src-ip-not-gateway":
		return from(Origin{Address: netip.MustParseAddr("45.66.77.88")}) // the lab's WAN side
	case "foreign address":
		return from(Origin{Address: netip.MustParseAddr("192.168.1.77")})
	case "ssdp-multicast-dies":
		return []Fault{{On: onSearch, If: Condition{Via: viaMulticast}, Do: Deed{Drop: true}}}
	case "ssdp-reply-by-notify":
		return []Fault{{On: onSearch, Do: Deed{Drop: true, Then: []Then{{In: Span{Min: 50 * time.Millisecond, Max: 50 * time.Millisecond}, Action: Action{Announce: "alive"}}}}}}
	}
	return nil
}

// On real sockets of a whole network: where replies come from, and which searches are heard.
func TestLabSSDPFaults(t *testing.T) {
	const group, gateway = ssdp.GroupV4, "192.168.1.1:1900"
	tests := []struct {
		name, to string
		want     func(from netip.AddrPort) bool // nil: no reply
		notified bool
	}{
		{"none", group, func(from netip.AddrPort) bool { return from.String() == gateway }, false},
		{"ssdp-src-port-ephemeral", group, func(from netip.AddrPort) bool { return from.Addr() == labAddr() && from.Port() >= 49152 }, false},
		{"ssdp-src-ip-not-gateway", group, func(from netip.AddrPort) bool { return from.String() == "45.66.77.88:1900" }, false},
		{"foreign address", group, nil, false},
		{"ssdp-multicast-dies", group, nil, false},
		{"ssdp-multicast-dies", gateway, func(from netip.AddrPort) bool { return from.String() == gateway }, false},
		{"ssdp-reply-by-notify", group, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.to, func(t *testing.T) {
			labtest.Host(t, lab.Options{Spec: []byte(tt.name)}, func(t *testing.T) {
				heard, err := SystemNet().ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.10"), netip.MustParseAddrPort(group))
				if err != nil {
					t.Fatal(err)
				}
				defer heard.Close()
				c, err := SystemNet().ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.10:0"))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				b := ssdp.Search{Host: tt.to, ST: ssdp.RootDevice, MX: 1}.Append(nil)
				if _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(tt.to))); err != nil {
					t.Fatal(err)
				}
				if tt.notified {
					if m := nextMessage(t, heard, 5*time.Second, ssdp.Alive); m == nil {
						t.Error("nothing is announced")
					}
				}
				wait := 5 * time.Second
				if tt.want == nil {
					wait = 1200 * time.Millisecond // MX, and a little
				}
				c.SetReadDeadline(time.Now().Add(wait))
				n, from, err := c.ReadFrom(make([]byte, 2048))
				switch {
				case tt.want == nil && err == nil:
					t.Errorf("%d bytes from %v, want no reply", n, from)
				case tt.want != nil && err != nil:
					t.Errorf("no reply: %v", err)
				case tt.want != nil && !tt.want(from.(*net.UDPAddr).AddrPort()):
					t.Errorf("from %v", from)
				}
			})
		})
	}
}

// nextMessage is the next datagram of a kind, nil when none comes in time.
func nextMessage(t *testing.T, c net.PacketConn, within time.Duration, kind ssdp.Kind) *ssdp.Message {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, 2048)
	for {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			return nil
		}
		if m, err := ssdp.Parse(b[:n]); err == nil && m.Kind == kind {
			return m
		}
	}
}
