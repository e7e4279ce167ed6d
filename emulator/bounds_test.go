package emulator_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// What follows from itself goes on for ever, but takes its time: the clock gets past it, and it does not multiply.
func TestLoopsTakeTime(t *testing.T) {
	then := func(all ...emulator.Action) (d emulator.Deed) {
		for _, a := range all {
			d.Then = append(d.Then, emulator.Then{Action: a})
		}
		return d
	}
	a, b := netip.MustParseAddr("45.66.77.1"), netip.MustParseAddr("45.66.77.2")
	boot := emulator.Recurrence{Milestone: emulator.Milestone{Action: "boot", Count: 1}}
	reboot := emulator.Action{Reboot: &emulator.Reboot{}}
	nap := emulator.Action{Reboot: &emulator.Reboot{Downtime: 1}}
	for _, tt := range []struct {
		name string
		o    emulator.Options
	}{
		{"announcements announce", emulator.Options{Faults: []emulator.Fault{
			{On: "ssdp.notify", Do: then(emulator.Action{Announce: "alive"})},
		}}},
		{"announcements announce again and again", emulator.Options{Dialect: emulator.Dialect{SSDP: emulator.SSDPDialect{Sets: 3}}, Faults: []emulator.Fault{
			{On: "ssdp.notify", Do: then(emulator.Action{Announce: "alive"}, emulator.Action{Announce: "byebye"})},
		}}},
		{"announcements restart", emulator.Options{Faults: []emulator.Fault{{On: "ssdp.notify", Do: then(reboot)}}}},
		{"announcements take a nap", emulator.Options{Faults: []emulator.Fault{{On: "ssdp.notify", Do: then(nap)}}}},
		{"a boot restarts", emulator.Options{Timeline: []emulator.Moment{{Every: boot, Do: []emulator.Action{reboot}}}}},
		{"a boot takes naps", emulator.Options{Timeline: []emulator.Moment{{Every: boot, Do: []emulator.Action{nap, reboot, nap}}}}},
		{"the address goes to and fro", emulator.Options{
			Faults:   []emulator.Fault{{On: "view.external-ip", Do: then(emulator.Action{WANAddress: &a}, emulator.Action{WANAddress: &b})}},
			Timeline: []emulator.Moment{{Every: emulator.Recurrence{Period: emulator.Duration(time.Second)}, Do: []emulator.Action{{WANAddress: &a}, {WANAddress: &b}}}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := emulator.NewNetwork()
			defer n.Close()
			clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			o := tt.o
			o.Clock, o.SSDP, o.LAN = clock, "multicast", netip.MustParseAddr("192.168.1.1")
			o.Net = n.Host("gateway", netip.MustParsePrefix("192.168.1.1/24"))
			g, err := emulator.New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			const seconds = 60
			g.Advance(seconds * time.Second)
			all := g.Journal()
			// Of each second: a few sets of a dozen announcements, with a line for each and for what follows it.
			if most := uint64(seconds * 400); all[len(all)-1].Seq > most {
				t.Errorf("%d entries in %d seconds", all[len(all)-1].Seq, seconds)
			}
			planned := 0
			for _, e := range all {
				if e.Kind == "state.planned" {
					planned++
				}
			}
			if planned < seconds/2 {
				t.Errorf("%d things happened in %d seconds: the loop has ended", planned, seconds)
			}
		})
	}
}

// Times that nobody will live to see are refused, or at least harm nobody.
func TestLongTimes(t *testing.T) {
	for _, text := range []string{"36501d", "NaNd", "2562047h47m16.854775807s", "-1s", "0s..2562047h"} {
		var s emulator.Span
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is %v", text, s)
		}
	}
	clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	window := &emulator.Windows{Gap: emulator.Span{Min: time.Second, Max: 2 * time.Second}, For: 1}
	l := onLoopback(t, emulator.Options{
		Clock:    clock,
		Timeline: []emulator.Moment{{At: new(emulator.Duration), In: emulator.Span{Max: math.MaxInt64}, Do: []emulator.Action{{Clear: true}}}},
		Faults:   []emulator.Fault{{On: "view.external-ip", When: emulator.When{Windows: window}, Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 501}}}},
	})
	// Three billion windows.
	l.g.Advance(100 * 365 * 24 * time.Hour)
	if _, err := l.igd.GetExternalIPAddress(); err != nil {
		t.Log(err) // within a window, by chance
	}
}

// A client that makes something happen much later, again and again, gets no more than has room.
func TestMilestonesAreBounded(t *testing.T) {
	const calls = 5000
	every := emulator.Recurrence{Milestone: emulator.Milestone{Action: "GetStatusInfo", Count: 1}}
	l := onLoopback(t, emulator.Options{
		Clock:    emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		Timeline: []emulator.Moment{{Every: every, In: emulator.Span{Min: time.Hour, Max: time.Hour}, Do: []emulator.Action{{Clear: true}}}},
	})
	for range calls {
		if _, _, _, err := l.igd.GetStatusInfo(); err != nil {
			t.Fatal(err)
		}
	}
	fired := l.g.Advance(2 * time.Hour)
	if n := len(fired); n == 0 || n > 4096 {
		t.Fatal(fmt.Sprint(n, " things happened after as many calls as ", calls))
	}
}

// Lists that no gateway needs are refused, and quickly.
func TestListsAreBounded(t *testing.T) {
	fault := emulator.Fault{On: "http.head", When: emulator.When{Chance: 0.1}, Do: emulator.Deed{Delay: emulator.Span{Min: 1, Max: 1}}}
	moment := emulator.Moment{At: new(emulator.Duration), Do: []emulator.Action{{Clear: true}}}
	for _, tt := range []struct {
		word       string
		most, over emulator.Options
	}{
		{"wan", emulator.Options{WAN: make([]emulator.WAN, 64)}, emulator.Options{WAN: make([]emulator.WAN, 65)}},
		{"faults", emulator.Options{Faults: slices.Repeat([]emulator.Fault{fault}, 1000)}, emulator.Options{Faults: slices.Repeat([]emulator.Fault{fault}, 1001)}},
		{"timeline", emulator.Options{Timeline: slices.Repeat([]emulator.Moment{moment}, 1000)}, emulator.Options{Timeline: slices.Repeat([]emulator.Moment{moment}, 1001)}},
	} {
		if all := tt.most.Problems(); len(all) > 0 {
			t.Errorf("%s: %v", tt.word, all[0])
		}
		if all := tt.over.Problems(); len(all) != 1 || !strings.Contains(all[0].Error(), tt.word+": has ") {
			t.Errorf("%s: %v", tt.word, all)
		}
	}
}

// Replacements of what replacements have put there stop before they fill the memory.
func TestRewritingIsBounded(t *testing.T) {
	var all []emulator.Replacement
	for range 12 {
		all = append(all, emulator.Replacement{Find: "a", Text: new(strings.Repeat("a", 50))})
	}
	blown := emulator.Bytes(strings.Repeat("a", 1<<20))
	g := emulator.Start(t, emulator.Options{
		SSDP:   "off",
		Faults: []emulator.Fault{{On: "http.body", Do: emulator.Deed{Replace: all, Prefix: &blown, Suffix: &blown}}},
	})
	resp, err := http.Get(g.Location())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n < 1<<20 || n > 16<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
