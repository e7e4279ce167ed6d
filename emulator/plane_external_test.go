package emulator_test

import (
	"errors"
	"net/netip"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

func TestExternalAddressMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		for _, addr := range []string{"203.0.113.9", "", "203.0.113.10"} {
			a, _ := netip.ParseAddr(addr)
			if err := h.g.SetExternalIP(a); err != nil {
				t.Fatal(err)
			}
			if _, err := h.dial(external + ":8080"); !errors.Is(err, syscall.EHOSTUNREACH) {
				t.Errorf("the old address: %v", err)
			}
			if addr == "" {
				if reach := h.g.Mappings()[0].Reach; reach.IsValid() {
					t.Errorf("reach %v without an address", reach)
				}
				continue
			}
			if reach := h.g.Mappings()[0].Reach; reach.String() != addr+":8080" {
				t.Errorf("reach %v, want %s:8080", reach, addr)
			}
			h.connect(l, addr+":8080")
		}
	})
}

// The address may be one that the host has on a wire of the test's own, and stays there when it changes.
func TestExternalAddressOnAnotherWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Plane: emulator.Plane{Mode: emulator.PlaneOff}})
		h.g.Close()
		h.router.AddInterface("provider", prefix("100.64.0.2/16"))
		peer := h.network.Host("neighbour")
		peer.AddInterface("provider", prefix("100.64.0.3/16"))
		h.g = emulator.Start(t, emulator.Options{
			Net: h.router, LAN: netip.MustParseAddr("192.168.1.1"), Version: 1, SSDP: "off", HTTPPort: h.port(), ExternalIP: netip.MustParseAddr("100.64.0.2"),
		})
		h.peer = peer
		l := listen(t, h.nas, "192.168.1.10:80")
		h.nas.AddInterface("", prefix("192.168.2.10/24")) // must not matter
		h.add("TCP", 8080, 80, 0)
		h.connect(l, "100.64.0.2:8080")
		if err := h.g.SetExternalIP(netip.MustParseAddr("100.64.0.9")); err != nil {
			t.Fatal(err)
		}
		h.connect(l, "100.64.0.9:8080")
	})
}

func TestExternalAddressTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		other := h.network.Host("other", prefix("192.168.2.1/24"))
		g := emulator.Start(t, emulator.Options{Net: other, LAN: netip.MustParseAddr("192.168.2.1"), SSDP: "off"})
		var failed []string
		for _, e := range g.Journal() {
			if e.Kind == "forward.failed" {
				failed = append(failed, e.Name)
			}
		}
		if diff := cmp.Diff([]string{"external address 45.66.77.88: address already in use"}, failed); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// It is free again when its gateway has gone.
		h.g.Close()
		g.SetExternalIP(netip.Addr{})
		g.SetExternalIP(netip.MustParseAddr(external))
		if _, err := h.dial(external + ":80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v: nobody has the address", err)
		}
	})
}

// port is that of the gateway's HTTP.
func (h *home) port() uint16 {
	u, err := url.Parse(h.g.Location())
	if err != nil {
		h.t.Fatal(err)
	}
	return netip.MustParseAddrPort(u.Host).Port()
}
