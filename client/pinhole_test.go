package client_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// lan6 is a LAN in memory with both families: a gateway at 192.168.1.1, fe80::1 and 2001:db8:1::1, and a host with two global addresses.
type lan6 struct {
	*emulator.Gateway
	router, pc *emulator.Host
	net        *emulator.Network
}

var six1, six2 = netip.MustParseAddr("2001:db8:1::10"), netip.MustParseAddr("2001:db8:1::11")

func newLAN6(t *testing.T, o emulator.Options) *lan6 {
	t.Helper()
	h := &lan6{net: emulator.NewNetwork()}
	t.Cleanup(func() { h.net.Close() })
	prefixes := func(text ...string) (all []netip.Prefix) {
		for _, p := range text {
			all = append(all, netip.MustParsePrefix(p))
		}
		return all
	}
	h.router, h.pc = h.net.Host("router"), h.net.Host("pc")
	h.router.AddInterface("", prefixes("192.168.1.1/24", "fe80::1/64", "2001:db8:1::1/64")...)
	h.pc.AddInterface("", prefixes("192.168.1.10/24", "fe80::10/64", "2001:db8:1::10/64", "2001:db8:1::11/64", "fd00::10/64")...)
	h.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	h.pc.SetDefaultGateway(netip.MustParseAddr("fe80::1%eth0"))
	o.Net, o.LAN, o.SSDP, o.IPv6 = h.router, netip.MustParseAddr("192.168.1.1"), "multicast", true
	o.Clients = prefixes("192.168.1.0/24", "fe80::/10", "2001:db8:1::/64")
	h.Gateway = emulator.Start(t, o)
	return h
}

func (h *lan6) holes() []string {
	out := []string{}
	for _, p := range h.Pinholes() {
		out = append(out, fmt.Sprint(p, " for ", p.Lease))
	}
	return out
}

// A firewall is found at the IPv6 default gateway, by a search of IPv6, and where it is named; and not where there is none.
func TestFindFirewall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*lan6, *client.Options)
		want   string // host of the location, or the error
	}{
		{"at the default gateway", nil, "[fe80::1%25eth0]"},
		{"by a search", func(h *lan6, _ *client.Options) {
			h.pc.SetDefaultGateway(netip.Addr{})
			h.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
		}, "[fe80::1%25eth0]"},
		{"with absolute URLs", func(h *lan6, o *client.Options) {
			h.pc.SetDefaultGateway(netip.Addr{})
			h.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
			must(t, h.AddFault(emulator.Fault{On: "http.body", Do: emulator.Deed{Replace: []emulator.Replacement{
				{Find: "<controlURL>/", Text: new("<controlURL>http://[fe80::1]:49152/")},
			}}}))
		}, "[fe80::1%25eth0]"},
		{"by a search of IPv6 alone", func(h *lan6, _ *client.Options) {
			h.pc.SetAddrs("eth0", netip.MustParsePrefix("fe80::10/64"), netip.MustParsePrefix("2001:db8:1::10/64"))
		}, "[fe80::1%25eth0]"},
		{"where it is named", func(h *lan6, o *client.Options) {
			o.Gateway = strings.Replace(h.Location(), "192.168.1.1", "[fe80::1%25eth0]", 1)
		}, "[fe80::1%25eth0]"},
		{"no address of ours", func(h *lan6, _ *client.Options) {
			h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fd00::10/64"))
		}, client.ErrNoGlobalAddress.Error()},
		{"nobody there", func(h *lan6, _ *client.Options) { h.router.SetDown(true) }, "no internet gateway found on eth0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLAN6(t, emulator.Options{})
				o := client.Options{Net: h.pc}
				if tt.change != nil {
					tt.change(h, &o)
				}
				g, err := client.FindFirewall(t.Context(), o)
				if err != nil {
					if err.Error() != tt.want {
						t.Errorf("%v, want %s", err, tt.want)
					}
					return
				}
				if !strings.Contains(g.Location, tt.want+":") || !strings.Contains(g.Service.ControlURL, tt.want+":") {
					t.Errorf("it is at %s and %s, want %s", g.Location, g.Service.ControlURL, tt.want)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Version 1 has no such service, and says so.
func TestFindFirewallAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{Version: 1})
		_, err := client.FindFirewall(t.Context(), client.Options{Net: h.pc})
		if _, ok := errors.AsType[*client.NoFirewallError](err); !ok {
			t.Errorf("%v, want a NoFirewallError", err)
		}
	})
}

