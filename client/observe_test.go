package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// told writes a change as a test compares it.
func told(c client.Change) string {
	s := string(c.Kind)
	switch {
	case strings.HasPrefix(s, "mapping "):
		s += fmt.Sprintf(" %d/%s → %s:%d %q", c.Mapping.ExternalPort, c.Mapping.Protocol, c.Mapping.InternalClient, c.Mapping.InternalPort, c.Mapping.Description)
		if c.Expired {
			s += " expired"
		}
	case c.Kind == client.AddressChanged:
		s += fmt.Sprintf(" %v → %v", c.Previous, c.Address)
	case c.Kind == client.ConnectionChanged:
		s += " " + c.Connection.Connection
	case c.Kind == client.GatewayAppeared, c.Kind == client.GatewayRebooted:
		s += fmt.Sprintf(" %v %s %v", c.Gateway.Responder, c.Connection.Connection, c.Address)
	}
	return s
}

// observed starts an observation; what it tells from then on is what the function returned gives, after time has passed.
func observed(t *testing.T, o client.Options, interval time.Duration) (after func(time.Duration) []string) {
	ctx, stop := context.WithCancel(t.Context())
	changes := make(chan string, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c, err := range client.New(o).Observe(ctx, interval) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("ended with %v", err)
				}
				continue
			}
			if c.Time.IsZero() || c.Gateway == nil && c.Kind != client.GatewayGone {
				t.Errorf("incomplete: %+v", c)
			}
			changes <- told(c)
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return func(d time.Duration) []string {
		time.Sleep(d)
		synctest.Wait()
		all := []string{}
		for range len(changes) {
			all = append(all, <-changes)
		}
		return all
	}
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		tv := client.Options{Net: h.host("tv", "192.168.1.20/24")}
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 7000, Lease: time.Hour}, tv); err != nil {
			t.Fatal(err)
		}
		after := observed(t, client.Options{Net: h.pc}, 0)
		want := func(after []string, all ...string) {
			t.Helper()
			if all == nil {
				all = []string{}
			}
			if diff := cmp.Diff(all, after); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
		want(after(time.Second), "gateway appeared 192.168.1.1 Connected 45.66.77.88", `mapping listed 7000/TCP → 192.168.1.20:7000 "igdkit 7000 TCP"`)
		want(after(10 * time.Minute))

		m, err := client.Map(t.Context(), client.Request{InternalPort: 8000, Lease: time.Minute}, client.Options{Net: h.pc})
		if err != nil {
			t.Fatal(err)
		}
		want(after(10*time.Second), `mapping added 8000/TCP → 192.168.1.10:8000 "igdkit 8000 TCP"`)
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 7000, Lease: time.Hour}, tv); err != nil {
			t.Fatal(err)
		}
		want(after(10*time.Second), `mapping renewed 7000/TCP → 192.168.1.20:7000 "igdkit 7000 TCP"`)
		want(after(time.Minute), `mapping removed 8000/TCP → 192.168.1.10:8000 "igdkit 8000 TCP" expired`)
		m.Close(t.Context())

		g, err := client.Find(t.Context(), tv)
		if err != nil {
			t.Fatal(err)
		}
		entry := client.PortMapping{ExternalPort: 7000, Protocol: "TCP", InternalPort: 7001, InternalClient: "192.168.1.20", Enabled: true, Description: "other", Lease: time.Hour}
		if err := g.AddPortMapping(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
		want(after(10*time.Second), `mapping changed 7000/TCP → 192.168.1.20:7001 "other"`)
		if err := g.DeletePortMapping(t.Context(), entry.Key()); err != nil {
			t.Fatal(err)
		}
		want(after(10*time.Second), `mapping removed 7000/TCP → 192.168.1.20:7001 "other"`)

		if err := h.SetExternalIP(netip.MustParseAddr("45.66.77.99")); err != nil {
			t.Fatal(err)
		}
		want(after(10*time.Second), "address changed 45.66.77.88 → 45.66.77.99")
		if err := h.SetConnectionStatus("Disconnected"); err != nil {
			t.Fatal(err)
		}
		if got := after(10 * time.Second); !strings.Contains(strings.Join(got, "\n"), "connection changed Disconnected") {
			t.Errorf("disconnected: %q", got)
		}
		if err := h.SetConnectionStatus("Connected"); err != nil {
			t.Fatal(err)
		}
		if got := after(10 * time.Second); !strings.Contains(strings.Join(got, "\n"), "connection changed Connected") {
			t.Errorf("connected: %q", got)
		}
	})
}

