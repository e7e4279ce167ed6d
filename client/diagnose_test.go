package client_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// findings are the checks of a diagnosis that are not sound, as "id: outcome, problem".
func findings(t *testing.T, o client.Options, d client.Diagnosis) (found []string, checks []client.Check) {
	t.Helper()
	for c := range client.Diagnose(t.Context(), o, d) {
		if c.Evidence == nil {
			t.Errorf("%s has no evidence", c.ID)
		}
		if (c.Outcome == client.Sound) != (c.Problem == client.NoProblem) && c.Problem != client.ProblemUnicastSilent {
			t.Errorf("%s is %s, with the problem %q", c.ID, c.Outcome, c.Problem)
		}
		checks = append(checks, c)
		if c.Outcome != client.Sound {
			found = append(found, fmt.Sprintf("%s: %s, %s", c.ID, c.Outcome, c.Problem))
		}
	}
	return found, checks
}

func heard(addrs ...string) func(context.Context, string, uint16) ([]netip.Addr, error) {
	var bound []netip.Addr
	for _, a := range addrs {
		bound = append(bound, netip.MustParseAddr(a))
	}
	return func(context.Context, string, uint16) ([]netip.Addr, error) { return bound, nil }
}

// What is wrong in a home is found by the check that is for it, and by no other.
func TestDiagnose(t *testing.T) {
	quiet := &client.Machine{FirewallsKnown: true}
	for _, tt := range []struct {
		name    string
		gateway emulator.Options
		change  func(*home, *client.Options)
		want    client.Diagnosis
		found   []string
	}{
		{name: "a sound home", want: client.Diagnosis{Port: 8080, Listens: heard("0.0.0.0")}},
		{name: "by UDP", want: client.Diagnosis{Port: 8080, Protocol: "udp", Listens: heard("192.168.1.10")}},
		{name: "read only", want: client.Diagnosis{ReadOnly: true}, found: []string{
			"mapping: skipped, read only", "lease: skipped, read only", "hairpin: skipped, read only", "removal: skipped, read only"}},
		{name: "nobody listens", want: client.Diagnosis{Port: 8080, Listens: heard()}, found: []string{"listener: faulty, nobody listens"}},
		{name: "loopback listens", want: client.Diagnosis{Port: 8080, Listens: heard("127.0.0.1", "::1")}, found: []string{"listener: faulty, only loopback"}},
		{name: "another address listens", want: client.Diagnosis{Port: 8080, Listens: heard("10.8.0.2")}, found: []string{"listener: faulty, other address"}},
		{name: "nobody tells who listens", want: client.Diagnosis{Port: 8080}, found: []string{"listener: unknown, not told"}},
		{
			name: "the port is another's", want: client.Diagnosis{Port: 8080, Listens: heard("::")},
			gateway: emulator.Options{Mappings: []emulator.InitialMapping{{ExternalPort: 8080, InternalPort: 80, InternalClient: netip.MustParseAddr("192.168.1.20")}}},
			found:   []string{"port: faulty, port owned"},
		},
		{
			name: "an entry that was left", want: client.Diagnosis{Listens: heard()},
			gateway: emulator.Options{Mappings: []emulator.InitialMapping{
				{ExternalPort: 7000, InternalPort: 7000, InternalClient: netip.MustParseAddr("192.168.1.10"), Description: "igdkit 7000 TCP"},
				{ExternalPort: 7001, InternalPort: 7001, InternalClient: netip.MustParseAddr("192.168.1.10"), Description: "a game"},
				{ExternalPort: 7002, InternalPort: 7002, InternalClient: netip.MustParseAddr("192.168.1.11"), Description: "igdkit 7002 TCP"},
			}},
			found: []string{"leftovers: doubtful, leftovers"},
		},
		{
			name:   "the cable is out",
			change: func(h *home, _ *client.Options) { h.pc.SetDown(true) },
			found:  []string{"network: faulty, no interface", "multicast: skipped, not searched", "unicast: skipped, not searched", "description: faulty, not found"},
		},
		{
			name:   "nobody there",
			change: func(h *home, _ *client.Options) { h.router.SetDown(true) },
			found:  []string{"multicast: faulty, no answer", "unicast: faulty, no answer", "description: faulty, not found"},
		},
		{
			name:   "no default route",
			change: func(h *home, _ *client.Options) { h.pc.SetDefaultGateway(netip.Addr{}) },
			found:  []string{"network: doubtful, no default route", "unicast: skipped, not searched"},
		},
		{
			name:   "answers to multicast are lost",
			change: func(h *home, o *client.Options) { o.Net = deaf{turning{h.pc}} },
			found:  []string{"multicast: faulty, only unicast", "firewall: doubtful, answers swallowed"},
		},
		{
			name: "the gateway is named", change: func(h *home, o *client.Options) { o.Gateway = h.Location() },
			found: []string{"multicast: skipped, not searched", "unicast: skipped, not searched"},
		},
		{
			name: "the gateway is named by its address", change: func(h *home, o *client.Options) { o.Gateway = "192.168.1.1" },
			found: []string{"multicast: skipped, not searched"},
		},
		{
			name: "a container", want: client.Diagnosis{Machine: &client.Machine{Container: "docker", FirewallsKnown: true}},
			found: []string{"network: doubtful, in container"},
		},
		{
			name: "ufw", want: client.Diagnosis{Machine: &client.Machine{Firewalls: []client.Firewall{{Name: "ufw"}}, FirewallsKnown: true}},
			found: []string{"firewall: doubtful, firewall active"},
		},
		{
			name: "rules that only root may read", want: client.Diagnosis{Machine: &client.Machine{Firewalls: []client.Firewall{{Name: "nftables"}}, FirewallsKnown: true}},
			found: []string{"firewall: unknown, firewall hidden"},
		},
		{
			name: "the Internet is not asked in vain", change: func(h *home, o *client.Options) { o.STUN = "192.168.1.53:3478" },
		},
		{
			name:    "permanent leases only",
			gateway: emulator.Options{Policy: emulator.Policy{Leases: emulator.LeasePolicy{Accept: "permanent"}}},
			found:   []string{"lease: doubtful, for ever"},
		},
		{
			name: "no way back in by TCP", change: func(h *home, o *client.Options) { o.Net = h.pc },
			found: []string{"hairpin: doubtful, no hairpin"},
		},
		{
			name: "no way back in by UDP", change: func(h *home, o *client.Options) { o.Net = h.pc },
			want: client.Diagnosis{Protocol: "UDP"}, found: []string{"hairpin: doubtful, no hairpin"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, tt.gateway)
				o := client.Options{Net: turning{h.pc}}
				if tt.change != nil {
					tt.change(h, &o)
				}
				if tt.want.Machine == nil {
					tt.want.Machine = quiet
				}
				before := h.table()
				found, checks := findings(t, o, tt.want)
				if diff := cmp.Diff(tt.found, found); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
					for _, c := range checks {
						t.Logf("%s %s %s %v %+v", c.ID, c.Outcome, c.Problem, c.Err, c.Evidence)
					}
				}
				if diff := cmp.Diff(before, h.table()); diff != "" {
					t.Errorf("the table has changed (-before +after)\n%s", diff)
				}
			})
		})
	}
}

