package scenarios

import (
	"cmp"
	"slices"
	"strings"
)

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
