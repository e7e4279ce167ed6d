package client

import (
	"testing"
	"time"
)

// What a sequence of uptimes, read every 15 minutes, tells of restarts.
func TestUptime(t *testing.T) {
	const interval = 15 * time.Minute
	s := func(seconds ...int) []int { return seconds }
	tests := []struct {
		name  string
		reads []int // seconds
		want  []bool
	}{
		{"it goes on", s(100, 1000, 1900), []bool{false, false, false}},
		{"it began again", s(5000, 400, 1300), []bool{false, true, false}},
		{"it began again soon after it had begun", s(10, 865), []bool{false, true}},
		{"the clocks differ by a little", s(100, 995, 1890), []bool{false, false, false}},
		{"it stands still", s(77, 77, 77), []bool{false, false, false}},
		{"it stands still at nothing", s(0, 0, 0), []bool{false, false, false}},
		{"it counts minutes", s(60, 900, 1800), []bool{false, false, false}},
		{"it counts minutes and began again", s(6000, 120), []bool{false, true}},
		{"it counts faster", s(100, 90100, 180100, 50), []bool{false, false, false, true}},
		{"it counts slower", s(100, 110, 120, 130, 140, 150), []bool{false, true, true, true, false, false}},
		{"it is an arbitrary number", s(500, 400, 300, 200, 100, 50), []bool{false, true, true, true, false, false}},
		{"it restarts again and again, and goes on between", s(500, 100, 1000, 100, 1000, 100, 1000, 100), []bool{false, true, false, true, false, true, false, true}},
	}
	for _, tt := range tests {
		var u run
		at := time.Now()
		for i, seconds := range tt.reads {
			if got := u.heed(time.Duration(seconds)*time.Second, at); got != tt.want[i] {
				t.Errorf("%s: reading %d of %v tells of a restart: %v", tt.name, i, tt.reads, got)
			}
			at = at.Add(interval)
		}
	}
}
