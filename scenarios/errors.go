package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// InvalidError says that a document is not a scenario. It holds everything that is wrong with it and with the files that it
// names, each file in the order of its lines, so that all can be put right in one go.
type InvalidError struct {
	File     string // as given to Load or Parse
	Problems []Problem
}

// Problem is one thing wrong with a scenario.
type Problem struct {
	File         string // where it stands; it may be a file that the document names
	Line, Column int    // from 1; 0 when the place is not known
	Key          string // where in that file: "devices[0].igd"; empty for the document itself
	Message      string
	DidYouMean   string // the nearest word that would do; empty when none is near
}

// String writes p as compilers do: file:line:column: message; did you mean "x"?
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.DidYouMean != "" {
		fmt.Fprintf(&b, "; did you mean %q?", p.DidYouMean)
	}
	return b.String()
}

func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return e.File + ": not a scenario"
	}
	s := e.Problems[0].String()
	if n := len(e.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// UnknownError says that no built-in scenario has this name.
type UnknownError struct {
	Name    string
	Nearest []string // built-in names that look like it, best first; at most three
}

func (e *UnknownError) Error() string {
	s := fmt.Sprintf("no built-in scenario is called %q", e.Name)
	if len(e.Nearest) > 0 {
		s += fmt.Sprintf("; did you mean %s?", strings.Join(e.Nearest, " or "))
	}
	return s
}

// maxProblems bounds a report. Nobody reads further, and one slip can make every line wrong.
const maxProblems = 200

// problems collects what is wrong, each thing once: a file may be read for itself and as a part of another.
type problems struct {
	all  []Problem
	seen map[Problem]bool
}

func (ps *problems) add(at place, key, didYouMean, format string, args ...any) {
	p := Problem{at.file, at.line, at.column, key, fmt.Sprintf(format, args...), didYouMean}
	if ps.seen[p] || len(ps.all) >= maxProblems {
		return
	}
	if ps.seen == nil {
		ps.seen = map[Problem]bool{}
	}
	ps.seen[p] = true
	ps.all = append(ps.all, p)
}

// at reports about n.
func (ps *problems) at(n *node, didYouMean, format string, args ...any) {
	n.bad = true
	ps.add(n.place, n.path().String(), didYouMean, format, args...)
}

// err is nil or an *InvalidError with the problems of file first.
func (ps *problems) err(file string) error {
	if len(ps.all) == 0 {
		return nil
	}
	slices.SortStableFunc(ps.all, func(a, b Problem) int {
		if a.File != b.File {
			return cmp.Or(compareBool(b.File == file, a.File == file), cmp.Compare(a.File, b.File))
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &InvalidError{File: file, Problems: ps.all}
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
