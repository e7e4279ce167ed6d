package e2e

import (
	"strings"
	"testing"
)

// TestCrash kills an igdctl that keeps ports. The next one takes up what it wants of them and closes the rest; close --mine closes everything.
func TestCrash(t *testing.T) {
	inHouse(t, wiring{}, func(t *testing.T, h *house) {
		h.home = t.TempDir()
		h.serve(t, "tcp", 8080)
		if got := h.run(t, "upnpc", "-u", description, "-e", "other program", "-a", lanHost.String(), "9999", "9999", "tcp"); got.code != 0 {
			t.Fatal("upnpc -a failed")
		}
		crash := func() {
			t.Helper()
			r, _ := h.begin(t, command(t, "igdctl"), "open", "--keep", "8080/tcp", "4500:8080/tcp", "--json")
			r.until(t, "mapped")
			r.until(t, "mapped")
			h.open(t, "tcp", 8080)
			if got := h.igdctl(t, "close", "--mine"); got.code != 0 || got.stdout != "" || strings.Count(got.stderr, " stays: process ") != 2 {
				t.Error("close --mine does not leave to a running igdctl what it keeps")
			}
			r.crash(t)
			h.open(t, "tcp", 8080)
			h.open(t, "tcp", 4500)
		}

		crash()
		if got := h.igdctl(t, "list"); strings.Count(got.stdout, "(this computer)") != 3 {
			t.Error("list does not show what the crash left")
		}
		got := h.igdctl(t, "open", "8080/tcp")
		if got.code != 0 || strings.Count(got.stderr, " had left it open") != 1 || !strings.Contains(got.stderr, "4500/tcp is closed: process ") {
			t.Error("open does not close what the crash left")
		}
		h.open(t, "tcp", 8080)
		h.closed(t, "tcp", 4500)
		if got := h.igdctl(t, "close", "8080"); got.code != 0 { // or it would stay, as it was opened for longer
			t.Error("close does not close what was opened")
		}

		crash()
		if got := h.igdctl(t, "close", "--mine"); got.code != 0 || got.stdout != "8080/tcp is closed\n4500/tcp is closed\n" {
			t.Error("close --mine does not close what the crash left")
		}
		h.closed(t, "tcp", 8080)
		h.closed(t, "tcp", 4500)
		if left := h.entries(t); len(left) != 1 || !strings.Contains(left[0], "other program") {
			t.Errorf("left is %q, want what the other program opened", left)
		}
	})
}
