// Package words finds the word that somebody meant.
package words

import "strings"

// Nearest is the name that was probably meant: at most two slips away and less than half of its letters, or one that
// starts with what was typed; in any case. "" when none is near.
func Nearest(typed string, names []string) string {
	typed = strings.ToLower(typed)
	best, slips := "", 3
	for _, name := range names {
		d := distance(typed, strings.ToLower(name))
		if len(typed) > 1 && strings.HasPrefix(strings.ToLower(name), typed) {
			d = 1
		}
		if d < slips && 2*d < len(name)+1 {
			best, slips = name, d
		}
	}
	return best
}

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
