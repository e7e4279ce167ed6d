package client_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// wire keeps the exchanges of a trace, by their names.
type wire struct {
	mu   sync.Mutex
	sent []string
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m := regexp.MustCompile(`(?m)^> (M-SEARCH|GET|M-POST|POST) `).FindSubmatch(b); m != nil {
		name := string(m[1])
		if a := regexp.MustCompile(`(?mi)^> SOAPAction: "[^"#]*#(\w+)"`).FindSubmatch(b); a != nil {
			name = string(a[1])
		}
		w.sent = append(w.sent, name)
	}
	return len(b), nil
}

// took gives the exchanges so far, and how many searches were among them.
func (w *wire) took() (exchanges []string, searches int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range w.sent {
		if name == "M-SEARCH" {
			searches++
		} else {
			exchanges = append(exchanges, name)
		}
	}
	return exchanges, searches
}

// cached are options with a cache whose warnings fail the test.
func cached(t *testing.T, h *home, path string) (client.Options, *wire) {
	w := new(wire)
	return client.Options{Net: h.pc, Cache: path, Trace: w, Warn: func(err error) { t.Errorf("warned: %v", err) }}, w
}

// A warm open costs these exchanges, and nothing else: no search, and no socket for one.
func TestWarmOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "igdkit", "gateways.json")
		o, cold := cached(t, h, path)
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 8000}, o); err != nil {
			t.Fatal(err)
		}
		want := []string{"GET", "GetStatusInfo", "GetExternalIPAddress", "GetSpecificPortMappingEntry", "AddPortMapping", "GetSpecificPortMappingEntry"}
		exchanges, searches := cold.took()
		if diff := cmp.Diff(want, exchanges); diff != "" || searches == 0 {
			t.Errorf("cold: %d searches and (-want +got)\n%s", searches, diff)
		}
		before, _ := os.ReadFile(path)

		o, warm := cached(t, h, path)
		pc := &sockets{Host: h.pc}
		o.Net = pc
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 8001}, o); err != nil {
			t.Fatal(err)
		}
		exchanges, searches = warm.took()
		if diff := cmp.Diff(want, exchanges); diff != "" || searches > 0 || pc.opened.Load() > 0 {
			t.Errorf("warm: %d searches, %d sockets and (-want +got)\n%s", searches, pc.opened.Load(), diff)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("nothing was new, and it was written:\n%s\n%s", before, after)
		}
	})
}

// sockets counts those that are opened for datagrams.
type sockets struct {
	*emulator.Host
	opened atomic.Int32
}

func (s *sockets) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	s.opened.Add(1)
	return s.Host.ListenPacket(ctx, local)
}

// A gateway behind a provider's translator, or without an address that counts as public, is as warm as any other: a whole search has chosen it.
func TestWarmWithoutPublicAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		if err := h.SetExternalIP(netip.MustParseAddr("100.64.7.7")); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "gateways.json")
		for _, takes := range []time.Duration{100 * time.Millisecond, 0} {
			began := time.Now()
			o, _ := cached(t, h, path)
			if _, err := client.Find(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != takes {
				t.Errorf("took %v, want %v", took, takes)
			}
		}
	})
}

// What is stale costs one connection that fails, or a tenth of a second when nothing answers there, and is replaced.
func TestStaleCache(t *testing.T) {
	for name, tt := range map[string]struct {
		happens func(*testing.T, *home)
		within  time.Duration
	}{
		"it has moved to another port": {func(t *testing.T, h *home) {
			if err := h.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
				t.Fatal(err)
			}
		}, 0},
		"its host is gone and another answers": {func(t *testing.T, h *home) {
			h.router.Blackhole(true)
			other := h.net.Host("other", netip.MustParsePrefix("192.168.1.2/24"))
			emulator.Start(t, emulator.Options{Net: other, LAN: netip.MustParseAddr("192.168.1.2"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.89")})
			h.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.2"))
		}, 200 * time.Millisecond},
		"its host hangs and the default route is another's": {func(t *testing.T, h *home) {
			h.router.Blackhole(true)
			other := h.net.Host("other", netip.MustParsePrefix("192.168.1.2/24"))
			emulator.Start(t, emulator.Options{Net: other, LAN: netip.MustParseAddr("192.168.1.2"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.89")})
		}, 300 * time.Millisecond},
		"it is not connected any more, and another is": {func(t *testing.T, h *home) {
			if err := h.SetConnectionStatus("Disconnected"); err != nil {
				t.Fatal(err)
			}
			other := h.net.Host("other", netip.MustParsePrefix("192.168.1.2/24"))
			emulator.Start(t, emulator.Options{Net: other, LAN: netip.MustParseAddr("192.168.1.2"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.89")})
		}, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				path := filepath.Join(t.TempDir(), "gateways.json")
				o, _ := cached(t, h, path)
				old, err := client.Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				tt.happens(t, h)
				began := time.Now()
				g, err := client.Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); g.Location == old.Location || !g.Connected || took > tt.within {
					t.Errorf("%s after %v, connected %v; it was %s", g.Location, took, g.Connected, old.Location)
				}
				o, again := cached(t, h, path)
				if warm, err := client.Find(t.Context(), o); err != nil || warm.Location != g.Location {
					t.Errorf("then %v, %v", warm, err)
				}
				if _, searches := again.took(); searches > 0 {
					t.Errorf("%d searches after that", searches)
				}
			})
		})
	}
}

// A gateway that does not answer any more is searched, not recalled.
func TestStaleGatewayIsNotRecalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		o, w := cached(t, h, filepath.Join(t.TempDir(), "gateways.json"))
		c := client.New(o)
		if _, err := c.Gateway(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, before := w.took()
		if err := h.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Map(t.Context(), client.Request{InternalPort: 8000}); err != nil {
			t.Fatal(err)
		}
		if _, after := w.took(); after == before {
			t.Error("no search")
		}
	})
}

// In another network the gateway of the first one is not asked; a file that cannot be read is set aside, and disturbs nobody.
func TestCacheElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "gateways.json")
		o, _ := cached(t, h, path)
		if _, err := client.Find(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		n := emulator.NewNetwork()
		defer n.Close()
		cafe := n.Host("cafe", netip.MustParsePrefix("10.0.0.5/24"))
		o.Net = cafe
		dialed := &dials{Host: cafe}
		o.Net = dialed
		if _, err := client.Find(t.Context(), o); err == nil || len(dialed.all) > 0 {
			t.Errorf("found %v, dialed %v", err, dialed.all)
		}

		if err := os.WriteFile(path, []byte("{{{"), 0o600); err != nil {
			t.Fatal(err)
		}
		var warnings []string
		o = client.Options{Net: h.pc, Cache: path, Warn: func(err error) { warnings = append(warnings, err.Error()) }}
		if _, err := client.Find(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "it is now "+path+".corrupt") {
			t.Errorf("warnings %q", warnings)
		}
		o.Cache = filepath.Join(path, "no", "directory")
		if _, err := client.Find(t.Context(), o); err != nil || len(warnings) < 2 {
			t.Errorf("with a cache that cannot be written: %v, %q", err, warnings)
		}
	})
}

// dials are the addresses that a host was asked to connect to.
type dials struct {
	*emulator.Host
	mu  sync.Mutex
	all []string
}

func (d *dials) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	d.mu.Lock()
	d.all = append(d.all, address)
	d.mu.Unlock()
	return d.Host.Dial(ctx, network, local, address)
}
