package emulator

import (
	"testing"
	"time"
)

func TestJournalTimesFollowNumbers(t *testing.T) {
	var j journal
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{time.Second, 0, 2 * time.Second} {
		j.add(Entry{Time: start.Add(d)})
	}
	all, _ := j.after(0)
	for i, want := range []time.Duration{time.Second, time.Second, 2 * time.Second} {
		if got := all[i].Time.Sub(start); got != want {
			t.Errorf("entry %d is of %v, want %v", i+1, got, want)
		}
	}
}
