// Package words finds the word that somebody meant.
package words

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest is the name that was probably meant; "" when none is near.
func Nearest(typed string, names []string) string {
	if near := Near(typed, names); len(near) > 0 {
		return near[0]
	}
	return ""
}

// Near are the names that may have been meant, best first, at most three: those at most two slips away and less than half of
// their letters, and those that start with what was typed; in any case.
func Near(typed string, names []string) []string {
	type candidate struct {
		name  string
		slips int
	}
	var near []candidate
	typed = strings.ToLower(typed)
	for _, name := range names {
		lower := strings.ToLower(name)
		slips := maxSlips + 1
		switch {
		case len(typed) > 1 && typed != lower && strings.HasPrefix(lower, typed):
			slips = 1
		case max(len(typed)-len(name), len(name)-len(typed)) <= maxSlips:
			slips = distance(typed, lower)
		}
		if slips <= maxSlips && 2*slips < len(name)+1 {
			near = append(near, candidate{name, slips})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.slips, b.slips) })
	var best []string
	for _, c := range near[:min(3, len(near))] {
		best = append(best, c.name)
	}
	return best
}

// maxSlips is how many letters may be wrong.
const maxSlips = 2

// distance counts the letters to insert, delete, replace or swap with their neighbour to make a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
