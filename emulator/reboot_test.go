package emulator_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator"
)

func TestRebootFields(t *testing.T) {
	no := new(false)
	type change struct {
		Port, Path, UDN, BootID bool
		Mappings                int
		Said                    []string
	}
	const first, second = "1767225600", "1767225601" // New Year 2026, and one more
	tests := []struct {
		name string
		how  emulator.Reboot
		want change
	}{
		{"zero", emulator.Reboot{}, change{BootID: true, Said: []string{"ssdp:byebye " + first, "ssdp:alive " + second}}},
		{"no byebye", emulator.Reboot{ByeBye: no}, change{BootID: true, Said: []string{"ssdp:alive " + second}}},
		{"no alive", emulator.Reboot{Alive: no}, change{BootID: true, Said: []string{"ssdp:byebye " + first}}},
		{"not a word", emulator.Reboot{ByeBye: no, Alive: no}, change{BootID: true}},
		{"new ports", emulator.Reboot{NewPorts: true}, change{Port: true, BootID: true, Said: []string{"ssdp:byebye " + first, "ssdp:alive " + second}}},
		{"new paths", emulator.Reboot{NewPaths: true}, change{Path: true, BootID: true, Said: []string{"ssdp:byebye " + first, "ssdp:alive " + second}}},
		{"new UDN", emulator.Reboot{NewUDN: true}, change{UDN: true, BootID: true, Said: []string{"ssdp:byebye " + first, "ssdp:alive " + second}}},
		{"NVRAM", emulator.Reboot{Keep: true}, change{BootID: true, Mappings: 1, Said: []string{"ssdp:byebye " + first, "ssdp:alive " + second}}},
		{"the same BOOTID", emulator.Reboot{BootID: no}, change{Said: []string{"ssdp:byebye " + first, "ssdp:alive " + first}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNeighbour(t, emulator.Options{Version: 2, Clock: emulator.NewClock(newYear()), Seed: 4})
				before := n.mustSearch()
				n.add(8080)
				if err := n.Reboot(tt.how); err != nil {
					t.Fatal(err)
				}
				said := n.hear()
				after := n.mustSearch()
				got := change{
					before.port != after.port, before.path != after.path, before.udn != after.udn, before.bootID != after.bootID,
					len(n.Mappings()), said,
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				_, err := n.describe(before.location)
				switch {
				case tt.how.NewPorts:
					if !errors.Is(err, syscall.ECONNREFUSED) {
						t.Errorf("the old port: %v", err)
					}
				case tt.how.NewPaths:
					if err == nil || !strings.HasPrefix(err.Error(), "404") {
						t.Errorf("the old path: %v", err)
					}
				case err != nil:
					t.Errorf("the place that did not change: %v", err)
				}
				n.add(9090) // the control URL is where the description says
			})
		})
	}
}

