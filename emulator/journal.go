package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"
)

// journalSize is how many entries are kept in memory; the writer and the tally get all of them.
const journalSize = 4096

// journal numbers entries, keeps the latest and writes all.
type journal struct {
	mu     sync.Mutex
	name   string
	w      io.Writer
	tally  *Tally
	err    error // the first failure of w, which ends writing
	seq    uint64
	latest time.Time     // of an entry
	ring   []Entry       // entry n at (n-1)%journalSize
	grown  chan struct{} // closed by the next entry; nil while nobody waits
}

func (j *journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq, e.Gateway = j.seq, j.name
	// What was noted by the clock just before it was known what follows from it: times follow the numbers.
	if e.Time.Before(j.latest) {
		e.Time = j.latest
	}
	j.latest = e.Time
	if len(j.ring) < journalSize {
		j.ring = append(j.ring, e)
	} else {
		j.ring[(j.seq-1)%journalSize] = e
	}
	j.tally.Note(e)
	j.write(e)
	if j.grown != nil {
		close(j.grown)
		j.grown = nil
	}
}

func (j *journal) write(e Entry) {
	if j.w == nil || j.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.w.Write(append(line, '\n'))
	}
	if err != nil {
		j.err = fmt.Errorf("emulator: journal: %w", err)
	}
}

// after are the entries in memory that follow number seq, oldest first, and what is closed when there is another.
func (j *journal) after(seq uint64) ([]Entry, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	seq = min(max(seq, j.seq-uint64(len(j.ring))), j.seq)
	entries := make([]Entry, 0, j.seq-seq)
	for ; seq < j.seq; seq++ {
		entries = append(entries, j.ring[seq%journalSize])
	}
	if j.grown == nil {
		j.grown = make(chan struct{})
	}
	return entries, j.grown
}

func (j *journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Journal is what happened, oldest first: at most the latest 4096 entries.
func (g *Gateway) Journal() []Entry {
	all, _ := g.journal.after(0)
	return all
}

// JournalSince are the entries with a greater number than seq, as Journal gives them.
func (g *Gateway) JournalSince(seq uint64) []Entry {
	all, _ := g.journal.after(seq)
	return all
}

// Follow yields the entries with a greater number than seq, and then each as it is written, until ctx ends. A gap in the numbers
// is what came too fast for the reader.
func (g *Gateway) Follow(ctx context.Context, seq uint64) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for {
			entries, grown := g.journal.after(seq)
			for _, e := range entries {
				if ctx.Err() != nil || !yield(e) {
					return
				}
				seq = e.Seq
			}
			select {
			case <-grown:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Await waits until the journal holds what e expects, and returns the entry with which it came true. When ctx ends first, the error
// is an *UnmetError, which wraps ctx's. An upper bound cannot be waited for: see [Gateway.Verify].
func (g *Gateway) Await(ctx context.Context, e Expectation) (Entry, error) {
	t, err := NewTally(e)
	if err != nil {
		return Entry{}, err
	}
	least, _ := e.bounds()
	for entry := range g.Follow(ctx, 0) {
		t.Note(entry)
		if t.counts[0].seen >= least {
			return entry, nil
		}
	}
	return Entry{}, &UnmetError{Unmet: t.Unmet(), Cause: context.Cause(ctx)}
}

// Verify are those of these expectations that the journal, as far as it is in memory, does not meet. The error is about an
// expectation that makes no sense for g ([Expectation.Against]). What is expected of a whole long run is better said in Options.Tally.
func (g *Gateway) Verify(expect ...Expectation) ([]Unmet, error) {
	known := g.observed()
	for i, e := range expect {
		if problems := e.against(known); len(problems) > 0 {
			return nil, fmt.Errorf("emulator: expectation %d: %w", i+1, problems[0])
		}
	}
	t, err := NewTally(expect...)
	if err != nil {
		return nil, err
	}
	for _, e := range g.Journal() {
		t.Note(e)
	}
	return t.Unmet(), nil
}

// Calls are the calls of an action in the journal, oldest first. The name may hold * for any characters.
func (g *Gateway) Calls(action Pattern) []Entry {
	var calls []Entry
	for _, e := range g.Journal() {
		if e.Kind == "soap.call" && action.matches(e.Name) {
			calls = append(calls, e)
		}
	}
	return calls
}
