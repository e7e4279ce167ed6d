package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Equals is the Test that only this text passes.
func Equals(text string) Test { return Test{Equals: &text} }

// String writes t as a sentence goes on: "0", "below 1024", "not empty".
func (t Test) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if t.Equals != nil {
		add("%s", quoteEmpty(*t.Equals))
	}
	if t.Not != nil {
		add("not %s", quoteEmpty(*t.Not))
	}
	if t.Below != nil {
		add("below %d", *t.Below)
	}
	if t.Above != nil {
		add("above %d", *t.Above)
	}
	if t.Empty != nil && *t.Empty {
		add("empty")
	} else if t.Empty != nil {
		add("not empty")
	}
	if t.Begins != nil {
		add("beginning with %q", *t.Begins)
	}
	if t.Contains != nil {
		add("containing %q", *t.Contains)
	}
	if t.Lacks != nil {
		add("lacking %q", *t.Lacks)
	}
	if len(parts) == 0 {
		return "of any value"
	}
	return strings.Join(parts, " and ")
}

func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
