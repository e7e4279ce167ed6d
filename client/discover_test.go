package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// inNetwork runs a test in fake time with a network of its own.
func inNetwork(t *testing.T, test func(t *testing.T, n *emulator.Network)) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		test(t, n)
	})
}

// A dead device and a slow one cost the good one nothing, and are heard of in the end.
func TestDiscoverIsolates(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		refusing := newStub(t, n, "refusing", "192.168.1.5/24")
		refusing.announce("http://192.168.1.5:6000/desc.xml")
		dead := newStub(t, n, "dead", "192.168.1.6/24")
		dead.announce(dead.url("/desc.xml"))
		dead.mux.HandleFunc("/desc.xml", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		slow := newStub(t, n, "slow", "192.168.1.7/24").gateway("45.66.77.88")
		slow.announce(slow.url("/slow.xml"))
		slow.mux.HandleFunc("/slow.xml", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second) // the device's own slowness, in fake time
			fmt.Fprint(w, description("uuid:slow", "WANIPConnection:1", "/ctl"))
		})
		newStub(t, n, "good", "192.168.1.8/24").gateway("45.66.77.88")

		start := time.Now()
		type arrival struct {
			What  string
			After time.Duration
		}
		var got []arrival
		for g, err := range Discover(t.Context(), Options{Net: newPC(n)}) {
			what := ""
			if g != nil {
				what = g.Root.Device.UDN
			} else {
				var not *NotGatewayError
				if !errors.As(err, &not) {
					t.Fatal(err)
				}
				what = not.Responder.String() + " " + string(not.Reason)
			}
			got = append(got, arrival{what, time.Since(start)})
		}
		want := []arrival{
			{"192.168.1.5 unreachable", 0},
			{"uuid:good", 0},
			{"uuid:slow", 2 * time.Second},
			{"192.168.1.6 silent", 3 * time.Second},
		}
		if len(got) == 4 && got[0] == want[1] {
			got[0], got[1] = got[1], got[0] // both at once
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// brokenNet is a network with trouble on some interfaces.
type brokenNet struct {
	*emulator.Host
	listen, send, addrs, routes string // name or address of the one that fails
}

func (b brokenNet) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	if local.Addr().String() == b.listen {
		return nil, syscall.EADDRNOTAVAIL
	}
	c, err := b.Host.ListenPacket(ctx, local)
	if err == nil && local.Addr().String() == b.send {
		c = muted{c}
	}
	return c, err
}

func (b brokenNet) Addrs(ifi net.Interface) ([]netip.Prefix, error) {
	if ifi.Name == b.addrs {
		return nil, syscall.ENODEV
	}
	return b.Host.Addrs(ifi)
}

func (b brokenNet) DefaultGateways(ifi net.Interface) ([]netip.Addr, error) {
	if ifi.Name == b.routes {
		return nil, syscall.EPERM
	}
	return b.Host.DefaultGateways(ifi)
}

type muted struct{ net.PacketConn }

func (muted) WriteTo([]byte, net.Addr) (int, error) { return 0, syscall.ENETUNREACH }

// One broken interface is a recorded cause and no more.
func TestDiscoverBrokenInterface(t *testing.T) {
	tests := []struct {
		name  string
		wrap  func(*emulator.Host) Net
		cause error
		found int
	}{
		{"cannot be bound", func(h *emulator.Host) Net { return brokenNet{Host: h, listen: "10.9.0.10"} }, syscall.EADDRNOTAVAIL, 1},
		{"cannot send", func(h *emulator.Host) Net { return brokenNet{Host: h, send: "10.9.0.10"} }, syscall.ENETUNREACH, 1},
		{"has no addresses to read", func(h *emulator.Host) Net { return brokenNet{Host: h, addrs: "eth1"} }, syscall.ENODEV, 1},
		{"its routes are secret", func(h *emulator.Host) Net { return brokenNet{Host: h, routes: "eth1"} }, syscall.EPERM, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
				newStub(t, n, "office", "10.9.0.1/24").gateway("45.66.77.89")
				pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("10.9.0.10/24"))
				found, errs := discover(t.Context(), Options{Net: tt.wrap(pc)})
				if len(found) != tt.found || len(errs) != 1 {
					t.Fatalf("found %v, errors %v", locations(found), errs)
				}
				var broken *InterfaceError
				if !errors.As(errs[0], &broken) || broken.Interface != "eth1" || !errors.Is(errs[0], tt.cause) {
					t.Errorf("error %v, want %v on eth1", errs[0], tt.cause)
				}
			})
		})
	}
}