// The example of the scenario language: whoever maps a third port loses the gateway for 20 seconds, and finds it at another port.
func TestRebootAfterThirdMapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNeighbour(t, emulator.Options{Version: 2, Timeline: []emulator.Moment{{
			After: emulator.Milestone{Action: "AddPortMapping", Count: 3},
			Do:    []emulator.Action{{Reboot: &emulator.Reboot{ByeBye: new(false), NewPorts: true, Downtime: emulator.Duration(20 * time.Second)}}},
		}}})
		before := n.mustSearch()
		c := n.igd()
		start := time.Now()
		for port := range uint16(3) {
			if err := c.AddPortMapping("", 8080+port, "TCP", 8080, "192.168.1.10", true, "", 3600); err != nil {
				t.Fatalf("mapping %d: %v", port+1, err) // the answer to the third arrives, too
			}
		}
		synctest.Wait()
		for time.Since(start) < 19*time.Second {
			if _, ok := n.search(); ok {
				t.Errorf("a search is answered after %v", time.Since(start))
			}
			if _, err := n.describe(before.location); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("HTTP after %v: %v", time.Since(start), err)
			}
			if n.Location() != before.location || n.ExternalIP().IsValid() {
				t.Errorf("while it is down it is at %s with %v", n.Location(), n.ExternalIP())
			}
		}
		time.Sleep(20*time.Second - time.Since(start)) // fake
		if said := n.hear(); len(said) != 1 || !strings.HasPrefix(said[0], "ssdp:alive ") || strings.Contains(said[0], "of") {
			t.Errorf("after the downtime it says %q, want alive", said)
		}
		after := n.mustSearch()
		if after.port == before.port || after.udn != before.udn || after.bootID <= before.bootID {
			t.Errorf("%+v after %+v", after, before)
		}
		if m := n.Mappings(); len(m) != 0 {
			t.Errorf("mappings outlived it: %v", m)
		}
		if _, _, uptime, err := n.igd().GetStatusInfo(); err != nil || time.Duration(uptime)*time.Second > time.Since(start)-20*time.Second {
			t.Errorf("uptime %d s, %v", uptime, err)
		}
		// Three more do not do it again.
		for port := range uint16(3) {
			n.add(9090 + port)
		}
		if later := n.mustSearch(); later != after {
			t.Errorf("again: %+v after %+v", later, after)
		}
	})
}

// By a virtual clock the gateway is down until the clock is advanced, and Advance tells.
func TestRebootDowntimeByVirtualClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := emulator.NewClock(newYear())
		n := newNeighbour(t, emulator.Options{Version: 2, Clock: clock, Timeline: []emulator.Moment{{
			After: emulator.Milestone{Action: "AddPortMapping", Count: 1},
			Do:    []emulator.Action{{Reboot: &emulator.Reboot{Keep: true, Downtime: emulator.Duration(20 * time.Second)}}},
		}}})
		n.add(8080)
		n.Advance(0) // what the call brought about has happened
		if kinds := n.kinds(); kinds[len(kinds)-1] != "state.down" {
			t.Errorf("the journal ends with %q", kinds)
		}
		time.Sleep(time.Hour) // of the wall
		if _, ok := n.search(); ok {
			t.Error("up before its time")
		}
		n.hear()
		events := n.Advance(time.Minute)
		if d := cmp.Diff([]string{"20s reboot"}, happened(newYear(), events)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if len(events) == 1 && (events[0].Location != n.Location() || events[0].UDN != n.UDN() || events[0].SSDP.String() != "192.168.1.1:1900" || events[0].BootID == 0) {
			t.Errorf("the event tells %+v", events[0])
		}
		// IGD:2 says byebye before its first alive.
		const up = "1767225620"
		if d := cmp.Diff([]string{"ssdp:byebye " + up, "ssdp:alive " + up}, n.hear()); d != "" {
			t.Errorf("announcements (-want +got):\n%s", d)
		}
		if _, _, uptime, err := n.igd().GetStatusInfo(); err != nil || uptime != 40 {
			t.Errorf("uptime %d s, %v; want 40 of the minute", uptime, err)
		}
		if m := n.Mappings(); len(m) != 1 {
			t.Errorf("kept %v", m)
		}
	})
}

