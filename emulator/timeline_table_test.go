package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// A firewall that is loaded anew forgets what the daemon told it. The daemon tells it again what is renewed, and after a restart all.
func TestFlush(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("a restart later: %v", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{Timeline: []emulator.Moment{{At: afterStart(time.Minute), Do: []emulator.Action{{Flush: true}}}}})
				l := listen(t, h.nas, "192.168.1.10:80")
				inner, outer := socket(t, h.nas, "192.168.1.10:5000"), socket(t, h.peer, peerAddr+":7000")
				h.add("TCP", 8080, 80, 3600)
				h.add("UDP", 5001, 5000, 3600)
				near, far := h.connect(l, external+":8080")
				time.Sleep(2 * time.Minute)
				wantReset(t, "the peer", near)
				wantReset(t, "the program", far)
				if c, err := h.dial(external + ":8080"); err == nil {
					c.Close()
					t.Error("a peer gets through")
				}
				silent(t, inner, func() { say(t, outer, external+":5001", "lost") })
				for _, m := range h.g.Mappings() {
					if !m.Enabled || m.Reach.IsValid() || m.InternalClient.String() != "192.168.1.10" {
						t.Errorf("listed is %v, reach %v", m, m.Reach)
					}
				}
				if keep {
					if err := h.g.Reboot(emulator.Reboot{Keep: true}); err != nil {
						t.Fatal(err)
					}
				} else {
					h.add("TCP", 8080, 80, 3600)
					h.add("UDP", 5001, 5000, 3600)
				}
				near, far = h.connect(l, external+":8080")
				if !crosses(t, near, far) {
					t.Error("bytes do not pass")
				}
				say(t, outer, external+":5001", "again")
				hear(t, inner, "again", peerAddr+":7000")
			})
		})
	}
}

// Descriptions are cut where they are too long, at a whole character; static rows are not the daemon's.
func TestCut(t *testing.T) {
	clock := emulator.NewClock(newYear())
	g := emulator.Start(t, emulator.Options{
		Clock: clock,
		Mappings: []emulator.InitialMapping{
			{ExternalPort: 1, Description: strings.Repeat("x", 9)},
			{ExternalPort: 2, Description: "abcdefgäh"},
			{ExternalPort: 3, Description: "short"},
			{ExternalPort: 4, Description: strings.Repeat("x", 9), Static: true},
		},
		Timeline: []emulator.Moment{{At: afterStart(time.Minute), Do: []emulator.Action{{Cut: 8}}}},
	})
	events := happened(newYear(), g.Advance(time.Minute))
	var all []string
	for _, m := range g.Mappings() {
		all = append(all, m.Description)
	}
	if diff := cmp.Diff([]string{"xxxxxxxx", "abcdefg", "short", "xxxxxxxxx"}, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(events) != 3 || events[0] != "1m0s planned timeline[0] cut: 8" {
		t.Errorf("happened %v, want the plan and two updates", events)
	}
}

// Whatever takes a connection down is a milestone, and what is down already does not go down.
func TestDisconnectedIsAMilestone(t *testing.T) {
	clock := emulator.NewClock(newYear())
	g := emulator.Start(t, emulator.Options{
		Clock:    clock,
		Mappings: []emulator.InitialMapping{{ExternalPort: 1}, {ExternalPort: 2, Static: true}},
		Timeline: []emulator.Moment{
			{Every: emulator.Recurrence{Milestone: emulator.Milestone{Action: "disconnected", Count: 2}}, Do: []emulator.Action{{Clear: true}}},
			{At: afterStart(time.Minute), Do: []emulator.Action{{Link: "down"}, {Link: "up"}}},
		},
	})
	g.Advance(time.Minute)
	if n := len(g.Mappings()); n != 2 {
		t.Errorf("%d mappings after the first time", n)
	}
	for _, status := range []string{"Disconnected", "Connecting", "Disconnected"} {
		if err := g.SetConnectionStatus(status); err != nil {
			t.Fatal(err)
		}
		if n := len(g.Mappings()); n != 1 {
			t.Errorf("%d mappings after the second time, at %s", n, status)
		}
	}
}
