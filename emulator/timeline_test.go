package emulator_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator"
)

// afterStart is a Moment's At.
func afterStart(d time.Duration) *emulator.Duration { return new(emulator.Duration(d)) }

func eachTime(d time.Duration) emulator.Recurrence {
	return emulator.Recurrence{Period: emulator.Duration(d)}
}

func toAddress(s string) *netip.Addr { return new(netip.MustParseAddr(s)) }

// happened are the events of some kinds as "1m0s kind what".
func happened(start time.Time, events []emulator.Event) []string {
	var all []string
	for _, e := range events {
		s := fmt.Sprintf("%v %s", e.Time.Sub(start), e.Event)
		switch {
		case e.Action != "":
			s += " " + e.Name + " " + e.Action
		case e.ExternalIP != nil:
			s += " " + *e.ExternalIP
		case e.Status != "":
			s += " " + e.Status
		case e.Mapping != nil:
			s += " " + e.Mapping.String()
		}
		all = append(all, s)
	}
	return all
}

func newYear() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestTimeline(t *testing.T) {
	add := func(t *testing.T, g *emulator.Gateway, ports ...uint16) {
		t.Helper()
		c := client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
		for _, port := range ports {
			if err := c.AddPortMapping("", port, "TCP", port, "127.0.0.1", true, "", 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name     string
		timeline []emulator.Moment
		ports    []uint16 // mapped at the start
		advance  time.Duration
		want     []string
	}{
		{
			name:     "at",
			timeline: []emulator.Moment{{At: afterStart(10 * time.Minute), Do: []emulator.Action{{WANAddress: toAddress("198.51.100.9")}}}},
			advance:  time.Hour,
			want:     []string{"10m0s planned timeline[0] wan-address: 198.51.100.9", "10m0s external-ip 198.51.100.9"},
		},
		{
			name:     "every",
			timeline: []emulator.Moment{{Every: eachTime(20 * time.Minute), Do: []emulator.Action{{Announce: "alive"}}}},
			advance:  time.Hour,
			want: []string{
				"20m0s planned timeline[0] announce: alive", "40m0s planned timeline[0] announce: alive", "1h0m0s planned timeline[0] announce: alive",
			},
		},
		{
			name:     "at and every",
			timeline: []emulator.Moment{{At: afterStart(0), Every: eachTime(30 * time.Minute), Do: []emulator.Action{{Link: "down"}, {Link: "up"}}}},
			advance:  time.Hour,
			want: []string{
				"30m0s planned timeline[0] link: down", "30m0s link down", "30m0s connection-status Disconnected",
				"30m0s planned timeline[0] link: up", "30m0s link up", "30m0s connection-status Connected",
				"1h0m0s planned timeline[0] link: down", "1h0m0s link down", "1h0m0s connection-status Disconnected",
				"1h0m0s planned timeline[0] link: up", "1h0m0s link up", "1h0m0s connection-status Connected",
			},
		},
		{
			name: "after and in",
			timeline: []emulator.Moment{{
				After: emulator.Milestone{Action: "AddPortMapping", Count: 2}, In: emulator.Span{Min: time.Minute, Max: time.Minute},
				Do: []emulator.Action{{Clear: true}},
			}},
			ports:   []uint16{80, 81, 82},
			advance: time.Hour,
			want: []string{
				"1m0s planned timeline[0] clear", "1m0s mapping-deleted TCP 80 → 127.0.0.1:80",
				"1m0s mapping-deleted TCP 81 → 127.0.0.1:81", "1m0s mapping-deleted TCP 82 → 127.0.0.1:82",
			},
		},
		{
			name: "every so many",
			timeline: []emulator.Moment{{
				Every: emulator.Recurrence{Milestone: emulator.Milestone{Action: "AddPortMapping", Count: 2}}, In: emulator.Span{Min: time.Minute, Max: time.Minute},
				Do: []emulator.Action{{Status: "Connecting"}},
			}},
			ports:   []uint16{80, 81, 82, 83, 84},
			advance: time.Hour,
			want: []string{
				"1m0s planned timeline[0] status: Connecting", "1m0s connection-status Connecting", "1m0s planned timeline[0] status: Connecting",
			},
		},
		{
			name: "every boot",
			timeline: []emulator.Moment{
				{Every: emulator.Recurrence{Milestone: emulator.Milestone{Action: "boot", Count: 1}}, In: emulator.Span{Min: time.Minute, Max: time.Minute}, Do: []emulator.Action{{Link: "down"}}},
				{At: afterStart(10 * time.Minute), Do: []emulator.Action{{Reboot: &emulator.Reboot{}}}},
				{After: emulator.Milestone{Action: "boot", Count: 2}, Do: []emulator.Action{{Remove: "unused"}}},
			},
			advance: time.Hour,
			want: []string{
				"1m0s planned timeline[0] link: down", "1m0s link down", "1m0s connection-status Disconnected",
				"10m0s planned timeline[1] reboot", "10m0s reboot", "10m0s planned timeline[2] remove: unused",
				"11m0s planned timeline[0] link: down",
			},
		},
		{
			name: "if size",
			timeline: []emulator.Moment{
				{At: afterStart(time.Minute), If: emulator.Condition{Size: emulator.Count{Over: new(2)}}, Do: []emulator.Action{{Status: "Connecting"}}},
				{At: afterStart(time.Minute), If: emulator.Condition{Size: emulator.Count{AtLeast: new(2)}}, Do: []emulator.Action{{Status: "Disconnected"}}},
			},
			ports:   []uint16{80, 81},
			advance: time.Minute,
			want:    []string{"1m0s planned timeline[1] status: Disconnected", "1m0s connection-status Disconnected"},
		},
		{
			name: "what falls due together",
			timeline: []emulator.Moment{
				{At: afterStart(time.Minute), Do: []emulator.Action{{Reboot: &emulator.Reboot{}}, {WANAddress: toAddress("198.51.100.9")}}},
				{At: afterStart(time.Minute), Do: []emulator.Action{{Announce: "byebye"}}},
			},
			advance: time.Minute,
			want: []string{
				"1m0s planned timeline[0] reboot", "1m0s reboot", "1m0s planned timeline[0] wan-address: 198.51.100.9",
				"1m0s external-ip 198.51.100.9", "1m0s planned timeline[1] announce: byebye",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := emulator.NewClock(newYear())
			g := emulator.Start(t, emulator.Options{Version: 1, Timeline: tt.timeline, Clock: clock})
			add(t, g, tt.ports...)
			if d := cmp.Diff(tt.want, happened(newYear(), g.Advance(tt.advance))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// What happens with a call is done when its answer arrives.
func TestTimelineAfterCall(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Version: 1, Clock: emulator.NewClock(newYear()), Timeline: []emulator.Moment{
		{After: emulator.Milestone{Action: "GetExternalIPAddress", Count: 2}, Do: []emulator.Action{{WANAddress: toAddress("0.0.0.0")}}},
	}})
	c := client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
	var got []string
	for range 3 {
		ip, err := c.GetExternalIPAddress()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ip)
	}
	if d := cmp.Diff([]string{"45.66.77.88", "45.66.77.88", ""}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A call that is refused is no milestone.
func TestTimelineCountsSuccess(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Version: 1, Clock: emulator.NewClock(newYear()), Timeline: []emulator.Moment{
		{After: emulator.Milestone{Action: "DeletePortMapping", Count: 1}, Do: []emulator.Action{{Clear: true}}},
	}})
	c := client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)
	wantCode(t, "delete", c.DeletePortMapping("", 9, "TCP"), 714)
	if events := g.Advance(0); events != nil {
		t.Errorf("after a refusal: %v", happened(newYear(), events))
	}
}

// The moments of a random In are the seed's.
func TestTimelineSeed(t *testing.T) {
	run := func(seed uint64) []string {
		g := emulator.Start(t, emulator.Options{Seed: seed, Clock: emulator.NewClock(newYear()), Timeline: []emulator.Moment{
			{Every: eachTime(24 * time.Hour), In: emulator.Span{Max: 8 * time.Hour}, Do: []emulator.Action{{Announce: "alive"}}},
		}})
		events := g.Advance(10 * 24 * time.Hour)
		for i, e := range events {
			day := time.Duration(i+1) * 24 * time.Hour
			if d := e.Time.Sub(newYear()); d < day || d > day+8*time.Hour {
				t.Errorf("day %d: after %v", i+1, d)
			}
		}
		return happened(newYear(), events)
	}
	one := run(1)
	if len(one) < 9 || len(one) > 10 {
		t.Errorf("%d times in ten days", len(one))
	}
	if d := cmp.Diff(one, run(1)); d != "" {
		t.Errorf("one seed, two runs:\n%s", d)
	}
	if cmp.Equal(one, run(2)) {
		t.Error("two seeds, one run")
	}
}

// In package time the timeline goes by itself.
func TestTimelinePackageTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := inMemory(t, emulator.Options{Timeline: []emulator.Moment{{At: afterStart(time.Hour), Do: []emulator.Action{{WANAddress: toAddress("198.51.100.9")}}}}})
		time.Sleep(time.Hour - time.Second) // fake
		if ip := g.ExternalIP().String(); ip != "45.66.77.88" {
			t.Errorf("before its time: %s", ip)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if ip := g.ExternalIP().String(); ip != "198.51.100.9" {
			t.Errorf("after its time: %s", ip)
		}
	})
}

func TestTimelineProblems(t *testing.T) {
	reboot := []emulator.Action{{Reboot: &emulator.Reboot{}}}
	tests := []struct {
		name   string
		moment emulator.Moment
		want   string // part of the error
	}{
		{"no time", emulator.Moment{Do: reboot}, "timeline[0]: does not say when"},
		{"two times", emulator.Moment{At: afterStart(0), After: emulator.Milestone{Action: "boot", Count: 1}, Do: reboot}, "timeline[0].after: cannot be together"},
		{"too often", emulator.Moment{Every: eachTime(time.Millisecond), Do: reboot}, "timeline[0].every: must be 1s or more"},
		{"unknown action", emulator.Moment{After: emulator.Milestone{Action: "AddPortMappings", Count: 1}, Do: reboot}, `timeline[0].after: no service of this device has the action AddPortMappings; did you mean "AddPortMapping"?`},
		{"nothing", emulator.Moment{At: afterStart(0)}, "timeline[0].do: does nothing"},
		{"an empty action", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{}}}, "timeline[0].do[0]: does nothing"},
		{"two actions in one", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{Clear: true, Announce: "alive"}}}, "timeline[0].do[0].announce: one thing at a time"},
		{"an event of nothing", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{Clear: true, Event: new(false)}}}, "timeline[0].do[0].event: is about"},
		{"IPv6", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{WANAddress: toAddress("2001:db8::1")}}}, "timeline[0].do[0].wan-address: must be an IPv4 address"},
		{"another connection", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{Clear: true, WAN: new(1)}}}, "timeline[0].do[0].wan: there is no connection 1"},
		{"status", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{Status: "Conected"}}}, `did you mean "Connected"?`},
		{"no mapping", emulator.Moment{At: afterStart(0), Do: []emulator.Action{{Remove: "this"}}}, "timeline[0].do[0].remove: a timeline is about no mapping"},
		{"condition", emulator.Moment{At: afterStart(0), If: emulator.Condition{InFlight: emulator.Count{Over: new(1)}}, Do: reboot}, "timeline[0].if.in-flight: a timeline can ask for size only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := emulator.New(t.Context(), emulator.Options{Timeline: []emulator.Moment{tt.moment}})
			if err == nil {
				g.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
