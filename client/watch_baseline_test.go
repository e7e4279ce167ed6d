package client_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// A gateway that was remembered, or named by its URL, has not answered a search, so nobody knows the BOOTID that it had. A restart that shows by
// nothing else is noticed all the same, from the first moments on.
func TestRestartOfRememberedGateway(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(o *client.Options, location string)
		asked  int // datagrams, before the first restart
	}{
		"searched":       {func(o *client.Options, _ string) { o.Cache = "" }, 10},
		"remembered":     {func(*client.Options, string) {}, 3},
		"named by a URL": {func(o *client.Options, location string) { o.Cache, o.Gateway = "", location }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				o := client.Options{Net: h.pc, Cache: filepath.Join(t.TempDir(), "gateways.json"), Listen: true}
				g, err := client.Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Minute)
				tt.change(&o, g.Location)
				before := h.searches()
				after := observed(t, o, time.Hour)
				after(time.Second)
				if n := h.searches() - before; n > tt.asked {
					t.Errorf("it was searched by %d datagrams", n)
				}
				for _, pause := range []time.Duration{2 * time.Second, 30 * time.Second} {
					after(pause)
					if err := h.Reboot(emulator.Reboot{ByeBye: new(false)}); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff([]string{"gateway rebooted 192.168.1.1 Connected 45.66.77.88"}, after(time.Second)); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
				}
			})
		})
	}
}

// searches is how many M-SEARCH have come.
func (h *home) searches() (n int) {
	for _, e := range h.Journal() {
		if e.Kind == "ssdp.search" {
			n++
		}
	}
	return n
}

// A gateway that answers no search has none waiting: what is closed at once ends at once.
func TestNobodyWaitsForABaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1, Faults: []emulator.Fault{{On: "ssdp.search", Do: emulator.Deed{Drop: true}}}})
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8000}, client.Options{Net: h.pc, Gateway: h.Location(), Listen: true})
		if err != nil {
			t.Fatal(err)
		}
		m.Keep(t.Context())
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		if err := m.Close(t.Context()); err != nil || time.Since(began) > 0 {
			t.Errorf("it took %v, %v", time.Since(began), err)
		}
	})
}
