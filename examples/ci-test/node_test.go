package node

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// The port is open while the node runs, and closed after it.
func TestNodeOpensItsPort(t *testing.T) {
	router := emulator.Start(t, emulator.Options{Version: 1})
	n := &Node{Port: 9000, Gateway: client.Options{Gateway: router.Location()}}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.Address(), netip.MustParseAddrPort("45.66.77.88:9000"); got != want {
		t.Errorf("others are told %v, want %v", got, want)
	}
	if got := router.Mappings(); len(got) != 1 || got[0].InternalPort != 9000 {
		t.Errorf("the router has %v", got)
	}
	if err := n.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := router.Mappings(); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

// In the memory network a home is a few lines, and a day passes in no time: testing/synctest makes the clock run ahead
// whenever everybody waits.
func TestNodeSurvivesAReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := emulator.NewNetwork()
		defer home.Close()
		lan := netip.MustParsePrefix("192.168.1.1/24")
		router := emulator.Start(t, emulator.Options{Net: home.Host("router", lan), LAN: lan.Addr(), SSDP: "multicast"})
		pc := home.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		pc.SetDefaultGateway(lan.Addr())

		n := &Node{Port: 9000, Gateway: client.Options{Net: pc}} // found by multicast, as at home
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		router.Reboot(emulator.Reboot{}) // forgets every mapping
		time.Sleep(24 * time.Hour)
		if got := router.Mappings(); len(got) != 1 {
			t.Errorf("a day after the reboot the router has %v", got)
		}
		if err := n.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
