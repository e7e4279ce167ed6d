package emulator

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Each part chooses among what the one before has left: times, then counts, then chance.
func TestWhen(t *testing.T) {
	a, b := matter{client: netip.MustParseAddr(us)}, matter{client: netip.MustParseAddr(them)}
	each := func(d time.Duration, n int) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Duration(i)*d)
		}
		return all
	}
	tests := []struct {
		name string
		when When
		at   []time.Duration
		per  []matter // in turns; nil: the device
		want []int    // of the occasions, which
	}{
		{"always", When{}, each(time.Second, 4), nil, []int{0, 1, 2, 3}},
		{"first", When{First: 2}, each(0, 4), nil, []int{0, 1}},
		{"every", When{Every: 3}, each(0, 7), nil, []int{2, 5}},
		{"every one", When{Every: 1}, each(0, 2), nil, []int{0, 1}},
		{"after a time", When{After: Duration(3 * time.Hour)}, each(time.Hour, 6), nil, []int{3, 4, 5}},
		{"after a count", When{AfterCount: 2}, each(0, 4), nil, []int{2, 3}},
		{"the third", When{AfterCount: 2, First: 1}, each(0, 5), nil, []int{2}},
		{"the first two of every third", When{Every: 3, First: 2}, each(0, 12), nil, []int{2, 5}},
		{"every second after the first", When{AfterCount: 1, Every: 2}, each(0, 6), nil, []int{2, 4}},
		{"the first after an hour", When{After: Duration(time.Hour), First: 1}, each(30*time.Minute, 6), nil, []int{2}},
		{"first per client", When{First: 1, Per: perClient}, each(0, 5), []matter{a, b}, []int{0, 1}},
		{"cycle", When{Cycle: &Cycle{Off: Duration(2 * time.Minute), On: Duration(time.Minute)}}, each(30*time.Second, 13), nil, []int{4, 5, 10, 11}},
		{"the first three of all cycles", When{Cycle: &Cycle{Off: Duration(time.Minute), On: Duration(time.Minute)}, First: 3}, each(30*time.Second, 13), nil, []int{2, 3, 6}},
		{"too fast", When{Rate: &Rate{Over: 2, In: Duration(3 * time.Second)}}, []time.Duration{0, 1e9, 2e9, 4e9, 6e9, 6e9}, nil, []int{2, 5}},
		{"too fast per client", When{Rate: &Rate{Over: 1, In: Duration(time.Second)}, Per: perClient}, each(400*time.Millisecond, 6), []matter{a, b}, []int{2, 3, 4, 5}},
		{"the first that is too fast", When{Rate: &Rate{Over: 1, In: Duration(time.Second)}, First: 1}, each(0, 4), nil, []int{1}},
		{"never by chance", When{Chance: 1e-12}, each(0, 100), nil, nil},
		{"always by chance", When{Chance: 1}, each(0, 3), nil, []int{0, 1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSchedule(tt.when, 1, "f", 0, epoch)
			var got []int
			for i, at := range tt.at {
				var m matter
				if tt.per != nil {
					m = tt.per[i%len(tt.per)]
				}
				if s.comes(epoch.Add(at), m) {
					got = append(got, i)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// edges are the times at which a fault's windows open and close within a week, as seen by asking every step.
func edges(w Windows, seed uint64, name string, step time.Duration) (all []time.Time) {
	s := newSchedule(When{Windows: &w}, seed, name, 0, epoch)
	was := false
	for now := epoch; now.Before(epoch.Add(7 * 24 * time.Hour)); now = now.Add(step) {
		if is := s.open(now); is != was {
			all = append(all, now)
			was = is
		}
	}
	return all
}

// The gaps are those of extip-intermittent: 13 to 103 minutes, and each window lasts its time.
func TestWindows(t *testing.T) {
	w := Windows{Gap: Span{13 * time.Minute, 103 * time.Minute}, For: Duration(time.Minute)}
	all := edges(w, 1, "f", time.Second)
	if n := len(all) / 2; n < 100 || n > 250 { // a week of 59 minutes in the mean
		t.Fatalf("%d windows in a week", n)
	}
	last, shortest, longest := epoch, time.Hour*24, time.Duration(0)
	for i := 0; i+1 < len(all); i += 2 {
		gap, lasts := all[i].Sub(last), all[i+1].Sub(all[i])
		if gap < 13*time.Minute-time.Second || gap > 103*time.Minute+time.Second || lasts < 59*time.Second || lasts > 61*time.Second {
			t.Errorf("window %d lasts %v after %v", i/2, lasts, gap)
		}
		last, shortest, longest = all[i+1], min(shortest, gap), max(longest, gap)
	}
	if shortest > 20*time.Minute || longest < 95*time.Minute {
		t.Errorf("gaps only from %v to %v", shortest, longest)
	}
	if d := cmp.Diff(all, edges(w, 1, "f", time.Second)); d != "" {
		t.Errorf("another time: (-first +second)\n%s", d)
	}
	for name, other := range map[string][]time.Time{"seed": edges(w, 2, "f", time.Second), "fault": edges(w, 1, "g", time.Second)} {
		if other[0].Equal(all[0]) && other[2].Equal(all[2]) {
			t.Errorf("another %s has the same windows", name)
		}
	}
}

// Windows are where they are, however often and with whatever chance they are asked for.
func TestWindowsDoNotDependOnOccasions(t *testing.T) {
	when := When{Windows: &Windows{Gap: Span{time.Minute, time.Hour}, For: Duration(10 * time.Minute)}, Chance: 0.5}
	busy, idle := newSchedule(when, 1, "f", 0, epoch), newSchedule(when, 1, "f", 0, epoch)
	r := rand.New(rand.NewPCG(1, 1))
	for now := epoch; now.Before(epoch.Add(48 * time.Hour)); now = now.Add(time.Minute) {
		for range r.IntN(5) {
			busy.comes(now, matter{})
		}
		if r.IntN(20) == 0 && busy.open(now) != idle.open(now) {
			t.Fatalf("they differ after %v", now.Sub(epoch))
		}
	}
}

func TestChance(t *testing.T) {
	s := newSchedule(When{Chance: 0.1}, 1, "f", 0, epoch)
	n := 0
	for range 10_000 {
		if s.comes(epoch, matter{}) {
			n++
		}
	}
	if n < 850 || n > 1150 { // five standard deviations
		t.Errorf("%d of 10,000 at 10%%", n)
	}
}

func TestScheduleBeginsAnew(t *testing.T) {
	s := newSchedule(When{First: 1, After: Duration(time.Hour)}, 1, "f", 0, epoch)
	for _, step := range []struct {
		at   time.Duration
		want bool
	}{{0, false}, {time.Hour, true}, {2 * time.Hour, false}} {
		if got := s.comes(epoch.Add(step.at), matter{}); got != step.want {
			t.Errorf("at %v: %v", step.at, got)
		}
	}
	s.begin(epoch.Add(2 * time.Hour))
	for _, step := range []struct {
		at   time.Duration
		want bool
	}{{2*time.Hour + 59*time.Minute, false}, {3 * time.Hour, true}, {3 * time.Hour, false}} {
		if got := s.comes(epoch.Add(step.at), matter{}); got != step.want {
			t.Errorf("at %v, after a boot at 2h: %v", step.at, got)
		}
	}
}

// Windows are drawn anew with each boot, and are not those of the boot before.
func TestWindowsBeginAnew(t *testing.T) {
	w := Windows{Gap: Span{13 * time.Minute, 103 * time.Minute}, For: Duration(time.Minute)}
	first := func(s *schedule) time.Duration {
		for up := time.Duration(0); ; up += time.Second {
			if s.open(s.began.Add(up)) {
				return up
			}
		}
	}
	seen := map[time.Duration]bool{}
	s := newSchedule(When{Windows: &w}, 1, "f", 0, epoch)
	for boot := range 5 {
		up := first(&s)
		if seen[up] || up < 13*time.Minute || up > 103*time.Minute+time.Second {
			t.Errorf("the first window of boot %d opens after %v; those before: %v", boot, up, seen)
		}
		seen[up] = true
		s.begin(s.began.Add(24 * time.Hour))
	}
}

// Two gateways of one seed do not have their bad luck together.
func TestChanceByName(t *testing.T) {
	luck := func(name string) (s string) {
		o := defaulted(t, Options{Name: name, Seed: 1, Clock: NewClock(epoch), Faults: []Fault{{Name: "flaky", On: "soap.*", When: When{Chance: 0.5}, Do: Deed{Drop: true}}}})
		st := newState(&o, newTree(&o, newSite(&o, "127.0.0.1:80", nil, generation{})))
		st.faults.note = func(Entry) {}
		for range 64 {
			s += boolean(st.meet(&occasion{layer: onSOAP}).acted)
		}
		return s
	}
	if a, again, b := luck("a"), luck("a"), luck("b"); a != again || a == b {
		t.Errorf("one %s, again %s, another %s", a, again, b)
	}
}

// What a stranger can make a fault remember is bounded, and the latest are remembered.
func TestTalliesAreBounded(t *testing.T) {
	var s tallies
	for conn := range uint64(5 * maxTallies) {
		s.add(matter{conn: conn})
		if n := len(s.young) + len(s.old); n > 2*maxTallies {
			t.Fatalf("%d are remembered", n)
		}
	}
	for conn := uint64(4 * maxTallies); conn < 5*maxTallies; conn++ {
		if !s.has(matter{conn: conn}) {
			t.Fatalf("%d is forgotten", conn)
		}
	}
	s.forget(matter{conn: 5*maxTallies - 1})
	if n := s.add(matter{conn: 5*maxTallies - 1}); n != 1 {
		t.Errorf("a forgotten one is counted %d", n)
	}
	if n := s.add(matter{conn: 5*maxTallies - 2}); n != 2 {
		t.Errorf("a remembered one is counted %d", n)
	}
}
