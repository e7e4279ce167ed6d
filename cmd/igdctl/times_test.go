package main

import (
	"testing"
	"time"
)

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
		{"24", 0, "has no unit; 24s are seconds, 24m minutes, 24h hours and 24d days"},
		{"", 0, "is no time; examples are 30s, 90m, 2h and 7d"},
		{"1.5d", 0, "is no time; examples are 30s, 90m, 2h and 7d"},
		{"soon", 0, "is no time; examples are 30s, 90m, 2h and 7d"},
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

func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want time.Duration
		err  string
	}{
		{"10s", 10 * time.Second, ""},
		{"1500ms", 1500 * time.Millisecond, ""},
		{"0", 0, "leaves no time at all"},
		{"-1s", 0, "leaves no time at all"},
		{"10", 0, "has no unit; 10s are seconds, 10m minutes, 10h hours and 10d days"},
		{"soon", 0, "is no time; examples are 30s, 90m, 2h and 7d"},
	} {
		var d timeout
		err := d.Set(tt.in)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.err || time.Duration(d) != tt.want {
			t.Errorf("timeout %q = %s, %q; want %s, %q", tt.in, time.Duration(d), got, tt.want, tt.err)
		}
	}
}

func TestEndText(t *testing.T) {
	now := time.Date(2026, time.November, 30, 11, 20, 0, 0, time.Local)
	for after, want := range map[time.Duration]string{2 * time.Hour: "Mon 30 Nov 13:20", 60 * day: "Fri 29 Jan 11:20", 400 * day: "Tue 4 Jan 2028 11:20"} {
		if got := endText(now.Add(after), now); got != want {
			t.Errorf("%v: %s, want %s", after, got, want)
		}
	}
}
