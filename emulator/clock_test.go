package emulator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClockAdvance(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := NewClock(start)
	var rung []string
	ring := func(name string) func() func() {
		return func() func() { rung = append(rung, name+" at "+c.Now().Sub(start).String()); return nil }
	}
	c.afterFunc(start.Add(2*time.Second), ring("b"))
	c.afterFunc(start.Add(time.Second), ring("a"))
	c.afterFunc(start.Add(2*time.Second), ring("c"))
	stop := c.afterFunc(start.Add(2*time.Second), ring("stopped"))
	c.afterFunc(start.Add(time.Second), func() func() { c.afterFunc(c.Now().Add(3*time.Second), ring("set by a")); return nil })
	c.afterFunc(start.Add(time.Hour), ring("later"))
	if !stop() || stop() {
		t.Error("stop reports wrongly")
	}
	c.Advance(-time.Hour)
	c.Advance(5 * time.Second)
	want := []string{"a at 1s", "b at 2s", "c at 2s", "set by a at 4s"}
	if diff := cmp.Diff(want, rung); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Now().Sub(start); got != 5*time.Second {
		t.Errorf("the clock stands at %v", got)
	}
}

func TestPackageTimeIsAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *Clock
		start := c.Now()
		done := make(chan time.Duration)
		c.afterFunc(start.Add(time.Hour), func() func() { done <- c.Now().Sub(start); return nil })
		if got := <-done; got != time.Hour {
			t.Errorf("rang after %v", got)
		}
		if stop := c.afterFunc(c.Now().Add(time.Hour), func() func() { return nil }); !stop() {
			t.Error("could not stop")
		}
		defer func() {
			if recover() == nil {
				t.Error("Advance moved package time")
			}
		}()
		c.Advance(time.Second)
	})
}
