package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
	"unicode"
)

// The rules of speaking to a person.
//
// Results go to stdout and nothing else does; a script may read them without looking at anything here. Where another command is
// run, stdout is that command's, and we add nothing. Words go to stderr. With --json, stdout is exactly one document, or one
// document a line for what has more than one to tell, such as what runs until it is stopped.
//
// An error says in one plain sentence what happened to what the person asked for, in their words: the port they wrote, the flag,
// the program, the file and its line. What a gateway itself said follows in parentheses, for whoever searches the web for it.
// After it come at most two hints. A hint names the next command, ready to be copied, or the one place to look. Nothing is half
// started when an error is said.
//
// A warning is for what worked and will disappoint all the same: nothing listens, the address is not public.
//
// Nothing is said about what went as asked, except the result. What lasts longer than a second says what it waits for, once.
//
// No question is ever asked: scripts use this, and people who have left the room.
//
// Sentences start in lower case after the program's name, carry no full stop, no "please" and no exclamation mark.
// Colour marks the labels "error" and "warning" on a terminal; it never says anything by itself, and NO_COLOR turns it off.

const (
	red    = "31"
	yellow = "33"
)

// UI is what a command says with. Its methods may be called from any goroutine.
type UI struct {
	Program  string        // its name, before every sentence
	JSON     bool          // --json: stdout is for programs
	Lines    bool          // with JSON: one document a line, for a command that has more than one
	Color    bool          // stderr is a terminal that wants colour
	Patience time.Duration // until it is said what is being waited for; 0: a second
	Stdout   io.Writer
	Stderr   io.Writer

	mu     sync.Mutex // a progress line comes from a timer
	broken error
}

// Say writes one line of words.
func (u *UI) Say(format string, args ...any) { u.words("", fmt.Sprintf(format, args...)) }

// Error says what went wrong.
func (u *UI) Error(sentence string) { u.words(u.label("error: ", red), sentence) }

// Warn says what worked and will disappoint all the same.
func (u *UI) Warn(format string, args ...any) {
	u.words(u.label("warning: ", yellow), fmt.Sprintf(format, args...))
}

// Hint says what to do next; at most two follow one error or warning.
func (u *UI) Hint(hints ...string) {
	for _, h := range hints[:min(len(hints), 2)] {
		u.words("hint: ", h)
	}
}

func (u *UI) words(label, sentence string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(u.Stderr, "%s: %s%s\n", u.Program, label, OneLine(sentence))
}

func (u *UI) label(s, color string) string {
	if !u.Color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// OneLine keeps what came from a gateway, a file or a command line from moving the cursor, turning the line around or starting one
// of its own.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

// Patience is how long a person waits without asking what for.
const Patience = time.Second

// Waiting says what is being waited for if it is not over when Patience is. The function returned ends it.
func (u *UI) Waiting(format string, args ...any) (over func()) {
	t := time.AfterFunc(cmp.Or(u.Patience, Patience), func() { u.Say(format, args...) })
	return func() { t.Stop() }
}

// Document writes a JSON document: the only one of a command, or one line of many.
func (u *UI) Document(v any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := WriteDocument(result{u}, v, !u.Lines); err != nil && u.broken == nil {
		u.broken = err
	}
}

// WriteDocument writes v as JSON: pretty on several lines, otherwise on one.
func WriteDocument(w io.Writer, v any, pretty bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if pretty {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// Print writes one line of the result.
func (u *UI) Print(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintln(result{u}, OneLine(fmt.Sprintf(format, args...)))
}

// Table writes rows of cells in aligned columns; trailing cells may be missing.
func (u *UI) Table(rows [][]string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	Align(result{u}, rows)
}

// Align writes rows of cells in aligned columns.
func Align(to io.Writer, rows [][]string) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = OneLine(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	w.Flush()
}

// Write writes a part of the result as it is.
func (u *UI) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return result{u}.Write(b)
}

// Broken is the first failure to write a result: a full disk must not look like success.
func (u *UI) Broken() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.broken
}

// result is stdout, remembering that it broke.
type result struct{ *UI }

func (r result) Write(b []byte) (int, error) {
	n, err := r.Stdout.Write(b)
	if err != nil && r.broken == nil {
		r.broken = err
	}
	return n, err
}

// WantsColor reports whether f is a terminal whose owner has not asked for plain text (no-color.org). The consoles of Windows are
// not asked.
func WantsColor(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && runtime.GOOS != "windows" &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
