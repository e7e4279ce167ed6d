package emulator

import (
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"time"
)

// schedule is a When with what it has counted. All times are the gateway's.
type schedule struct {
	When
	seed   uint64     // of this fault alone
	chance *rand.Rand // drawn from at each occasion that gets so far
	began  time.Time  // the gateway's boot, or when the fault was added
	boots  uint64

	window struct {
		rand       *rand.Rand
		start, end time.Time
	}
	seen   tallies             // by Per
	recent memory[[]time.Time] // the latest, for Rate, oldest first; by Per
	going  tallies             // for whom it goes on
}

// matter is whom or what an occasion is counted for. The zero value is the device.
type matter struct {
	client  netip.Addr
	conn    uint64
	wan     int
	mapping key
}

// newSchedule gives w a stream of its own, so that what it draws does not depend on what else happens. number tells faults of
// one name apart.
func newSchedule(w When, seed uint64, name string, number int, now time.Time) schedule {
	h := fnv.New64a()
	h.Write([]byte(name))
	s := schedule{When: w, seed: seed ^ h.Sum64() ^ uint64(number)<<32}
	s.chance = rand.New(rand.NewPCG(s.seed, 1))
	s.begin(now)
	return s
}

// begin starts all clocks and counts anew, as a reboot does. What goes on until a mapping is deleted does so, if the mapping is
// still there.
func (s *schedule) begin(now time.Time) {
	s.began = now
	s.boots++
	s.seen, s.recent = tallies{}, memory[[]time.Time]{}
	if s.Until != untilDeleted {
		s.going = tallies{}
	}
	// Windows do not share a stream with chance, which is drawn from more often when there are more occasions.
	s.window.rand = rand.New(rand.NewPCG(s.seed, s.boots<<8|2))
	s.window.end = now
	s.nextWindow()
}

// comes reports whether its time has come at now, for the count of per. Each part chooses among the occasions that the one before
// has left: times first, then counts, then chance.
func (s *schedule) comes(now time.Time, per matter) bool {
	if !s.open(now) || !s.tooFast(now, per) {
		return false
	}
	if s.First > 0 || s.Every > 1 || s.AfterCount > 0 {
		n := s.seen.add(per) - s.AfterCount
		if n <= 0 {
			return false
		}
		if s.Every > 1 {
			if n%s.Every != 0 {
				return false
			}
			n /= s.Every
		}
		if s.First > 0 && n > s.First {
			return false
		}
	}
	return s.Chance == 0 || s.chance.Float64() < float64(s.Chance)
}

// counts reports whether it matters how often an occasion comes.
func (s *schedule) counts() bool {
	return s.First > 0 || s.Every > 1 || s.AfterCount > 0 || s.Chance > 0 || s.Rate != nil
}

// open are the parts that the clock decides.
func (s *schedule) open(now time.Time) bool {
	up := now.Sub(s.began)
	if up < time.Duration(s.After) {
		return false
	}
	if c := s.Cycle; c != nil && up%time.Duration(c.Off+c.On) < time.Duration(c.Off) {
		return false
	}
	if s.Windows == nil {
		return true
	}
	s.skipWindows(now)
	for !now.Before(s.window.end) {
		s.nextWindow()
	}
	return !now.Before(s.window.start)
}

// maxRate bounds how many times are remembered for one matter.
const maxRate = 1000

// tooFast reports whether the occasion at now is one too many for Rate.
func (s *schedule) tooFast(now time.Time, per matter) bool {
	if s.Rate == nil {
		return true
	}
	times := s.recent.get(per)
	full := len(times) >= s.Rate.Over
	fast := full && now.Sub(times[0]) < time.Duration(s.Rate.In)
	if full {
		times = append(times[:0], times[1:]...)
	}
	s.recent.put(per, append(times, now))
	return fast
}

// forget is told that a matter is over.
func (s *schedule) forget(m matter) {
	s.seen.forget(m)
	s.recent.forget(m)
	s.going.forget(m)
}

// maxWindows is how many are drawn at once.
const maxWindows = 10_000

// skipWindows leaves out most of those that nobody has met, so that a clock that was moved by years does not walk through them all.
func (s *schedule) skipWindows(now time.Time) {
	longest := s.Windows.Gap.Max + time.Duration(s.Windows.For)
	if most := longest * maxWindows; most/maxWindows == longest && now.Sub(s.window.end) > most {
		s.window.end = now.Add(-most)
	}
}

func (s *schedule) nextWindow() {
	if s.Windows == nil {
		return
	}
	s.window.start = s.window.end.Add(s.Windows.Gap.draw(s.window.rand))
	s.window.end = s.window.start.Add(time.Duration(s.Windows.For))
}

// draw chooses a duration from s.
func (s Span) draw(r *rand.Rand) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(r.Uint64N(uint64(s.Max-s.Min)+1))
}
