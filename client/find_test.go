package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

func TestFindAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		start := time.Now()
		g, err := Find(t.Context(), Options{Net: newPC(n)})
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v on a network without delay", d)
		}
		type view struct {
			Location, Interface, Server, Type, Control string
			Local, Responder, External                 netip.Addr
			Default, Connected                         bool
			Uptime                                     time.Duration
			Verdict                                    AddressVerdict
			Quirks                                     []string
		}
		got := view{g.Location, g.Interface, g.Server, g.Service.Type, g.Service.ControlURL, g.Local, g.Responder, g.External,
			g.DefaultRoute, g.Connected, g.Uptime, g.Verdict(), g.Quirks()}
		want := view{
			Location: "http://192.168.1.1:5000/desc.xml", Interface: "eth0", Server: "stub",
			Type: "urn:schemas-upnp-org:service:WANIPConnection:1", Control: "http://192.168.1.1:5000/ctl",
			Local: netip.MustParseAddr("192.168.1.10"), Responder: netip.MustParseAddr("192.168.1.1"), External: netip.MustParseAddr("45.66.77.88"),
			Default: true, Connected: true, Uptime: 77 * time.Second, Verdict: Public, Quirks: []string{},
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// How long Find takes is its contract: at once, after the grace, or when the search is over.
func TestFindTakes(t *testing.T) {
	tests := []struct {
		name  string
		build func(t *testing.T, n *emulator.Network)
		want  string // host of the chosen one
		takes time.Duration
	}{
		{"private address", func(t *testing.T, n *emulator.Network) {
			newStub(t, n, "router", "192.168.1.1/24").gateway("10.0.0.2")
		}, "192.168.1.1", findGrace},
		{"a better one within the grace", func(t *testing.T, n *emulator.Network) {
			newStub(t, n, "extender", "192.168.1.2/24").gateway("45.66.77.88")
			newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88").wait = 50 * time.Millisecond
		}, "192.168.1.1", 50 * time.Millisecond},
		{"the default route counts for more than the order", func(t *testing.T, n *emulator.Network) {
			newStub(t, n, "router", "192.168.1.1/24").gateway("100.64.0.9")
			newStub(t, n, "other", "192.168.1.2/24").gateway("45.66.77.88")
		}, "192.168.1.1", findGrace},
		{"a repeater without a WAN is the last resort", func(t *testing.T, n *emulator.Network) {
			r := newStub(t, n, "repeater", "192.168.1.1/24").gateway("")
			r.actions("/down", disconnected())
			r.page("/down.xml", description("uuid:repeater", "WANIPConnection:1", "/down"))
			r.announce(r.url("/down.xml"))
			newStub(t, n, "router", "192.168.1.2/24").gateway("45.66.77.88").wait = time.Second
		}, "192.168.1.2", time.Second + findGrace},
		{"disconnected, but the only one", func(t *testing.T, n *emulator.Network) {
			r := newStub(t, n, "router", "192.168.1.1/24").gateway("")
			r.page("/down.xml", description("uuid:router", "WANIPConnection:1", "/down"))
			r.actions("/down", disconnected())
			r.announce(r.url("/down.xml"))
		}, "192.168.1.1", 1800 * time.Millisecond},
		{"answers MX later", func(t *testing.T, n *emulator.Network) {
			newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88").wait = time.Second
		}, "192.168.1.1", time.Second},
		{"answers only the last burst, MX later", func(t *testing.T, n *emulator.Network) {
			r := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
			r.wait = 2 * time.Second
			always := r.answers
			r.answers = func(m *ssdp.Message, multicast bool) []string {
				if m.MX != 2 {
					return nil
				}
				return always(m, multicast)
			}
		}, "192.168.1.1", 3600 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := emulator.NewNetwork()
				defer n.Close()
				tt.build(t, n)
				start := time.Now()
				g, err := Find(t.Context(), Options{Net: newPC(n)})
				if err != nil {
					t.Fatal(err)
				}
				if got := g.Responder.String(); got != tt.want {
					t.Errorf("chose %s, want %s", got, tt.want)
				}
				if d := time.Since(start); d != tt.takes {
					t.Errorf("took %v, want %v", d, tt.takes)
				}
			})
		})
	}
}

func TestFindNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		start := time.Now()
		_, err := Find(t.Context(), Options{Net: newPC(n)})
		var d *DiscoveryError
		if !errors.As(err, &d) || !errors.Is(err, ErrNoGateway) {
			t.Fatalf("Find = %v, want a DiscoveryError", err)
		}
		if diff := cmp.Diff([]string{"eth0"}, d.Searched); diff != "" {
			t.Errorf("searched (-want +got)\n%s", diff)
		}
		if got, want := err.Error(), "no internet gateway found on eth0"; got != want {
			t.Errorf("message %q, want %q", got, want)
		}
		if got := time.Since(start); got != 3800*time.Millisecond {
			t.Errorf("took %v", got)
		}
	})
}

