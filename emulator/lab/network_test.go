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

// A LAN of addresses that no host can have is refused here, and not by the kernel when it is half built.
func TestCheckLANs(t *testing.T) {
	for is, fine := range map[string]bool{
		"192.168.1.1/24": true, "10.0.0.1/30": true, "192.168.1.0/24": false, "192.168.1.255/24": false, "224.0.0.1/4": false, "127.0.0.1/8": false,
		"0.0.0.1/8": false, "10.0.0.1/31": false,
	} {
		n := lab.Network{Gateways: []lab.Gateway{{Name: "home", LAN: netip.MustParsePrefix(is)}}}
		if err := n.Check(); (err == nil) != fine {
			t.Errorf("%s: %v", is, err)
		}
	}
	for is, fine := range map[string]bool{"2001:db8::1/64": true, "fd00::1/64": true, "ff02::1/64": false, "fe80::2/64": false, "::1/64": false} {
		n := lab.Network{Gateways: []lab.Gateway{{Name: "home", LAN6: netip.MustParsePrefix(is)}}}
		if err := n.Check(); (err == nil) != fine {
			t.Errorf("%s: %v", is, err)
		}
	}
	for is, fine := range map[string]bool{"192.168.1.9": true, "192.168.1.255": false, "192.168.1.0": false, "10.0.0.9": false} {
		n := lab.Network{Gateways: []lab.Gateway{{Name: "home"}}, Hosts: []lab.Host{{Name: "host", Gateway: "home", Addr: netip.MustParseAddr(is)}}}
		if err := n.Check(); (err == nil) != fine {
			t.Errorf("host %s: %v", is, err)
		}
	}
}
