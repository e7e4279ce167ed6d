package client

import (
	"net/netip"
	"testing"
	"time"
)

func TestDamper(t *testing.T) {
	a, b, c := netip.MustParseAddr("45.66.77.1"), netip.MustParseAddr("45.66.77.2"), netip.MustParseAddr("45.66.77.3")
	none := netip.IPv4Unspecified()
	type reading struct {
		after      time.Duration // the one before
		told, want netip.Addr
	}
	s := time.Second
	for name, all := range map[string][]reading{
		"a change":            {{0, a, a}, {s, b, b}, {s, b, b}},
		"not told":            {{0, a, a}, {s, netip.Addr{}, netip.Addr{}}},
		"none for a moment":   {{0, a, a}, {s, none, a}, {9 * s, none, a}, {s / 2, a, a}, {s, none, a}, {9 * s, none, a}},
		"none":                {{0, a, a}, {s, none, a}, {10 * s, none, none}, {s, none, none}, {s, b, b}},
		"none, and not told":  {{0, a, a}, {s, none, a}, {s, netip.Addr{}, netip.Addr{}}, {9 * s, none, a}, {10 * s, none, none}},
		"none at first":       {{0, none, none}, {s, none, none}, {s, a, a}},
		"back and forth once": {{0, a, a}, {s, b, b}, {s, a, a}, {time.Hour, a, a}},
		"flips":               {{0, a, a}, {30 * s, b, b}, {30 * s, a, a}, {30 * s, b, a}, {30 * s, a, a}, {30 * s, b, a}, {45 * s, a, a}},
		"flips, then moves":   {{0, a, a}, {30 * s, b, b}, {30 * s, a, a}, {30 * s, b, a}, {44 * s, b, a}, {s, b, b}, {s, b, b}},
		"an hour later":       {{0, a, a}, {30 * s, b, b}, {30 * s, a, a}, {61 * time.Minute, b, b}},
		"flips for hours":     {{0, a, a}, {30 * s, b, b}, {30 * s, a, a}, {50 * time.Minute, b, a}, {30 * s, a, a}, {50 * time.Minute, b, a}, {30 * s, a, a}},
		"three addresses":     {{0, a, a}, {30 * s, b, b}, {30 * s, c, c}, {30 * s, a, a}},
	} {
		t.Run(name, func(t *testing.T) {
			var d damper
			var known netip.Addr
			now := time.Unix(0, 0)
			for i, r := range all {
				now = now.Add(r.after)
				got := d.judge(r.told, known, now)
				if got != r.want {
					t.Errorf("reading %d: %v, want %v", i, got, r.want)
				}
				switch {
				case got == none:
					known = netip.Addr{}
				case got.IsValid():
					known = got
				}
			}
		})
	}
}
