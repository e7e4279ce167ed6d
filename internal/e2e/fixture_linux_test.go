package e2e

import "testing"

// TestHouse proves the house itself with a client that is not ours: what upnpc opens carries bytes, and what it closes does not.
func TestHouse(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		for _, protocol := range []string{"tcp", "udp"} {
			h.serve(t, protocol, 8080)
			h.closed(t, protocol, 8081)
			if got := h.run(t, "upnpc", "-u", description, "-a", lanHost.String(), "8080", "8081", protocol); got.code != 0 {
				t.Fatal("upnpc -a failed")
			}
			h.open(t, protocol, 8081)
			if got := h.run(t, "upnpc", "-u", description, "-d", "8081", protocol); got.code != 0 {
				t.Fatal("upnpc -d failed")
			}
			h.closed(t, protocol, 8081)
		}
	})
}
