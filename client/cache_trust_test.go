package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/statefile"
)

// A cache that somebody has written leads to no host that an answer to a search could not lead to.
func TestCacheIsNotTrusted(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		pc := &dialed{Host: newPC(n)}
		network := networkOf(must(t)(links(Options{Net: pc})))
		for _, location := range []string{
			"http://8.8.8.8:80/desc.xml", "http://169.254.169.254/latest/meta-data", "http://127.0.0.1:5000/desc.xml", "http://[::1]:5000/desc.xml",
			"http://router.local:5000/desc.xml", "https://192.168.1.1:5000/desc.xml", "file:///etc/passwd", "http://192.168.1.1:99999/", "", "%", "http://",
			"http://user@8.8.8.8/@192.168.1.1/", "http://0.0.0.0:5000/", "http://192.168.2.1:5000/desc.xml",
		} {
			o := Options{Net: pc, Cache: filepath.Join(t.TempDir(), "gateways.json")}
			row := remembered{UDN: "uuid:router", Location: location, Network: network, Chosen: time.Now()}
			if err := statefile.Change(t.Context(), o.cacheFile(), func([]remembered) ([]remembered, bool) { return []remembered{row}, true }); err != nil {
				t.Fatal(err)
			}
			pc.all = nil
			if _, err := Find(t.Context(), o); err != nil {
				t.Errorf("%q: %v", location, err)
			}
			if other := slices.DeleteFunc(pc.all, func(a string) bool { return strings.HasPrefix(a, "192.168.1.1:") }); len(other) > 0 {
				t.Errorf("%q led to %q", location, other)
			}
		}
	})
}

// What was learned is used from the first request on, until the gateway has other software.
func TestLearnedManner(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		model := "one"
		s.mux.HandleFunc("GET /desc.xml", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", model)
			fmt.Fprint(w, description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		})
		s.announce(s.url("/desc.xml"))
		p := &picky{
			accepts: func(head string, _ int) bool { return strings.Contains(head, " HTTP/1.0\r\n") },
			refusal: "HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n",
		}
		p.listen(t, s)
		o := Options{Net: newPC(n), Cache: filepath.Join(t.TempDir(), "gateways.json")}
		requests := func() int {
			before := len(p.heads)
			g, err := Find(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"soap-11-rejected"}, g.Quirks()); diff != "" {
				t.Errorf("quirks (-want +got)\n%s", diff)
			}
			return len(p.heads) - before
		}
		if cold, warm := requests(), requests(); cold != 4 || warm != 2 {
			t.Errorf("%d requests, then %d", cold, warm)
		}
		model = "two"
		if fresh, warm := requests(), requests(); fresh != 4 || warm != 2 {
			t.Errorf("with other software %d requests, then %d", fresh, warm)
		}
	})
}

// A pause between requests that was found is kept, for a week.
func TestLearnedSpacing(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		s.announce(s.url("/desc.xml"))
		p := &picky{accepts: func(_ string, nth int) bool { return nth != 3 }}
		p.listen(t, s)
		o := Options{Net: newPC(n), Cache: filepath.Join(t.TempDir(), "gateways.json")}
		g, err := Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.ExternalIP(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ after, gap time.Duration }{{0, firstSpacing}, {8 * 24 * time.Hour, 0}} {
			time.Sleep(tt.after)
			if _, err := Find(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			last := len(p.at) - 1
			if gap := p.at[last].Sub(p.at[last-1]); gap != tt.gap {
				t.Errorf("%v later: %v between requests, want %v", tt.after, gap, tt.gap)
			}
		}
	})
}

// Many short runs find that a pause is not needed any more, or is, as one long one does.
func TestSpacingNarrowsOverRuns(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "http://192.168.1.1:6000/ctl"))
		s.announce(s.url("/desc.xml"))
		strict := false // it hangs up on what comes sooner than 200 ms after the one before
		p := &picky{}
		p.accepts = func(_ string, nth int) bool {
			return nth != 3 && !(strict && nth > 1 && p.at[nth-1].Sub(p.at[nth-2]) < 200*time.Millisecond)
		}
		p.listen(t, s)
		o := Options{Net: newPC(n), Cache: filepath.Join(t.TempDir(), "gateways.json")}
		// run finds the gateway, which is two requests, and makes so many more.
		run := func(more int) *Gateway {
			t.Helper()
			time.Sleep(time.Minute)
			g, err := Find(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for range more {
				if _, err := g.ExternalIP(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			return g
		}
		run(1)
		runs := 0
		for ; run(0).dialogue.spacing.Distance > 0 && runs < 100; runs++ {
		}
		if want := narrowAfter/2 - 1; runs != want {
			t.Errorf("%d runs with a pause after the one that lost a request, want %d", runs, want)
		}
		strict = true
		lost := func(runs int) int {
			before := len(p.at)
			for range runs {
				run(5)
			}
			return len(p.at) - before - 7*runs
		}
		got := []int{lost(15), lost(60), lost(150)}
		if diff := cmp.Diff([]int{2, 2, 2}, got); diff != "" {
			t.Errorf("requests that were lost in 15, 60 and 150 runs (-want +got)\n%s", diff)
		}
	})
}

// What somebody has written there makes nobody wait longer than a gateway could.
func TestRememberedSpacingIsNotTrusted(t *testing.T) {
	for _, s := range []spacing{
		{Distance: time.Hour, Widest: time.Hour, Answers: 1 << 40, Tries: 100, Grown: time.Now()},
		{Distance: -time.Hour, Widest: -time.Hour, Answers: -1 << 40, Tries: -100, Grown: time.Now()},
		{Distance: time.Second, Grown: time.Now().Add(spacingLasts)},
	} {
		got := s.remembered()
		if got.Distance < 0 || got.Distance > maxSpacing || got.Widest < 0 || got.Widest > maxSpacing || got.Tries < 0 || got.Tries > maxNarrowTries {
			t.Errorf("%+v is believed as %+v", s, got)
		}
		got.widen()
		for range narrowAfter << maxNarrowTries {
			got.narrow()
		}
		if got.Distance >= maxSpacing {
			t.Errorf("%+v does not narrow: %+v", s, got)
		}
	}
}

// The cache holds so many gateways, the last ones chosen.
func TestCacheIsCapped(t *testing.T) {
	o := Options{Cache: filepath.Join(t.TempDir(), "gateways.json")}
	for i := range maxRemembered + 8 {
		g := &Gateway{Location: fmt.Sprintf("http://192.168.%d.1:5000/", i), Root: new(goupnp.RootDevice), options: o, network: "home"}
		g.remember(t.Context())
	}
	all := o.remembers(t.Context())
	if len(all) != maxRemembered || all[0].host() != netip.MustParseAddr("192.168.39.1") {
		t.Errorf("%d rows, the first %v", len(all), all[0].Location)
	}
	if info, err := os.Stat(o.Cache); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

type dialed struct {
	*emulator.Host
	mu  sync.Mutex
	all []string
}

func (d *dialed) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	d.mu.Lock()
	d.all = append(d.all, address)
	d.mu.Unlock()
	return d.Host.Dial(ctx, network, local, address)
}

func must(t *testing.T) func([]link, []*InterfaceError) []link {
	return func(all []link, broken []*InterfaceError) []link {
		if len(broken) > 0 {
			t.Fatal(broken[0])
		}
		return all
	}
}