func TestFindReportsEveryCause(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newStub(t, n, "camera", "192.168.1.5/24")
		s.announce("http://192.168.1.5:6000/desc.xml")
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("10.9.0.10/24"))
		_, err := Find(t.Context(), Options{Net: brokenNet{Host: pc, listen: "10.9.0.10"}})
		for _, cause := range []error{ErrNoGateway, syscall.EADDRNOTAVAIL, syscall.ECONNREFUSED} {
			if !errors.Is(err, cause) {
				t.Errorf("%v does not hold %v", err, cause)
			}
		}
	})
}

func TestDiscoverInterface(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		newStub(t, n, "office", "10.9.0.1/24").gateway("45.66.77.89")
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("10.9.0.10/24"))
		found, errs := discover(t.Context(), Options{Net: pc, Interface: "eth1"})
		if diff := cmp.Diff([]string{"10.9.0.1:5000/desc.xml"}, locations(found)); diff != "" || len(errs) > 0 {
			t.Errorf("(-want +got)\n%s%v", diff, errs)
		}
		_, errs = discover(t.Context(), Options{Net: pc, Interface: "eth7"})
		if len(errs) != 1 || !errors.Is(errs[0], errNoInterface) {
			t.Errorf("an unknown interface gives %v", errs)
		}
	})
}

