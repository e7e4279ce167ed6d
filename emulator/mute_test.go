package emulator_test

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// A gateway that is mute is found by nobody and serves nothing, also after a reboot, but carries.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
		g := emulator.Start(t, emulator.Options{
			Net: n.Host("router", netip.MustParsePrefix("192.168.1.1/24")), LAN: netip.MustParseAddr("192.168.1.1"), HTTPPort: 5000, Mute: true,
			Plane: emulator.Plane{NAT: &nat.Behaviour{}},
		})
		if g.Location() != "" || g.SSDP().IsValid() {
			t.Errorf("it says that it is at %q and answers searches at %v", g.Location(), g.SSDP())
		}
		server := listenPacket(t, n.Internet("server", netip.MustParseAddr("198.51.100.20")), "198.51.100.20:53")
		c := listenPacket(t, pc, "192.168.1.10:4000")
		for range 2 {
			if _, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, "192.168.1.1:5000"); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("its HTTP port: %v", err)
			}
			send(t, c, "198.51.100.20:53", "out")
			if got := received(t, server); len(got) != 1 || got[0] != "out from "+external+":4000" {
				t.Errorf("the server heard %q", got)
			}
			if err := g.Reboot(emulator.Reboot{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
