package client_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// home is a LAN in memory: an emulated gateway at 192.168.1.1 and hosts behind it.
type home struct {
	*emulator.Gateway
	router *emulator.Host
	pc     *emulator.Host // 192.168.1.10
	net    *emulator.Network

	mu     sync.Mutex
	events []emulator.Event
	onMap  func() // called at each mapping added

	forgets bool // events are not counted: there are too many
}

func (h *home) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgets = true
}

func newHome(t *testing.T, o emulator.Options) *home {
	t.Helper()
	h := &home{net: emulator.NewNetwork()}
	t.Cleanup(func() { h.net.Close() })
	h.router = h.net.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
	h.pc = h.host("pc", "192.168.1.10/24")
	o.Net, o.LAN, o.SSDP = h.router, netip.MustParseAddr("192.168.1.1"), "multicast"
	o.ExternalIP = netip.MustParseAddr("45.66.77.88")
	o.OnEvent = func(e emulator.Event) {
		h.mu.Lock()
		if !h.forgets {
			h.events = append(h.events, e)
		}
		onMap := h.onMap
		h.mu.Unlock()
		if onMap != nil && e.Event == emulator.MappingAdded {
			onMap()
		}
	}
	h.Gateway = emulator.Start(t, o)
	return h
}

func (h *home) host(name, prefix string) *emulator.Host {
	x := h.net.Host(name, netip.MustParsePrefix(prefix))
	x.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	return x
}

// counts counts the gateway's events by kind.
func (h *home) counts() map[emulator.EventKind]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := map[emulator.EventKind]int{}
	for _, e := range h.events {
		n[e.Event]++
	}
	return n
}

// table lists the gateway's mappings as text.
func (h *home) table() []string {
	out := []string{}
	for _, m := range h.Mappings() {
		out = append(out, m.String())
	}
	return out
}

// next waits for the next event of one of the kinds.
func next(t *testing.T, m *client.Mapping, kinds ...client.EventKind) client.Event {
	t.Helper()
	limit := time.After(48 * time.Hour) // of fake time
	for {
		select {
		case e, ok := <-m.Events():
			if !ok {
				t.Fatalf("the events ended before %v", kinds)
			}
			for _, k := range kinds {
				if e.Kind == k {
					return e
				}
			}
		case <-limit:
			t.Fatalf("no %v; the mapping says %v", kinds, m.Err())
		}
	}
}