// Breaking off the loop leaves nothing behind; goleak and synctest see to the proof.
func TestDiscoverBreak(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		newStub(t, n, "second", "192.168.1.2/24").gateway("45.66.77.88")
		pc := newPC(n)
		start := time.Now()
		for range Discover(t.Context(), Options{Net: pc}) {
			break
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

// Answers as routers really give them.
func TestDiscoverAnswers(t *testing.T) {
	tests := []struct {
		name   string
		build  func(t *testing.T, r *stub)
		want   []string // LOCATIONs found
		quirks []string // of the first
		errs   []Reason
	}{
		{"ssdp-duplicate-replies", func(t *testing.T, r *stub) {
			once := r.answers
			r.answers = func(m *ssdp.Message, multicast bool) []string {
				return append(once(m, multicast), once(m, multicast)...)
			}
			t.Cleanup(func() {
				if got := r.times("/desc.xml"); got != 1 {
					t.Errorf("the description was fetched %d times", got)
				}
			})
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, nil},
		{"ssdp-all-first-device-only", func(_ *testing.T, r *stub) {
			r.answers = func(m *ssdp.Message, _ bool) []string {
				switch m.ST {
				case ssdp.All:
					return []string{r.reply("urn:schemas-wifialliance-org:device:WFADevice:1", r.url("/wps.xml"))}
				case igd1:
					return []string{r.reply(m.ST, r.url("/desc.xml"))}
				}
				return nil
			}
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, nil},
		{"ssdp-rootdevice-only", func(_ *testing.T, r *stub) {
			r.answers = func(m *ssdp.Message, _ bool) []string {
				if m.ST != ssdp.RootDevice {
					return nil
				}
				return []string{r.reply(m.ST, r.url("/desc.xml"))}
			}
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, nil},
		{"ssdp-service-st-only", func(_ *testing.T, r *stub) {
			r.answers = func(m *ssdp.Message, _ bool) []string {
				if m.ST != "urn:schemas-upnp-org:service:WANPPPConnection:1" {
					return nil
				}
				return []string{r.reply(m.ST, r.url("/desc.xml"))}
			}
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, nil},
		{"ssdp-wps-root-first", func(_ *testing.T, r *stub) {
			r.page("/wps.xml", `<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:schemas-wifialliance-org:device:WFADevice:1</deviceType></device></root>`)
			r.announce(r.url("/wps.xml"), r.url("/desc.xml"))
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, []Reason{NoService}},
		{"ssdp-v1-v2-same-udn", func(_ *testing.T, r *stub) {
			for i, service := range []string{"WANIPConnection:1", "WANIPConnection:2"} {
				r.mux.HandleFunc(fmt.Sprintf("/igd%ddesc.xml", i+1), func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(time.Duration(i+1) * 20 * time.Millisecond) // the second is known when the first is here
					fmt.Fprint(w, description("uuid:router", service, "/ctl"))
				})
			}
			r.announce(r.url("/igd1desc.xml"), r.url("/igd2desc.xml"))
		}, []string{"192.168.1.1:5000/igd2desc.xml"}, nil, nil},
		{"ssdp-location-loopback6", func(_ *testing.T, r *stub) { r.announce("http://[::1]:5000/desc.xml") },
			[]string{"192.168.1.1:5000/desc.xml"}, []string{"ssdp-location-loopback6"}, nil},
		{"ssdp-location-other-subnet", func(_ *testing.T, r *stub) { r.announce("http://172.30.0.1:5000/desc.xml") },
			[]string{"192.168.1.1:5000/desc.xml"}, []string{"ssdp-location-host-mismatch"}, nil},
		{"a name as LOCATION", func(_ *testing.T, r *stub) { r.announce("http://router.example:5000/desc.xml") },
			[]string{"192.168.1.1:5000/desc.xml"}, []string{"ssdp-location-host-mismatch"}, nil},
		{"LOCATION is no http", func(_ *testing.T, r *stub) { r.announce("https://192.168.1.1/desc.xml") }, nil, nil, []Reason{BadLocation}},
		{"LOCATION is a file", func(_ *testing.T, r *stub) { r.announce("file:///etc/passwd") }, nil, nil, []Reason{BadLocation}},
		{"ssdp-binary-garbage and ssdp-unparsable-200", func(_ *testing.T, r *stub) {
			sound := r.answers
			r.answers = func(m *ssdp.Message, multicast bool) []string {
				junk := []string{strings.Repeat("\xfe\x01", 2000), "200\x00UniFi", "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", ssdp.MaxSize+100)}
				return append(junk, sound(m, multicast)...)
			}
		}, []string{"192.168.1.1:5000/desc.xml"}, nil, nil},
		{"ssdp-junk-line", func(_ *testing.T, r *stub) {
			r.answers = func(m *ssdp.Message, _ bool) []string {
				return []string{strings.Replace(r.reply(igd1, r.url("/desc.xml")), "EXT:\r\n", "DEFUNCT\r\n", 1)}
			}
		}, []string{"192.168.1.1:5000/desc.xml"}, []string{"ssdp-junk-line"}, nil},
		{"ssdp-fake-igd", func(_ *testing.T, r *stub) {
			r.page("/fake.xml", `<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>`+igd1+`</deviceType><UDN>uuid:uuid:1</UDN></device></root>`)
			r.announce(r.url("/fake.xml"))
		}, nil, nil, []Reason{NoService}},
		{"a television is not asked", func(t *testing.T, r *stub) {
			r.host.SetDefaultGateway(netip.Addr{})
			r.answers = func(m *ssdp.Message, _ bool) []string { return nil }
			tv := newStub(t, r.network, "tv", "192.168.1.50/24")
			tv.answers = func(m *ssdp.Message, _ bool) []string {
				return []string{tv.reply("urn:schemas-upnp-org:device:MediaRenderer:1", tv.url("/desc.xml"))}
			}
			t.Cleanup(func() {
				if got := tv.requests(); len(got) > 0 {
					t.Errorf("it was asked for %v", got)
				}
			})
		}, nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				r := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
				tt.build(t, r)
				found, errs := discover(t.Context(), Options{Net: newPC(n)})
				if diff := cmp.Diff(tt.want, locations(found)); diff != "" {
					t.Errorf("found (-want +got)\n%s", diff)
				}
				if len(found) > 0 && len(tt.quirks) > 0 {
					if diff := cmp.Diff(tt.quirks, found[0].Quirks()); diff != "" {
						t.Errorf("quirks (-want +got)\n%s", diff)
					}
				}
				var reasons []Reason
				for _, err := range errs {
					reasons = append(reasons, reasonOf(err))
				}
				if diff := cmp.Diff(tt.errs, reasons); diff != "" {
					t.Errorf("errors (-want +got)\n%s%v", diff, errs)
				}
			})
		})
	}
}
