package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
	"unicode"
)

// The rules of speaking to a person.
//
// Results go to stdout and nothing else does; a script may read them without looking at anything here. Words go to stderr.
// With --json, stdout is exactly one document, or one document a line for what runs until it is stopped.
//
// An error says in one plain sentence what happened to what the person asked for, in their words: the port they wrote, the
// program, the computer. What the gateway itself said follows in parentheses, for whoever searches the web for it.
// After it come at most two hints. A hint names the next command, ready to be copied, or the one place to look.
//
// A warning is for what worked and will disappoint all the same: nothing listens, the address is not public.
//
// Nothing is said about what went as asked, except the result. What lasts longer than a second says what it waits for, once.
//
// No question is ever asked: igdctl is used by scripts, and by people who have left the room.
//
// Sentences start in lower case after "igdctl: ", carry no full stop, no "please" and no exclamation mark.
// Colour marks the labels "error" and "warning" on a terminal; it never says anything by itself, and NO_COLOR turns it off.

const (
	red    = "31"
	yellow = "33"
)

// ui is what a command says with.
type ui struct {
	json  bool // --json: stdout is for programs
	lines bool // with json: one document a line, for a command that runs until it is stopped
	color bool // stderr is a terminal that wants colour

	patience time.Duration // until it is said what is being waited for; 0: a second

	mu     sync.Mutex // a progress line comes from a timer
	stdout io.Writer
	stderr io.Writer
	broken error // the first failure to write a result
}

// say writes one line of words.
func (u *ui) say(format string, args ...any) { u.words("", fmt.Sprintf(format, args...)) }

func (u *ui) error(sentence string) { u.words(u.label("error: ", red), sentence) }

func (u *ui) warn(format string, args ...any) {
	u.words(u.label("warning: ", yellow), fmt.Sprintf(format, args...))
}

// hint says what to do next; at most two follow one error or warning.
func (u *ui) hint(hints ...string) {
	for _, h := range hints[:min(len(hints), 2)] {
		u.words("hint: ", h)
	}
}

func (u *ui) words(label, sentence string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(u.stderr, "igdctl: %s%s\n", label, oneLine(sentence))
}

func (u *ui) label(s, color string) string {
	if !u.color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// oneLine keeps what a gateway said from moving the cursor, turning the line around or starting one of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

// patience is how long a person waits without asking what for.
const patience = time.Second

// waiting says what is being waited for if it is not over when patience is. The function returned ends it.
func (u *ui) waiting(format string, args ...any) (over func()) {
	t := time.AfterFunc(cmp.Or(u.patience, patience), func() { u.say(format, args...) })
	return func() { t.Stop() }
}

// document writes a JSON document: the only one of a command, or one line of many.
func (u *ui) document(v any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e := json.NewEncoder(result{u})
	e.SetEscapeHTML(false)
	if !u.lines {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil && u.broken == nil {
		u.broken = err
	}
}

// print writes one line of the result.
func (u *ui) print(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintln(result{u}, oneLine(fmt.Sprintf(format, args...)))
}

// table writes rows of cells in aligned columns; trailing cells may be missing.
func (u *ui) table(rows [][]string) {
	u.mu.Lock()
	defer u.mu.Unlock()
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
