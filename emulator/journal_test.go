package emulator

import "testing"

func TestJournalKeepsTheLatest(t *testing.T) {
	var j journal
	for n := 1; n <= 2*journalSize+10; n++ {
		j.add(Entry{})
		if n%1000 != 0 && n != journalSize && n != journalSize+1 {
			continue
		}
		all, _ := j.after(0)
		if len(all) != min(n, journalSize) || all[0].Seq != uint64(max(1, n-journalSize+1)) || all[len(all)-1].Seq != uint64(n) {
			t.Errorf("of %d entries %d are kept, from %d to %d", n, len(all), all[0].Seq, all[len(all)-1].Seq)
		}
	}
}

func TestJournalSince(t *testing.T) {
	var j journal
	for range journalSize + 100 {
		j.add(Entry{})
	}
	last := uint64(journalSize + 100)
	check := func(since uint64, want ...uint64) {
		t.Helper()
		all, _ := j.after(since)
		if len(want) == 0 {
			if len(all) != 0 {
				t.Errorf("since %d: %d entries", since, len(all))
			}
			return
		}
		if all[0].Seq != want[0] || all[len(all)-1].Seq != want[1] || uint64(len(all)) != want[1]-want[0]+1 {
			t.Errorf("since %d: %d entries from %d to %d, want %d to %d", since, len(all), all[0].Seq, all[len(all)-1].Seq, want[0], want[1])
		}
	}
	check(0, 101, last)
	check(50, 101, last)
	check(last-3, last-2, last)
	check(last)
	check(last + 7)
}
