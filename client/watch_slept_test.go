package client

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
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

// What a computer that slept keeps open is searched for and opened again with the next look of the watch, whatever the time of its own next look: the gateway
// restarted meanwhile, where nobody heard it.
func TestSleepIsFollowedBySearch(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		lan := netip.MustParsePrefix("192.168.1.1/24")
		router := emulator.Start(t, emulator.Options{Version: 1, Net: n.Host("router", lan), LAN: lan.Addr(), SSDP: "multicast"})
		c := New(Options{Net: newPC(n)})
		var slept atomic.Int64 // how far the wall clock is ahead
		c.clocks = func() moment {
			m := now()
			m.wall = m.wall.Add(time.Duration(slept.Load()))
			return m
		}
		const kept = 3
		for port := uint16(8000); port < 8000+kept; port++ {
			m := c.Keep(t.Context(), Request{InternalPort: port})
			defer m.Close(context.Background())
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := router.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * watchInterval)
		if open := router.Mappings(); len(open) > 0 {
			t.Fatalf("awake all the time, and open again: %v", open)
		}
		slept.Store(int64(8 * time.Hour))
		time.Sleep(watchInterval + 500*time.Millisecond)
		synctest.Wait()
		if open := router.Mappings(); len(open) != kept {
			t.Errorf("after the sleep %v are open", open)
		}
		if after, err := c.Gateway(t.Context()); err != nil || after == before {
			t.Errorf("the gateway was not searched: %v", err)
		}
	})
}
