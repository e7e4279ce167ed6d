package client

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// Whatever a Client does, it writes one trace, by one lock.
func TestOneTrace(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		c := New(Options{Net: newPC(n), Trace: io.Discard})
		g, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, trace := range map[string]io.Writer{
			"the watch":       newWatch(c).o.Trace,
			"a gateway":       g.options.Trace,
			"its client":      New(g.options).options.Trace,
			"another search":  newSearch(c.options, nil).o.Trace,
			"its connections": g.dialogue.options.Trace,
		} {
			if trace != c.options.Trace {
				t.Errorf("%s has a lock of its own", name)
			}
		}
	})
}

// A Client and the gateway that it has found draw chance from one source, and may do so at the same time. Under the race detector this fails when they
// disturb each other.
func TestOneChance(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		c := New(Options{Net: newPC(n)})
		g, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { New(g.options) })
			wg.Go(func() { c.mapping(Request{InternalPort: 8080}) })
			wg.Go(func() { New(newWatch(c).o) })
		}
		wg.Wait()
	})
}

// One keeper asks for the uptime while another has found the gateway again. Under the race detector this fails when they disturb each other.
func TestUptimeIsShared(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		o := Options{Net: newPC(n)}
		g, err := Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		found, err := Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlanner(g.peer(), Request{InternalPort: 8080}.defaults(keepLease), new(trace))
		asked := g.readings().asked
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 20 {
				time.Sleep(time.Millisecond)
				p.watchUptime(t.Context(), time.Now().Add(time.Second))
			}
		})
		for range 20 {
			g.peer().calm(found.peer(), errAnnounced)
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if g.readings().asked == asked || g.readings().mute {
			t.Error("the uptime was not asked for")
		}
	})
}
