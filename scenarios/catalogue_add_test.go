package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
)

// addRows are the adds.
func addRows() []row {
	return slices.Concat(addLeaseRows(), addConflictRows(), addPortRows(), addArgumentRows(), addTableRows())
}

// addTableRows are about what fits into a table and what is really in it.
func addTableRows() []row {
	return []row{
		{
			id: "add-table-full-silent-32",
			look: func(s *street) string {
				c := s.connections()[0]
				var seen []string
				for port := 8001; port <= 8034; port++ {
					seen = append(seen, s.outcome(c.add("TCP", port, "192.168.1.10", 0)))
				}
				return fmt.Sprint(strings.Count(strings.Join(seen, " "), "200"), " added, ", len(s.listed(c)), " listed")
			},
			want: "34 added, 32 listed", sound: "34 added, 34 listed",
		},
	}
}
