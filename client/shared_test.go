package client

import (
	"io"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/huin/goupnp"

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

// A gateway that many mappings are opened on by name is watched once, and is meant still when another one was found instead.
func TestOneWatch(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		gw := emulator.Start(t, emulator.Options{Version: 1, Net: n.Host("router", netip.MustParsePrefix("192.168.1.1/24")), LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
		g, err := Find(t.Context(), Options{Net: newPC(n), Listen: true})
		if err != nil {
			t.Fatal(err)
		}
		open := func(port uint16) *Mapping {
			m, err := g.Map(t.Context(), Request{InternalPort: port})
			if err != nil {
				t.Fatal(err)
			}
			m.Keep(t.Context())
			return m
		}
		var all []*Mapping
		for i := range 10 {
			all = append(all, open(uint16(8000+i)))
		}
		time.Sleep(time.Minute)
		subscribed := 0
		for _, e := range gw.Journal() {
			if e.Kind == "gena.subscribe" {
				subscribed++
			}
		}
		if subscribed != 1 {
			t.Errorf("%d subscriptions", subscribed)
		}
		if err := gw.Reboot(emulator.Reboot{NewPorts: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		all = append(all, open(9000))
		if all[10].client != all[0].client || len(gw.Mappings()) != 11 {
			t.Errorf("after a restart the gateway is another one: %v", gw.Mappings())
		}
		c := all[0].client
		known, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.take(&Gateway{Location: "http://192.168.1.9/", Root: &goupnp.RootDevice{Device: goupnp.Device{UDN: "uuid:other"}}})
		if now := g.own(); now == c || g.own() != now {
			t.Error("another gateway has its place")
		}
		c.take(known) // g is where it was before the restart
		for _, m := range all {
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
