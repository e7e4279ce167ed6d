package node

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
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

// Real routers, by name: the node must get along with each.
func TestNodeMeetsRealRouters(t *testing.T) {
	for _, name := range []string{"mikrotik-routeros7", "add-lease-725", "soap-no-concurrency", "soap-fault-camelcase"} {
		t.Run(name, func(t *testing.T) {
			s, err := scenarios.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			router := emulator.Start(t, s.Options()[0])
			n := &Node{Port: 9000, Gateway: client.Options{Gateway: router.Location()}}
			if err := n.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := n.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
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
