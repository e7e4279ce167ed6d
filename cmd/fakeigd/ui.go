package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// The rules of speaking to a person, the same as igdctl's.
//
// Results go to stdout and nothing else does. In run and lab stdout belongs to the command that is run: we add nothing.
// Words go to stderr. With --json, stdout is exactly one document; serve always writes one document a line.
//
// An error says in one plain sentence what happened to what the person asked for, in their words: the flag, the port, the
// file and its line. After it come at most two hints. A hint names the next command, ready to be copied, or the one place
// to look. Nothing is half started when an error is said.
//
// Nothing is said about what went as asked, except the result. What lasts longer than a second says what it waits for, once.
//
// No question is ever asked: fakeigd is used by scripts.
//
// Sentences start in lower case after "fakeigd: ", carry no full stop, no "please" and no exclamation mark.
// Colour marks the label "error" on a terminal; it never says anything by itself, and NO_COLOR turns it off.

const red = "31"

// ui is what a command says with.
type ui struct {
	json  bool // --json: stdout is for programs
	color bool // stderr is a terminal that wants colour

	mu     sync.Mutex // a progress line comes from a timer
	stdin  *os.File   // files, because commands that we run inherit them
	stdout *os.File
	stderr *os.File
	broken error // the first failure to write a result
}

// say writes one line of words.
func (u *ui) say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(u.stderr, "fakeigd: %s\n", fmt.Sprintf(format, args...))
}

func (u *ui) error(sentence string) {
	label := "error:"
	if u.color {
		label = "\x1b[" + red + "m" + label + "\x1b[0m"
	}
	u.say("%s %s", label, oneLine(sentence))
}

// hint says what to do next; at most two follow one error.
func (u *ui) hint(hints ...string) {
	for _, h := range hints[:min(len(hints), 2)] {
		u.say("hint: %s", oneLine(h))
	}
}

// oneLine keeps what came from a file or a command line from moving the cursor or starting lines of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// patience is how long a person waits without asking what for.
const patience = time.Second

// waiting says what is being waited for if it is not over within a second. The function returned ends it.
func (u *ui) waiting(format string, args ...any) (over func()) {
	t := time.AfterFunc(patience, func() { u.say(format, args...) })
	return func() { t.Stop() }
}

// document writes the one JSON document of a command.
func (u *ui) document(v any) { writeDocument(result{u}, v) }

func writeDocument(w io.Writer, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // result remembers a failure to write, and our documents always encode
}

// print writes one line of the result.
func (u *ui) print(format string, args ...any) {
	fmt.Fprintln(result{u}, oneLine(fmt.Sprintf(format, args...)))
}

// table writes rows of cells in aligned columns; trailing cells may be missing.
func (u *ui) table(rows [][]string) {
	w := tabwriter.NewWriter(result{u}, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = oneLine(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	w.Flush()
}

// result is stdout, remembering that it broke: a full disk must not look like success.
type result struct{ *ui }

func (r result) Write(b []byte) (int, error) {
	n, err := r.stdout.Write(b)
	if err != nil && r.broken == nil {
		r.broken = err
	}
	return n, err
}
