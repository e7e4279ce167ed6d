package client_test

import (
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

const (
	weekCheck  = 15 * time.Minute
	weekOutage = 25 * time.Second
)

// A week of mappings on a gateway to which everything happens: it is out of reach for 25 s every hour, restarts every day in another way, gets another
// address twice a day and loses its mappings, one or all. None is away for longer than the outage and the time between two checks.
func TestWeek(t *testing.T) {
	for _, tt := range []struct {
		name    string
		days, n int
		version int
		listen  bool
	}{
		{"a week of 100", 7, 100, 2, false},
		{"a day of 20 with events", 1, 20, 2, true},
		{"a day of 20 of IGD:1", 1, 20, 1, false},
		{"a day of 20 of IGD:1 with events", 1, 20, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() || raceDetector {
				tt.days, tt.n = 1, 10
			}
			synctest.Test(t, func(t *testing.T) { live(t, tt.days, tt.n, tt.version, tt.listen) })
		})
	}
}

// BenchmarkWeek times the week of 100 mappings as a process that does nothing else, since only a test has fake time.
func BenchmarkWeek(b *testing.B) {
	var used time.Duration
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWeek$/^a_week_of_100$", "-test.count=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/week")
	b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/week")
}

// live keeps n mappings for so many days.
func live(t *testing.T, days, n, version int, listen bool) {
	h := newHome(t, emulator.Options{Version: version})
	h.forget()
	c := client.New(client.Options{Net: h.pc, Listen: listen})
	all := keepMany(t, c, n, client.Request{Lease: 2 * time.Hour, CheckInterval: weekCheck})
	w := &absences{seen: map[uint16]time.Time{}, worst: map[uint16]time.Duration{}}
	w.look(h)
	down := time.Duration(0)
	for hour := range days * 24 {
		for minute := range 60 {
			switch {
			case minute == 7: // out of reach
				h.router.Blackhole(true)
				w.sleep(h, weekOutage)
				h.router.Blackhole(false)
				w.sleep(h, time.Minute-weekOutage)
				continue
			case minute == 20 && hour%12 == 5:
				if err := h.SetExternalIP(netip.AddrFrom4([4]byte{45, 66, 77, byte(hour)})); err != nil {
					t.Fatal(err)
				}
			case minute == 30 && hour%3 == 1:
				if err := h.Act(emulator.Action{Remove: "oldest"}); err != nil {
					t.Fatal(err)
				}
			case minute == 40 && hour%5 == 2:
				if err := h.Act(emulator.Action{Clear: true}); err != nil {
					t.Fatal(err)
				}
			case minute == 50 && hour%24 == 10:
				day := hour / 24
				down = 40 * time.Second
				how := emulator.Reboot{ByeBye: new(day%2 == 0), NewPorts: day%3 == 1, NewPaths: day%4 == 2, NewUDN: day%5 == 3, BootID: new(day%2 == 1), Downtime: emulator.Duration(down)}
				if err := h.Reboot(how); err != nil {
					t.Fatal(err)
				}
			}
			w.sleep(h, time.Minute)
		}
	}
	w.end()
	for port, away := range w.worst {
		if away > weekCheck+weekOutage+down+absenceStep {
			t.Errorf("port %d was away for %v", port, away)
		}
	}
	if len(w.worst) != n {
		t.Errorf("%d of %d ports were seen", len(w.worst), n)
	}
	for _, m := range all {
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if left := h.table(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// absenceStep is how often the table is looked at.
const absenceStep = time.Minute

// absences measures how long each port is not open.
type absences struct {
	seen  map[uint16]time.Time
	worst map[uint16]time.Duration
}

func (w *absences) look(h *home) {
	now := time.Now()
	for _, m := range h.Mappings() {
		if last, ok := w.seen[m.ExternalPort]; ok {
			w.worst[m.ExternalPort] = max(w.worst[m.ExternalPort], now.Sub(last))
		}
		w.seen[m.ExternalPort] = now
	}
}

// end counts what is away and has not come back.
func (w *absences) end() {
	for port, last := range w.seen {
		w.worst[port] = max(w.worst[port], time.Since(last))
	}
}

// sleep looks every absenceStep.
func (w *absences) sleep(h *home, d time.Duration) {
	for ; d > 0; d -= absenceStep {
		time.Sleep(min(d, absenceStep))
		w.look(h)
	}
}
