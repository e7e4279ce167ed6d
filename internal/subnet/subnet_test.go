package subnet_test

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/internal/subnet"
)

func TestUnicast(t *testing.T) {
	for is, want := range map[string]bool{
		"192.168.1.1": true, "1.0.0.0": true, "126.255.255.255": true, "128.0.0.1": true, "223.255.255.255": true, "169.254.0.1": true,
		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.255.255.255": false, "224.0.0.1": false, "240.0.0.1": false,
		"255.255.255.255": false, "::1": false, "2001:db8::1": false, "::ffff:192.168.1.1": false,
	} {
		if got := subnet.Unicast(netip.MustParseAddr(is)); got != want {
			t.Errorf("%s: %v", is, got)
		}
	}
	if subnet.Unicast(netip.Addr{}) {
		t.Error("no address is one")
	}
}

func TestUsable(t *testing.T) {
	for is, want := range map[string]bool{
		"192.168.1.1/24": true, "10.0.0.0/8": true, "10.0.0.0/30": true, "128.0.0.0/2": true, "100.64.0.0/10": true,
		"10.0.0.0/31": false, "10.0.0.1/32": false, "0.0.0.0/0": false, "0.0.0.0/8": false, "127.0.0.0/8": false, "127.8.0.0/16": false,
		"64.0.0.0/2": false, "192.0.0.0/2": false, "224.0.0.0/4": false, "240.0.0.0/8": false, "2001:db8::/64": false, "::ffff:10.0.0.0/120": false,
	} {
		if got := subnet.Usable(netip.MustParsePrefix(is)); got != want {
			t.Errorf("%s: %v", is, got)
		}
	}
	if subnet.Usable(netip.Prefix{}) {
		t.Error("no prefix is one")
	}
}

func TestHas(t *testing.T) {
	p := netip.MustParsePrefix("10.0.0.0/30")
	for is, want := range map[string]bool{"9.255.255.255": false, "10.0.0.0": false, "10.0.0.1": true, "10.0.0.2": true, "10.0.0.3": false, "10.0.0.4": false} {
		if got := subnet.Has(p, netip.MustParseAddr(is)); got != want {
			t.Errorf("%s: %v", is, got)
		}
	}
}
