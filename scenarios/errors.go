package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// InvalidError says that a document is not a scenario. It holds everything that is wrong with it, in the order of the
// document, so that a file can be put right in one go.
type InvalidError struct {
	File     string // as given to Load or Parse
	Problems []Problem
}

// Problem is one thing wrong with a scenario.
type Problem struct {
	Line, Column int    // from 1; 0 when the place is not known
	Key          string // where in the document: "devices[0].igd"; empty for the document itself
	Message      string
	DidYouMean   string // the nearest word that would do; empty when none is near
}

func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return e.File + ": not a scenario"
	}
	s := e.Describe(e.Problems[0])
	if n := len(e.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Describe writes p as compilers do: file:line:column: message; did you mean "x"?
func (e *InvalidError) Describe(p Problem) string {
	var b strings.Builder
	b.WriteString(e.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.DidYouMean != "" {
		fmt.Fprintf(&b, "; did you mean %q?", p.DidYouMean)
	}
	return b.String()
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

// nearest lists at most three words of among that may have been meant by word, best first.
func nearest(word string, among []string) []string {
	type candidate struct {
		word     string
		distance int
	}
	var near []candidate
	limit := max(1, len(word)/3)
	for _, w := range among {
		if len(w) > len(word)+limit || len(word) > len(w)+limit {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(w)); d <= limit {
			near = append(near, candidate{w, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.word, b.word))
	})
	var words []string
	for _, c := range near[:min(3, len(near))] {
		words = append(words, c.word)
	}
	return words
}

// didYouMean is the best of nearest, or nothing.
func didYouMean(word string, among []string) string {
	if near := nearest(word, among); len(near) > 0 {
		return near[0]
	}
	return ""
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that lead from a to b
// (optimal string alignment). Swaps count once, because "idg" is the commonest way to miss "igd".
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 0
			if a[i-1] != b[j-1] {
				change = 1
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