// Each action does what its name says, from the address that the pinhole is for.
func TestPinholeActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		ctx := t.Context()
		g, err := client.FindFirewall(ctx, client.Options{Net: h.pc})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := g.FirewallStatus(ctx); err != nil || s != (client.FirewallStatus{Enabled: true, Inbound: true}) {
			t.Errorf("status %+v, %v", s, err)
		}
		var all []client.Pinhole
		for _, from := range []netip.Addr{six1, six2} {
			p := client.Pinhole{InternalClient: from, InternalPort: 8080, Protocol: client.PinholeTCP, Lease: time.Hour}
			if p.ID, err = g.AddPinhole(ctx, p); err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
		want := []string{"6 *:0 → [2001:db8:1::10]:8080 for 1h0m0s", "6 *:0 → [2001:db8:1::11]:8080 for 1h0m0s"}
		if diff := cmp.Diff(want, h.holes()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if err := g.UpdatePinhole(ctx, all[0], 90*time.Minute); err != nil || h.Pinholes()[0].Lease != 90*time.Minute {
			t.Errorf("update: %v, %v", err, h.holes())
		}
		code := func(err error) int {
			e, _ := errors.AsType[*soap.Error](err)
			if e == nil {
				return 0
			}
			return e.Code
		}
		if _, err := g.CheckPinholeWorking(ctx, all[0]); code(err) != soap.NoTrafficReceived {
			t.Errorf("before any packet: %v, want 709", err)
		}
		h.PassPinhole(all[0].ID, 3)
		if works, err := g.CheckPinholeWorking(ctx, all[0]); err != nil || !works {
			t.Errorf("after three packets: %v, %v", works, err)
		}
		if n, err := g.PinholePackets(ctx, all[0]); err != nil || n != 3 {
			t.Errorf("%d packets, %v", n, err)
		}
		if d, err := g.OutboundPinholeTimeout(ctx, all[0]); err != nil || d != 5*time.Minute {
			t.Errorf("outbound timeout %v, %v", d, err)
		}
		foreign := all[0]
		foreign.InternalClient = six2 // whose request leaves from there
		if err := g.DeletePinhole(ctx, foreign); code(err) != soap.ActionNotAuthorized {
			t.Errorf("a pinhole of another address: %v, want 606", err)
		}
		for _, p := range all {
			if err := g.DeletePinhole(ctx, p); err != nil {
				t.Error(err)
			}
		}
		if err := g.UpdatePinhole(ctx, all[0], time.Hour); code(err) != soap.PinholeNoSuchEntry || !strings.Contains(err.Error(), "NoSuchEntry") {
			t.Errorf("after the end: %v, want 704 NoSuchEntry", err)
		}
	})
}

