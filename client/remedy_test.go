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
		{"725 for a permanent one", attempt{code: 725}, week},
		{"725 for both", attempt{code: 725, tried: leases{endless: true, finite: true, hour: true}}, giveUp},
		{"402", attempt{code: 402, lease: 2 * time.Hour}, ranged},
		{"402 within the range", attempt{code: 402, lease: 2 * time.Hour, tried: leases{ranged: true}}, permanent},
		{"402 for a month", attempt{code: 402, lease: month()}, week},
		{"402 for a week", attempt{code: 402, lease: maxWeek, tried: leases{ranged: true}}, permanent},
		{"402 for a permanent one", attempt{code: 402}, week},
		{"402 for both", attempt{code: 402, tried: leases{endless: true, finite: true, ranged: true}}, hour},
		{"402 for all", attempt{code: 402, lease: time.Hour, tried: leases{endless: true, finite: true, ranged: true, hour: true}}, giveUp},
		{"600", attempt{code: 600, lease: 2 * time.Hour, tried: leases{ranged: true}}, permanent},
		{"601", attempt{code: 601, lease: 2 * time.Hour, tried: leases{ranged: true}}, permanent},
		{"no code for a permanent one", attempt{code: -1}, week},
		{"501 with a lease", attempt{code: 501, lease: time.Hour}, permanent},
		{"501 with a lease where others were accepted", attempt{code: 501, lease: time.Hour, fixed: true}, elsewhere},
		{"501 for a permanent one", attempt{code: 501}, week},
		{"718", attempt{code: 718}, elsewhere},
		{"729", attempt{code: 729}, elsewhere},
		{"501 for both", attempt{code: 501, tried: leases{endless: true, finite: true}}, elsewhere},
		{"AddAny 401", attempt{code: 401, any: true}, plain},
		{"AddAny 501", attempt{code: 501, any: true}, plain},
		{"AddAny reset or silent", attempt{any: true}, plain},
		{"AddAny 602", attempt{code: 602, any: true}, plain},
		{"AddAny 725", attempt{code: 725, any: true, lease: time.Hour}, permanent},
		{"401", attempt{code: 401}, giveUp},
		{"reset or silent", attempt{}, giveUp},
		{"606", attempt{code: 606}, giveUp},
		{"606 on a low port", attempt{code: 606, low: true}, elsewhere},
		{"no code", attempt{code: -1, tried: leases{endless: true, finite: true, ranged: true, hour: true}}, giveUp},
		{"AddAny full", attempt{code: 728, any: true}, giveUp},
		{"AddAny 718", attempt{code: 718, any: true}, plain},
		{"AddAny 402", attempt{code: 402, any: true, lease: time.Hour}, plain},
		{"AddAny 606 on a low port", attempt{code: 606, any: true, low: true}, plain},
		{"AddAny without a code", attempt{code: -1, any: true, lease: time.Hour}, plain},
		{"full", attempt{code: 728}, giveUp},
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
	for _, code := range []int{-1, 0, 401, 402, 501, 600, 601, 602, 606, 718, 725, 728, 729, 799} {
		a := attempt{code: code, any: true, lease: month()}
		for n := 0; ; n++ {
			if n > 6 {
				t.Fatalf("code %d goes round in circles", code)
			}
			a.tried = a.tried.with(a.lease)
			switch remedyFor(a) {
			case ranged:
				a.tried.ranged = true
				continue
			case hour:
				a.lease = time.Hour
				continue
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
