package scenarios_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// ssdp-other-subnet-ignored: miniupnpd answers who is "from a LAN", and nobody behind another router, although it would map their ports.
func TestOtherSubnetIgnored(t *testing.T) {
	for use, wanted := range map[string]int{"igd1": 1, "ssdp-other-subnet-ignored": 0} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := emulator.NewNetwork()
				t.Cleanup(func() { n.Close() })
				lan := netip.MustParsePrefix("192.168.1.1/24")
				o := load(t, use).Options()[0]
				o.Net, o.LAN, o.SSDP = n.Host("router", lan, netip.MustParsePrefix("192.168.2.1/24")), lan.Addr(), "multicast"
				o.Clients = []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}
				emulator.Start(t, o)
				for _, client := range []struct {
					addr, gateway string
					want          int
				}{{"192.168.1.10", "192.168.1.1", 1}, {"192.168.2.10", "192.168.2.1", wanted}} {
					addr := netip.MustParseAddr(client.addr)
					h := n.Host(client.addr, netip.PrefixFrom(addr, 24))
					h.SetDefaultGateway(netip.MustParseAddr(client.gateway))
					c, err := h.ListenPacket(t.Context(), netip.AddrPortFrom(addr, 0))
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					if _, err := c.WriteTo([]byte(mSearch(gateway)), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(router))); err != nil {
						t.Fatal(err)
					}
					if got := len(listen(c, time.Second)); got != client.want {
						t.Errorf("%d replies to %s, want %d", got, client.addr, client.want)
					}
				}
			})
		})
	}
}
