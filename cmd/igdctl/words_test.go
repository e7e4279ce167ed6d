package main

import (
	"testing"
	"time"

	"github.com/igdkit/igdkit/internal/words"
)

func TestSpan(t *testing.T) {
	for in, want := range map[string]string{
		"0s":        "less than a second",
		"900ms":     "less than a second",
		"1s":        "1 second",
		"59s":       "59 seconds",
		"60s":       "1 minute",
		"90s":       "1 minute 30 seconds",
		"59m59.9s":  "1 hour",
		"2h":        "2 hours",
		"119m59s":   "2 hours",
		"24h":       "1 day",
		"23h59m50s": "1 day",
		"49h30m":    "2 days 2 hours",
		"168h":      "7 days",
	} {
		d, err := time.ParseDuration(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	commands := []string{"close", "completion", "discover", "help", "ip", "list", "open", "status", "with"}
	for in, want := range map[string]string{
		"opne":     "open",
		"opn":      "open",
		"OPEN":     "open",
		"clsoe":    "close",
		"lst":      "list",
		"disc":     "discover",
		"discvoer": "discover",
		"stat":     "status",
		"iip":      "ip",
		"delete":   "",
		"x":        "",
		"":         "",
		"zz":       "",
	} {
		if got := words.Nearest(in, commands); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}