// turning is a host whose gateway turns round what is for its own external address, which the emulated one does not.
type turning struct{ *emulator.Host }

func (h turning) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	return h.Host.Dial(ctx, network, local, strings.Replace(address, "45.66.77.88:", "192.168.1.10:", 1))
}

func (h turning) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := h.Host.ListenPacket(ctx, local)
	return turned{c}, err
}

type turned struct{ net.PacketConn }

func (c turned) WriteTo(b []byte, to net.Addr) (int, error) {
	if a := to.(*net.UDPAddr).AddrPort(); a.Addr() == netip.MustParseAddr("45.66.77.88") {
		to = net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("192.168.1.10"), a.Port()))
	}
	return c.PacketConn.WriteTo(b, to)
}

// deaf is a host behind a packet filter that keeps state: what was sent to a group brings no answers.
type deaf struct{ turning }

func (d deaf) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := d.turning.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	return &filtered{PacketConn: c, asked: map[string]bool{}}, nil
}

type filtered struct {
	net.PacketConn
	mu    sync.Mutex
	asked map[string]bool
}

func (f *filtered) WriteTo(b []byte, to net.Addr) (int, error) {
	f.mu.Lock()
	f.asked[to.String()] = true
	f.mu.Unlock()
	return f.PacketConn.WriteTo(b, to)
}

func (f *filtered) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := f.PacketConn.ReadFrom(b)
		f.mu.Lock()
		let := err != nil || f.asked[from.String()]
		f.mu.Unlock()
		if let {
			return n, from, err
		}
	}
}

// Each target is searched for by itself, and the evidence tells who answered it and when.
func TestDiagnoseSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		_, checks := findings(t, client.Options{Net: h.pc}, client.Diagnosis{ReadOnly: true})
		for _, c := range checks[1:3] {
			e := c.Evidence.(*client.SearchEvidence)
			var answered []string
			for _, a := range e.Answers {
				if a.Gateway {
					answered = append(answered, a.Target)
				}
				if a.From.Addr() != netip.MustParseAddr("192.168.1.1") || a.Location != h.Location() || a.After > 1300*time.Millisecond {
					t.Errorf("%s: %+v", c.ID, a)
				}
			}
			slices.Sort(answered)
			want := []string{
				"ssdp:all", "upnp:rootdevice", "urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:service:WANIPConnection:1",
			}
			if diff := cmp.Diff(want, slices.Compact(answered)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", c.ID, diff)
			}
		}
	})
}

// Whoever has seen enough, or must go, leaves nothing behind.
func TestDiagnoseBrokenOff(t *testing.T) {
	for _, last := range []client.CheckID{client.CheckNetwork, client.CheckMulticast, client.CheckDescription, client.CheckMapping, client.CheckLease, client.CheckHairpin} {
		for _, how := range []string{"break", "cancel"} {
			t.Run(fmt.Sprint(last, " ", how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHome(t, emulator.Options{})
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					seen := false
					for c := range client.Diagnose(ctx, client.Options{Net: h.pc}, client.Diagnosis{}) {
						if seen {
							t.Errorf("%s came after the end", c.ID)
						}
						if c.ID != last {
							continue
						}
						seen = true
						if how == "break" {
							break
						}
						cancel()
					}
					if !seen {
						t.Errorf("%s never came", last)
					}
					if left := h.table(); len(left) > 0 {
						t.Errorf("left in the table: %v", left)
					}
				})
			})
		}
	}
}
