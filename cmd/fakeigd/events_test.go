package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type numbered struct {
	N int `json:"n"`
}

// A reader that takes nothing never stops the gateway; what is lost is counted, and the rest is in order.
func TestEventsSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		ew := newEventWriter(w)
		go ew.run()
		const lost = 10
		ew.put(numbered{0}) // is being written
		synctest.Wait()
		for n := range maxEvents + lost {
			ew.put(numbered{n + 1})
		}
		read := make(chan string)
		go func() {
			text, _ := io.ReadAll(r)
			read <- string(text)
		}()
		ew.close(time.Second)
		w.Close()
		var next int
		var dropped int64
		for line := range strings.Lines(<-read) {
			var e struct {
				N     int
				Event string
				Count int64
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if e.Event == "dropped" {
				dropped += e.Count
				continue
			}
			if e.N != next {
				t.Fatalf("event %d, want %d", e.N, next)
			}
			next++
		}
		if dropped != lost || next != maxEvents+1 {
			t.Errorf("%d events and %d dropped, want %d and %d", next, dropped, maxEvents+1, lost)
		}
	})
}

// A reader that never reads delays the end by no more than it was given.
func TestEventsDeadReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		ew := newEventWriter(w)
		go ew.run()
		ew.put(numbered{1})
		start := time.Now()
		ew.close(drainTime)
		if took := time.Since(start); took != drainTime {
			t.Errorf("close took %v, want %v", took, drainTime)
		}
		r.Close() // lets run end
	})
}

// A reader that has gone is no error: serve goes on.
func TestEventsReaderGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ew := newEventWriter(brokenWriter{})
		go ew.run()
		for n := range 2 * maxEvents {
			ew.put(numbered{n})
		}
		ew.close(time.Second)
	})
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// What is put before run begins is written after what comes first.
func TestEventsInOrder(t *testing.T) {
	var out bytes.Buffer
	ew := newEventWriter(&out)
	ew.put(numbered{1})
	ew.put(numbered{2})
	go ew.run()
	ew.close(time.Minute)
	if want := "{\"n\":1}\n{\"n\":2}\n"; out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
}