// What cannot be asked for is refused before anything is sent.
func TestPinholeArguments(t *testing.T) {
	sound := client.Pinhole{InternalClient: six1, InternalPort: 8080, Protocol: client.PinholeTCP, Lease: time.Hour}
	for name, change := range map[string]func(*client.Pinhole){
		"InternalClient": func(p *client.Pinhole) { p.InternalClient = netip.MustParseAddr("192.168.1.10") },
		"RemoteHost":     func(p *client.Pinhole) { p.RemoteHost = netip.MustParseAddr("8.8.8.8") },
		"InternalPort":   func(p *client.Pinhole) { p.InternalPort = 0 },
		"Protocol":       func(p *client.Pinhole) { p.Protocol = 65535 },
		"LeaseTime":      func(p *client.Pinhole) { p.Lease = 25 * time.Hour },
	} {
		p := sound
		change(&p)
		_, err := new(client.Gateway).AddPinhole(t.Context(), p)
		if e, ok := errors.AsType[*client.ArgumentError](err); !ok || e.Argument != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A port is opened on each global address or on none, and a firewall that is closed says so before.
func TestOpenPinholes(t *testing.T) {
	no := false
	closed := func(p emulator.PinholePolicy) emulator.Options {
		return emulator.Options{Policy: emulator.Policy{Pinholes: p}}
	}
	for _, tt := range []struct {
		name    string
		gateway emulator.Options
		req     client.PinholeRequest
		want    []string
		err     string
	}{
		{"one port", emulator.Options{}, client.PinholeRequest{Port: 8080},
			[]string{"6 *:0 → [2001:db8:1::10]:8080 for 24h0m0s", "6 *:0 → [2001:db8:1::11]:8080 for 24h0m0s"}, ""},
		{"for somebody", emulator.Options{}, client.PinholeRequest{Port: 8080, Protocol: "UDP", Lease: time.Hour, RemoteHost: netip.MustParseAddr("2001:db8:9::1")},
			[]string{"17 [2001:db8:9::1]:0 → [2001:db8:1::10]:8080 for 1h0m0s", "17 [2001:db8:9::1]:0 → [2001:db8:1::11]:8080 for 1h0m0s"}, ""},
		{"the firewall is off", closed(emulator.PinholePolicy{Firewall: &no}), client.PinholeRequest{Port: 8080}, []string{}, "the IPv6 firewall of the gateway is off: everybody is let in, and no pinhole is needed"},
		{"nobody may", closed(emulator.PinholePolicy{Inbound: &no}), client.PinholeRequest{Port: 8080}, []string{}, "the gateway lets no program open pinholes in its IPv6 firewall"},
		{"room for one", closed(emulator.PinholePolicy{Capacity: emulator.CapacityPolicy{Entries: 1}}), client.PinholeRequest{Port: 8080}, []string{}, "701"},
		{"a low port", emulator.Options{}, client.PinholeRequest{Port: 80}, []string{}, "606"},
		{"no port", emulator.Options{}, client.PinholeRequest{}, []string{}, "request: port 0 is not in 1 to 65535"},
		{"no lease", emulator.Options{}, client.PinholeRequest{Port: 1, Lease: -1}, []string{}, "request: lease -1ns is not between 1 s and 24 h"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLAN6(t, tt.gateway)
				p, err := client.OpenPinholes(t.Context(), tt.req, client.Options{Net: h.pc})
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("%v, want %q", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, h.holes()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if err != nil {
					return
				}
				if err := p.Close(t.Context()); err != nil || len(h.holes()) > 0 {
					t.Errorf("after the end: %v, %v", err, h.holes())
				}
			})
		})
	}
}

// A pinhole that is kept outlives its lease, a reboot of the gateway and a change of our addresses.
func TestKeepPinholes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLAN6(t, emulator.Options{})
		p := keptPinholes(t, client.PinholeRequest{Port: 8080, Lease: time.Hour}, client.Options{Net: h.pc})
		pass := func(d time.Duration, open ...string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			var got []string
			for _, x := range h.Pinholes() {
				got = append(got, x.InternalClient.String())
			}
			slices.Sort(got)
			if diff := cmp.Diff(open, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		pass(5*time.Hour, "2001:db8:1::10", "2001:db8:1::11")
		if got := happened(p); len(got) < 18 || slices.ContainsFunc(got, func(e string) bool { return !strings.HasPrefix(e, "renewed ") }) {
			t.Errorf("in five hours: %v", got)
		}
		if err := h.Reboot(emulator.Reboot{NewPorts: true, NewPaths: true}); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour, "2001:db8:1::10", "2001:db8:1::11")
		if got := happened(p); len(got) < 2 || slices.ContainsFunc(got, func(e string) bool { return !strings.HasPrefix(e, "renewed ") && !strings.HasPrefix(e, "repaired ") }) {
			t.Errorf("after a reboot: %v", got)
		}
		h.pc.SetAddrs("eth0", netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::10/64"), netip.MustParsePrefix("2001:db8:1::10/64"), netip.MustParsePrefix("2001:db8:1::12/64"))
		pass(61*time.Second, "2001:db8:1::10", "2001:db8:1::11", "2001:db8:1::12") // the old one ends with its lease
		if diff := cmp.Diff([]string{"lost 2001:db8:1::11", "mapped 2001:db8:1::12"}, happened(p)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		pass(time.Hour, "2001:db8:1::10", "2001:db8:1::12")
		if err := p.Close(t.Context()); err != nil || len(h.Pinholes()) > 0 {
			t.Errorf("closed: %v, %v", err, h.holes())
		}
	})
}