// A reboot of a gateway that is down begins it anew, and one without downtime ends it.
func TestRebootWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := emulator.NewClock(newYear())
		n := newNeighbour(t, emulator.Options{Clock: clock})
		minute := emulator.Reboot{Downtime: emulator.Duration(time.Minute)}
		for range 2 {
			if err := n.Reboot(minute); err != nil {
				t.Fatal(err)
			}
			if events := n.Advance(30 * time.Second); events != nil {
				t.Errorf("half a minute after: %v", happened(newYear(), events))
			}
		}
		if d := cmp.Diff([]string{"1m30s reboot"}, happened(newYear(), n.Advance(time.Hour))); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		n.Reboot(minute)
		if err := n.Reboot(emulator.Reboot{}); err != nil {
			t.Fatal(err)
		}
		n.mustSearch()
		if events := n.Advance(time.Hour); events != nil {
			t.Errorf("of the downtime that was cut short: %v", happened(newYear(), events))
		}
		n.Reboot(minute)
		// Nobody says goodbye who is not there.
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		want := []string{
			"ssdp:byebye 1767225600",
			"ssdp:byebye 1767225690", "ssdp:alive 1767225690", "ssdp:byebye 1767225690",
			"ssdp:byebye 1767229260", "ssdp:alive 1767229260", "ssdp:byebye 1767229260",
		}
		if d := cmp.Diff(want, n.hear()); d != "" {
			t.Errorf("announcements (-want +got):\n%s", d)
		}
		if err := n.Reboot(emulator.Reboot{}); err == nil {
			t.Error("a closed gateway came back")
		}
	})
}

// Without alive a gateway comes back unheard, and announces itself when it would have anyway: before half of max-age.
func TestRebootWithoutAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNeighbour(t, emulator.Options{Version: 2})
		n.Reboot(emulator.Reboot{ByeBye: new(false), Alive: new(false)})
		all := listenFor(t, n.member, 900*time.Second)
		if len(all) < len(announced(2)) || all[0].get("NTS") != "ssdp:alive" || all[0].after < time.Second {
			t.Errorf("%d announcements within half of max-age", len(all))
		}
	})
}

// A port that somebody took meanwhile is told, and the next reboot tries again.
func TestRebootFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, _ := lan(t)
		g := emulator.Start(t, emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), HTTPPort: 5000, Clock: emulator.NewClock(newYear())})
		g.Reboot(emulator.Reboot{Downtime: emulator.Duration(time.Minute)})
		l := listen(t, gateway, "192.168.1.1:5000")
		g.Advance(time.Hour)
		failed := 0
		for _, e := range g.Journal() {
			if e.Kind == "boot.failed" {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("%d failures in the journal", failed)
		}
		if err := g.Reboot(emulator.Reboot{}); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("error %v", err)
		}
		l.Close()
		if err := g.Reboot(emulator.Reboot{}); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(g.Location(), "http://192.168.1.1:5000/") {
			t.Errorf("back at %s", g.Location())
		}
	})
}

// OnEvent may reboot the gateway, also out of the call that it is told of.
func TestRebootFromOnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n *neighbour
		done := make(chan error, 1)
		n = newNeighbour(t, emulator.Options{Version: 2, OnEvent: func(e emulator.Event) {
			if e.Event == emulator.MappingAdded {
				done <- n.Reboot(emulator.Reboot{NewPorts: true})
			}
		}})
		before := n.mustSearch()
		n.igd().AddPortMapping("", 8080, "TCP", 8080, "192.168.1.10", true, "", 3600) // its answer waits for the end of OnEvent, which waits for its end
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if after := n.mustSearch(); after.port == before.port {
			t.Error("it did not reboot")
		}
	})
}

// On real sockets a gateway comes back at its ports, or with new ones elsewhere.
func TestRebootLoopback(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Version: 2})
	location, ssdp := g.Location(), g.SSDP()
	for range 3 {
		if err := g.Reboot(emulator.Reboot{}); err != nil {
			t.Fatal(err)
		}
		client(t, g, internetgateway2.NewWANIPConnection2ClientsByURL)
	}
	if g.Location() != location || g.SSDP() != ssdp {
		t.Errorf("at %s and %v, was at %s and %v", g.Location(), g.SSDP(), location, ssdp)
	}
	if err := g.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
		t.Fatal(err)
	}
	client(t, g, internetgateway2.NewWANIPConnection2ClientsByURL)
	if g.Location() == location || g.SSDP() == ssdp {
		t.Errorf("still at %s and %v", g.Location(), g.SSDP())
	}
	if _, err := http.Get(location); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the old port: %v", err)
	}
}
