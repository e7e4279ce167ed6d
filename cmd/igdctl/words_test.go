package main

import (
	"testing"
	"time"
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

func TestLease(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want time.Duration
		err  string
	}{
		{"2h", 2 * time.Hour, ""},
		{"90m", 90 * time.Minute, ""},
		{"1h30m", 90 * time.Minute, ""},
		{"7d", 7 * day, ""},
		{"1s", time.Second, ""},
		{"49710d", 49710 * day, ""},
		{"-1s", 0, "is too short; a port is open for a second at least"},
		{"0", 0, "is too short; a port is open for a second at least"},
		{"0d", 0, "is too short; a port is open for a second at least"},
		{"999ms", 0, "is too short; a port is open for a second at least"},
		{"49711d", 0, "is too long; --permanent opens a port for ever"},
		{"99999999999999999999d", 0, "is too long; --permanent opens a port for ever"},
		{"24", 0, "has no unit; 24m are minutes, 24h hours and 24d days"},
		{"", 0, "is no time; examples are 90m, 2h and 7d"},
		{"1.5d", 0, "is no time; examples are 90m, 2h and 7d"},
		{"soon", 0, "is no time; examples are 90m, 2h and 7d"},
	} {
		var l lease
		err := l.Set(tt.in)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.err || time.Duration(l) != tt.want {
			t.Errorf("lease %q = %s, %q; want %s, %q", tt.in, time.Duration(l), got, tt.want, tt.err)
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
		if got := nearest(in, commands); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}