// A gateway that goes is told once, and so is its return; its table is compared with what it had.
func TestObserveGatewayGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		listen  bool
		reboot  emulator.Reboot
		returns string
	}{
		"heard":                      {true, emulator.Reboot{Downtime: emulator.Duration(30 * time.Second), NewPorts: true}, "gateway rebooted"},
		"seen":                       {false, emulator.Reboot{Downtime: emulator.Duration(30 * time.Second), NewPorts: true}, "gateway rebooted"},
		"under another name":         {false, emulator.Reboot{Downtime: emulator.Duration(30 * time.Second), NewPorts: true, NewUDN: true}, "gateway appeared"},
		"heard, and gone in no time": {true, emulator.Reboot{NewPorts: true}, "gateway rebooted"},
		"seen, and gone in no time":  {false, emulator.Reboot{NewPorts: true}, "gateway rebooted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1})
				after := observed(t, client.Options{Net: h.pc, Listen: tt.listen}, 0)
				if _, err := client.Map(t.Context(), client.Request{InternalPort: 7000}, client.Options{Net: h.pc}); err != nil {
					t.Fatal(err)
				}
				after(5 * time.Minute)
				if err := h.Reboot(tt.reboot); err != nil {
					t.Fatal(err)
				}
				got := after(2 * time.Minute)
				count := map[string]int{}
				for _, s := range got {
					count[strings.Join(strings.Fields(s)[:2], " ")]++
				}
				want := map[string]int{tt.returns: 1}
				if tt.reboot.Downtime > 0 {
					want["gateway gone"] = 1
				}
				if !tt.reboot.NewUDN {
					want["mapping removed"] = 1
				} else if tt.reboot.Downtime == 0 {
					want["gateway gone"] = 1
				}
				if diff := cmp.Diff(want, count); diff != "" {
					t.Errorf("%q (-want +got)\n%s", got, diff)
				}
			})
		})
	}
}

// A restart is told once, be it right after the watch began, with other signs of it to come, or right after another restart.
func TestObserveRestartsSoon(t *testing.T) {
	mute := emulator.Fault{Name: "mute", On: "soap.GetStatusInfo", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 501}}}
	for name, tt := range map[string]struct {
		faults []emulator.Fault
		reboot emulator.Reboot
		after  []time.Duration // since the watch began, or the restart before
	}{
		"byebye":                 {nil, emulator.Reboot{}, []time.Duration{3 * time.Second}},
		"BOOTID":                 {nil, emulator.Reboot{ByeBye: new(false)}, []time.Duration{3 * time.Second}},
		"another port":           {nil, emulator.Reboot{NewPorts: true}, []time.Duration{3 * time.Second}},
		"it tells no uptime":     {[]emulator.Fault{mute}, emulator.Reboot{}, []time.Duration{3 * time.Second}},
		"twice":                  {nil, emulator.Reboot{}, []time.Duration{3 * time.Second, 12 * time.Second}},
		"after minutes":          {nil, emulator.Reboot{}, []time.Duration{5 * time.Minute}},
		"after minutes, no time": {[]emulator.Fault{mute}, emulator.Reboot{}, []time.Duration{5 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Version: 1, Faults: tt.faults})
				time.Sleep(time.Hour)
				after := observed(t, client.Options{Net: h.pc, Listen: true}, 0)
				var got []string
				for _, d := range tt.after {
					got = append(got, after(d)...)
					if err := h.Reboot(tt.reboot); err != nil {
						t.Fatal(err)
					}
				}
				got = append(got, after(2*time.Minute)...)
				var kinds []string
				for _, s := range got {
					kinds = append(kinds, strings.Join(strings.Fields(s)[:2], " "))
				}
				want := []string{"gateway appeared"}
				for range tt.after {
					want = append(want, "gateway rebooted")
				}
				if diff := cmp.Diff(want, kinds); diff != "" {
					t.Errorf("%q (-want +got)\n%s", got, diff)
				}
			})
		})
	}
}

// There need be no gateway; options that cannot be used are no gateway that may come.
func TestObserveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		after := observed(t, client.Options{Net: pc}, 0)
		if diff := cmp.Diff([]string{"gateway gone"}, after(time.Hour)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
		emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.88")})
		if diff := cmp.Diff([]string{"gateway appeared 192.168.1.1 Connected 45.66.77.88"}, after(time.Minute)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		for _, err := range client.New(client.Options{Net: pc, Gateway: "ftp://x"}).Observe(t.Context(), 0) {
			if _, ok := errors.AsType[*client.ArgumentError](err); !ok {
				t.Errorf("error %v", err)
			}
		}
		for range client.New(client.Options{Net: pc}).Observe(t.Context(), 0) {
			break // goroutines end, or the bubble does not
		}
	})
}

// Looks take a tenth of the time at most.
func TestObserveIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1, Faults: []emulator.Fault{{Name: "slow", On: "soap.GetStatusInfo", Do: emulator.Deed{Delay: emulator.Span{Min: 2 * time.Second, Max: 2 * time.Second}}}}})
		observed(t, client.Options{Net: h.pc}, time.Second)(10 * time.Minute)
		if n := len(h.Calls("GetStatusInfo")); n > 32 {
			t.Errorf("asked %d times in 10 minutes, 2 s each", n)
		}
	})
}

// What a reader takes his time for is not the gateway's: the looks come as they did.
func TestObserveSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		var changed time.Time
		for c, err := range client.New(client.Options{Net: h.pc}).Observe(t.Context(), time.Second) {
			switch {
			case err != nil:
				t.Fatal(err)
			case c.Kind == client.GatewayAppeared:
				time.Sleep(30 * time.Second)
				time.AfterFunc(5*time.Second, func() {
					changed = time.Now()
					if err := h.SetExternalIP(netip.MustParseAddr("45.66.77.99")); err != nil {
						t.Error(err)
					}
				})
				continue
			case c.Kind != client.AddressChanged:
				continue
			}
			if took := c.Time.Sub(changed); took > 2*time.Second {
				t.Errorf("told %v after it had changed", took)
			}
			break
		}
	})
}
