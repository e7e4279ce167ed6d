package e2e

import (
	"net/netip"
	"testing"

	"github.com/igdkit/igdkit/internal/netns"
)

// TestDoctorVPN: a VPN that takes the whole Internet by its halves, as OpenVPN's "def1" does, beside the default route to the gateway, which stays. A port
// that the gateway opens is not reached then, and doctor says so; with the VPN beside the way it is reached, and doctor says that.
func TestDoctorVPN(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		server := netip.MustParseAddr("10.8.0.1")
		h.wire(t, end(h.wan, "vpn0", server), end(h.lan, "wg0", netip.MustParseAddr("10.8.0.2")))
		h.serve(t, "tcp", 8080)
		if got := h.igdctl(t, "open", "8080"); got.code != 0 {
			t.Fatal("igdctl open failed")
		}
		look := func() (problem, verdict string) {
			var f firewalled
			h.igdctl(t, "doctor", "--json", "--read-only", "8080").decode(t, &f)
			return f.check("network").problem, f.Verdict
		}
		h.open(t, "tcp", 8080)
		if problem, verdict := look(); problem == "vpn route" || verdict == "other_way" {
			t.Errorf("with the VPN beside the way: network %q, verdict %q", problem, verdict)
		}
		for _, half := range []string{"0.0.0.0/1", "128.0.0.0/1"} {
			if err := h.lan.Apply(netns.Route{To: netip.MustParsePrefix(half), Via: server, Interface: "wg0"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.exchange("tcp", 8080); err == nil {
			t.Error("the port is reached through the VPN: this test shows nothing")
		}
		if problem, verdict := look(); problem != "vpn route" || verdict != "other_way" {
			t.Errorf("with the VPN in the way: network %q, verdict %q", problem, verdict)
		}
	})
}
