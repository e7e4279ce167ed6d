package main

import (
	"encoding/json"
	"io"
	"sync/atomic"
	"time"
)

// maxEvents bounds what waits for a slow reader of stdout. Many programs read the ready line and nothing after it; the
// gateway must not stand still when the pipe is full.
const maxEvents = 4096

// eventWriter writes NDJSON for a reader of any speed: put never blocks. What does not fit is counted and told.
type eventWriter struct {
	w       io.Writer
	lines   chan []byte
	dropped atomic.Int64
	quit    chan struct{} // closed by close
	done    chan struct{} // closed when run has ended
}

func newEventWriter(w io.Writer) *eventWriter {
	return &eventWriter{w: w, lines: make(chan []byte, maxEvents), quit: make(chan struct{}), done: make(chan struct{})}
}

// run writes until close, and what is left then. A reader that has gone ends it sooner: serve goes on without one.
func (ew *eventWriter) run() {
	defer close(ew.done)
	for {
		select {
		case line := <-ew.lines:
			if ew.write(line) != nil {
				return
			}
			continue
		default:
		}
		select { // nothing waits
		case line := <-ew.lines:
			if ew.write(line) != nil {
				return
			}
		case <-ew.quit:
			if ew.dropped.Load() > 0 {
				_ = ew.write(nil)
			}
			return
		}
	}
}

func (ew *eventWriter) write(line []byte) error {
	if n := ew.dropped.Swap(0); n > 0 {
		line = append(encodeLine(droppedLine{"dropped", n}), line...)
	}
	_, err := ew.w.Write(line)
	return err
}

// put takes any value that encodes to a JSON object.
func (ew *eventWriter) put(v any) {
	select {
	case ew.lines <- encodeLine(v):
	default:
		ew.dropped.Add(1)
	}
}

// close has what is left written, for as long as the reader takes part, but not longer than d.
func (ew *eventWriter) close(d time.Duration) {
	close(ew.quit)
	select {
	case <-ew.done:
	case <-time.After(d):
	}
}

// droppedLine tells that events are missing nearby.
type droppedLine struct {
	Event string `json:"event"` // "dropped"
	Count int64  `json:"count"`
}

// encodeLine makes one line of NDJSON.
func encodeLine(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types always encode
	}
	return append(b, '\n')
}
