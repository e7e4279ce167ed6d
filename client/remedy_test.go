package client

import (
	"testing"
	"time"
)

func TestRemedy(t *testing.T) {
	tests := []struct {
		name string
		a    attempt
		want remedy
	}{
		{"725", attempt{code: 725, lease: time.Hour}, permanent},
		{"725 for a permanent one", attempt{code: 725}, giveUp},
		{"402", attempt{code: 402, lease: time.Hour}, permanent},
		{"402 for a month", attempt{code: 402, lease: month()}, week},
		{"402 for a week", attempt{code: 402, lease: maxWeek}, permanent},
		{"402 for a permanent one", attempt{code: 402}, giveUp},
		{"718", attempt{code: 718}, elsewhere},
		{"729", attempt{code: 729}, elsewhere},
		{"501", attempt{code: 501}, elsewhere},
		{"AddAny 401", attempt{code: 401, any: true}, plain},
		{"AddAny 501", attempt{code: 501, any: true}, plain},
		{"AddAny reset or silent", attempt{any: true}, plain},
		{"AddAny 602", attempt{code: 602, any: true}, plain},
		{"AddAny 725", attempt{code: 725, any: true, lease: time.Hour}, permanent},
		{"401", attempt{code: 401}, giveUp},
		{"reset or silent", attempt{}, giveUp},
		{"606", attempt{code: 606}, giveUp},
		{"606 on a low port", attempt{code: 606, low: true}, elsewhere},
		{"no code", attempt{code: -1}, giveUp},
		{"AddAny full", attempt{code: 728, any: true}, giveUp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := remedyFor(tt.a); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Whatever a gateway answers, and however often, an add comes to an end.
func TestRemediesEnd(t *testing.T) {
	for _, code := range []int{-1, 0, 401, 402, 501, 602, 606, 718, 725, 728, 729, 799} {
		a := attempt{code: code, any: true, lease: month()}
		for n := 0; ; n++ {
			if n > 5 {
				t.Fatalf("code %d goes round in circles", code)
			}
			switch remedyFor(a) {
			case permanent:
				a.lease = 0
				continue
			case week:
				a.lease = maxWeek
				continue
			case plain:
				a.any = false
				continue
			}
			break
		}
	}
}

func month() time.Duration { return 30 * 24 * time.Hour }
