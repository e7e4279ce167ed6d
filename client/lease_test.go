package client

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestGranted(t *testing.T) {
	const h = time.Hour
	tests := []struct {
		name        string
		asked, read time.Duration
		known       bool
		want        string
	}{
		{"as asked", 2 * h, 2 * h, true, "2h0m0s"},
		{"a second was counted down", 2 * h, 2*h - time.Second, true, "2h0m0s"},
		{"clamped", 2 * h, h, true, "1h0m0s"},
		{"forced to a day", 1000 * time.Second, 24 * h, true, "24h0m0s"},
		{"permanent", 0, 0, true, "permanent"},
		{"a week for permanent", 0, 168 * h, true, "168h0m0s"},
		{"zero for a finite one proves nothing", 2 * h, 0, true, "unknown"},
		{"nor does the greatest number", 2 * h, 4294967295 * time.Second, true, "unknown"},
		{"the greatest number is no end", 0, 4294967295 * time.Second, true, "permanent"},
		{"unreadable", 2 * h, 0, false, "unknown"},
		{"unreadable permanent", 0, 0, false, "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := granted(tt.asked, tt.read, tt.known).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRenewAfter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name      string
		lease     Lease
		asked     time.Duration
		low, high time.Duration // low excluded
	}{
		{"half of what was granted", Lease{time.Hour, true}, 2 * time.Hour, 27 * time.Minute, 30 * time.Minute},
		{"unknown: half of what was asked", Lease{}, 2 * time.Hour, 54 * time.Minute, 60 * time.Minute},
		{"never more than once a second", Lease{time.Second, true}, time.Second, 0, time.Second},
		{"permanent", Lease{0, true}, 0, -1, 0},
		{"permanent asked, unknown", Lease{}, 0, -1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 200 {
				if got := renewAfter(tt.lease, tt.asked, r); got <= tt.low || got > tt.high {
					t.Fatalf("got %s, want in (%s, %s]", got, tt.low, tt.high)
				}
			}
		})
	}
}

// However long the lease, attempts that all fail leave many chances before it runs out, come soon
// at first and never crowd.
func TestRetryLadder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, lease := range []time.Duration{time.Minute, 2 * time.Hour, 24 * time.Hour, 168 * time.Hour} {
		left, n := lease/2, 0
		for ; left > 0; n++ {
			d := retryAfter(left, n+1, r)
			if d < time.Second || d > 15*time.Minute {
				t.Fatalf("lease %s: attempt %d after %s", lease, n, d)
			}
			if n == 0 && d > left/64+time.Second {
				t.Errorf("lease %s: first retry after %s", lease, d)
			}
			left -= d
		}
		if n < 10 || n > 400 {
			t.Errorf("lease %s: %d attempts in its second half", lease, n)
		}
	}
}

func TestBackoff(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for tries, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second,
		9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		for range 100 {
			if got := backoff(tries, r); got > want || got < want*4/5 {
				t.Fatalf("after %d failures %s, want %s less a fifth at most", tries, got, want)
			}
		}
	}
}
