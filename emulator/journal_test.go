package emulator

import "testing"

func TestJournalKeepsTheLatest(t *testing.T) {
	var j journal
	for n := 1; n <= 2*journalSize+10; n++ {
		j.add(Entry{})
		if n%1000 != 0 && n != journalSize && n != journalSize+1 {
			continue
		}
		all := j.entries()
		if len(all) != min(n, journalSize) || all[0].Seq != uint64(max(1, n-journalSize+1)) || all[len(all)-1].Seq != uint64(n) {
			t.Errorf("of %d entries %d are kept, from %d to %d", n, len(all), all[0].Seq, all[len(all)-1].Seq)
		}
	}
}