// Without a network to search, the error says so, at once.
func TestFindNowhere(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		for nowhere, want := range map[Net]string{
			n.Host("lonely"): "no internet gateway found; search: no IPv4 network with multicast or a default gateway",
			n.Host("v6", netip.MustParsePrefix("2001:db8::10/64")): "no internet gateway found; search: no IPv4 network with multicast or a default gateway",
		} {
			start := time.Now()
			_, err := Find(t.Context(), Options{Net: nowhere})
			if !errors.Is(err, ErrNoGateway) || err.Error() != want || time.Since(start) != 0 {
				t.Errorf("got %v after %v, want %s", err, time.Since(start), want)
			}
		}
	})
}

func TestFindCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		s := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		s.answers = func(*ssdp.Message, bool) []string { return nil }
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		start := time.Now()
		if _, err := Find(ctx, Options{Net: newPC(n)}); !errors.Is(err, cause) || errors.Is(err, ErrNoGateway) {
			t.Errorf("Find = %v, want the cause of the cancellation", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("took %v after a cancellation at 1s", d)
		}
		if _, err := Find(ctx, Options{Net: newPC2(n)}); !errors.Is(err, cause) {
			t.Errorf("Find with an ended context = %v", err)
		}
	})
}

// The end of Options.Timeout ends a search as if it were over; who did not answer until then is named.
func TestFindTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		s := newStub(t, n, "router", "192.168.1.1/24")
		s.announce(s.url("/desc.xml"))
		s.mux.HandleFunc("/desc.xml", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for _, gateway := range []string{"", "192.168.1.1", s.url("/desc.xml")} {
			pc := newPC2(n)
			start := time.Now()
			_, err := Find(t.Context(), Options{Net: pc, Gateway: gateway, Timeout: time.Second})
			if reasonOf(err) != Silent || errors.Is(err, ErrNoGateway) != (gateway == "") {
				t.Errorf("Find with Gateway %q = %v", gateway, err)
			}
			if d := time.Since(start); d != time.Second {
				t.Errorf("took %v", d)
			}
			pc.Close()
		}
	})
}

// newPC2 is a second machine, for a second search.
func newPC2(n *emulator.Network) *emulator.Host {
	h := n.Host("pc2", netip.MustParsePrefix("192.168.1.11/24"))
	h.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	return h
}

// twoRoutes is a machine with a default route by each of two interfaces.
type twoRoutes struct{ *emulator.Host }

func (h twoRoutes) DefaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	prefixes, err := h.Addrs(ifi)
	return []netip.Addr{prefixes[0].Masked().Addr().Next()}, err
}

// Between two sound gateways on default routes the order of answers does not decide.
func TestFindBetweenTwo(t *testing.T) {
	for _, late := range []string{"192.168.1.1", "192.168.2.1"} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			for _, a := range []string{"192.168.1.1", "192.168.2.1"} {
				s := newStub(t, n, a, a+"/24").gateway("45.66.77.88")
				if a == late {
					s.wait = findGrace / 2
				}
			}
			pc := n.Host("pc", netip.MustParsePrefix("192.168.2.10/24"), netip.MustParsePrefix("192.168.1.10/24"))
			start := time.Now()
			g, err := Find(t.Context(), Options{Net: twoRoutes{pc}})
			if err != nil {
				t.Fatal(err)
			}
			if !g.DefaultRoute || g.Responder.String() != "192.168.1.1" || time.Since(start) != findGrace {
				t.Errorf("chose %s after %v when %s was late", g.Responder, time.Since(start), late)
			}
		})
	}
}

// With a VPN as default route the router at home still counts.
func TestFindBesideVPN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		n.Host("vpn", netip.MustParsePrefix("10.8.0.1/24"))
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("10.8.0.10/24"))
		pc.SetDefaultGateway(netip.MustParseAddr("10.8.0.1"))
		start := time.Now()
		g, err := Find(t.Context(), Options{Net: pc})
		if err != nil {
			t.Fatal(err)
		}
		if g.DefaultRoute || g.Interface != "eth0" || g.Local != netip.MustParseAddr("192.168.1.10") {
			t.Errorf("found %+v", g)
		}
		if d := time.Since(start); d != findGrace {
			t.Errorf("took %v, want the grace", d)
		}
	})
}
