package emulator_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
)

// A network that goes before its gateway is no failure of the gateway.
func TestNetworkClosedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		lan := netip.MustParsePrefix("192.168.1.1/24")
		g, err := emulator.New(t.Context(), emulator.Options{Net: n.Host("router", lan), LAN: lan.Addr(), SSDP: "multicast"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n.Close()
		synctest.Wait()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		for _, e := range g.Journal() {
			if strings.HasSuffix(e.Kind, ".failed") {
				t.Errorf("the journal tells of %v", e)
			}
		}
	})
}
