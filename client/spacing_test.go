package client

import (
	"context"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// A caller who waits no longer, and a gateway that was off, slow nobody down: neither now nor when the gateway is found by the cache.
func TestSpacingIsForTheGatewayOnly(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, host *emulator.Host, o Options){
		"impatient": func(t *testing.T, _ *emulator.Host, o Options) {
			g, err := Find(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			for range 20 { // some of them have the turn all the same
				if _, err := g.Status(ctx); err == nil {
					t.Error("answered")
				}
			}
		},
		"off": func(t *testing.T, host *emulator.Host, o Options) {
			m := New(o).Keep(t.Context(), Request{InternalPort: 8080, CheckInterval: time.Minute})
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer m.Close(context.Background())
			time.Sleep(10 * time.Minute)
			host.Blackhole(true)
			time.Sleep(4 * time.Minute)
			host.Blackhole(false)
			time.Sleep(10 * time.Minute)
			if len(m.Entries()) != 1 {
				t.Errorf("open is %v, %v", m.Entries(), m.Err())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				host := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
				pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
				pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
				emulator.Start(t, emulator.Options{Net: host, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.88")})
				o := Options{Net: pc, Cache: filepath.Join(t.TempDir(), "gateways.json")}
				test(t, host, o)
				synctest.Wait()
				began := time.Now()
				g, err := Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				for range 5 {
					if _, err := g.Status(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if took := time.Since(began); took > 100*time.Millisecond || g.dialogue.spacing.Distance > 0 {
					t.Errorf("found and asked in %v, %v between two requests", took, g.dialogue.spacing.Distance)
				}
			})
		})
	}
}

// The distance between requests becomes less after answers in a row. Where that is wrong it is tried less and less often.
func TestSpacingNarrows(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		strict := false // from then on it hangs up on what comes sooner than 200 ms after the one before
		p := &picky{}
		p.accepts = func(_ string, nth int) bool {
			return nth != 4 && !(strict && nth > 1 && p.at[nth-1].Sub(p.at[nth-2]) < 200*time.Millisecond)
		}
		p.listen(t, s)
		g, err := Find(t.Context(), Options{Net: newPC(n), Gateway: s.url("/desc.xml")})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(times int) {
			t.Helper()
			for range times {
				if _, err := g.ExternalIP(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		ask(2) // 3; 4, and again
		if d := g.dialogue.spacing.Distance; d != firstSpacing {
			t.Fatalf("%v between two requests", d)
		}
		ask(narrowAfter)
		if d := g.dialogue.spacing.Distance; d != 0 {
			t.Errorf("after %d answers %v between two requests", narrowAfter, d)
		}
		strict = true
		lost := func(answers int) int {
			before := len(p.at)
			ask(answers)
			return len(p.at) - before - answers
		}
		got := []int{lost(100), lost(400), lost(1000)}
		if diff := cmp.Diff([]int{3, 2, 1}, got); diff != "" {
			t.Errorf("requests that were lost among 100, 400 and 1000 (-want +got)\n%s", diff)
		}
	})
}
