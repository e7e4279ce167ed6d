package emulator

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/internal/http1"
)

// A lease that ended while its alarm was late is over before the request that finds it so.
func TestLateAlarm(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 1, Clock: clock})
	subscribe := func() {
		c.request("SUBSCRIBE", "/event/WANIPConnection1", http1.Fields{{Name: "CALLBACK", Value: "<http://127.0.0.1:9/>"}, {Name: "NT", Value: "upnp:event"}}, nil)
	}
	subscribe()
	c.do(ipConnection, 1, "AddPortMapping", add("NewLeaseDuration", "60")...)
	clock.mu.Lock()
	clock.now = clock.now.Add(time.Minute) // no alarm rings
	clock.mu.Unlock()
	subscribe()
	c.do(ipConnection, 1, "GetSpecificPortMappingEntry", add()[:6]...)
	var kinds []string
	for _, e := range c.g.Journal() {
		kinds = append(kinds, e.Kind)
	}
	want := []string{
		"gena.subscribe", "state.subscribed", "soap.call", "state.mapping-added",
		"state.mapping-expired", "gena.subscribe", "state.subscribed", "soap.call",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The first subscriber is told of the end, the second begins after it.
	var waiting []int
	c.g.do(func(*state) {
		for _, sub := range c.g.subscribers {
			waiting = append(waiting, len(sub.queue))
		}
	})
	if diff := cmp.Diff([]int{3, 1}, waiting); diff != "" {
		t.Errorf("notifications (-want +got):\n%s", diff)
	}
}

func TestReboot(t *testing.T) {
	clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	c := call1(t, Options{Version: 2, Clock: clock})
	c.do(ipConnection, 2, "AddPortMapping", add()...)
	c.do(ipConnection, 2, "ForceTermination")
	clock.Advance(time.Minute)
	last := c.g.presence.advertisement().bootID
	for range 2 { // at one instant
		c.g.Reboot(Reboot{})
		if id := c.g.presence.advertisement().bootID; id <= last {
			t.Errorf("BOOTID %d after %d", id, last)
		} else {
			last = id
		}
	}
	if code, _ := c.do(ipConnection, 2, "GetGenericPortMappingEntry", "NewPortMappingIndex", "0"); code != 713 {
		t.Errorf("a mapping outlived the reboot: error %d", code)
	}
	clock.Advance(time.Minute)
	if _, out := c.do(ipConnection, 2, "GetStatusInfo"); out[0].Value != "Connected" || out[1].Value != "ERROR_NONE" || out[2].Value != "60" {
		t.Errorf("a minute after the reboot: %+v", out)
	}
}
