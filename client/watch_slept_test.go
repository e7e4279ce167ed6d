package client

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A laptop that slept looks for the gateway anew: its wall clock has gone on, and the monotonic one has not. A clock that is set right, by a little or
// back, is no sleep.
func TestSleepIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{})
		keeper := c.join()
		defer c.leave(keeper)
		w := newWatch(c)
		for _, tt := range []struct {
			ahead time.Duration // how far the wall clock has gone ahead of the monotonic one
			want  error
		}{{0, nil}, {8 * time.Hour, errSlept}, {0, nil}, {20 * time.Second, nil}, {-time.Hour, nil}, {31 * time.Second, errSlept}} {
			w.before.wall = w.before.wall.Add(-tt.ahead)
			time.Sleep(watchInterval)
			if err := w.look(); !errors.Is(err, tt.want) {
				t.Errorf("%v ahead: %v", tt.ahead, err)
			}
		}
	})
}
