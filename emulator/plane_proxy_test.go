package emulator_test

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
)

// A mapping to a host on the Internet makes a proxy of the router: that host hears the router, and its answers come back through it.
func TestMappedToTheInternet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = "198.51.100.30"
		h := newHome(t, emulator.Options{Policy: emulator.Policy{Clients: emulator.ClientPolicy{Accept: "any"}}})
		victim := h.network.Internet("victim", netip.MustParseAddr(other))
		for _, protocol := range []string{"TCP", "UDP"} {
			if err := h.igd.AddPortMapping("", 8080, protocol, 9, other, true, "", 0); err != nil {
				t.Fatal(err)
			}
		}
		outer, inner := h.connect(listen(t, victim, other+":9"), external+":8080")
		if from := netip.MustParseAddrPort(inner.RemoteAddr().String()); from.Addr().String() != external {
			t.Errorf("a connection comes from %v", from)
		}
		if !crosses(t, outer, inner) || !crosses(t, inner, outer) {
			t.Error("bytes do not pass")
		}
		peer, behind := socket(t, h.peer, peerAddr+":5000"), socket(t, victim, other+":9")
		say(t, peer, external+":8080", "one")
		hear(t, behind, "one", external+":5000")
		say(t, behind, external+":5000", "two")
		hear(t, peer, "two", external+":8080")
		say(t, peer, external+":8080", "three")
		hear(t, behind, "three", external+":5000")
	})
}
