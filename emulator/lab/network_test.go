package lab_test

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
)

// An external address may be any but another's, of the network of the Internet's hosts as well.
func TestCheckAddresses(t *testing.T) {
	for _, c := range []struct {
		wan, host string
		fine      bool
	}{
		{"198.51.100.9", "198.51.100.10", true},
		{"198.51.100.9", "198.51.100.9", false},
		{"45.66.77.88", "45.66.77.88", false},
		{"198.51.100.1", "198.51.100.10", false}, // STUN
		{"198.51.100.254", "198.51.100.10", false},
	} {
		n := lab.Network{
			Gateways: []lab.Gateway{{Name: "home", WAN: netip.MustParseAddr(c.wan)}, {Name: "inner", Upstream: "home", LAN: netip.MustParsePrefix("10.0.0.1/24")}},
			Hosts:    []lab.Host{{Name: "host", Addr: netip.MustParseAddr(c.host)}},
		}
		if err := n.Check(); (err == nil) != c.fine {
			t.Errorf("gateway %s, host %s: %v", c.wan, c.host, err)
		}
		n.Gateways[1].WAN = netip.MustParseAddr("192.168.1.1")
		if n.Check() == nil {
			t.Error("a gateway may have the address of the one that it is behind")
		}
	}
}
