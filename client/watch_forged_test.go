package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huin/goupnp"

	"github.com/igdkit/igdkit/emulator"
)

// Anybody can announce ever new places in the gateway's name. While it is down they must not keep the watch from what comes after them, and that it has
// moved is seen all the same.
func TestForgedPlacesAreCheap(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		c := New(Options{Net: newPC(n)})
		from := netip.MustParseAddrPort("192.168.1.1:1900") // where nobody is
		c.gateway = &Gateway{Location: "http://192.168.1.1:5000/rootDesc.xml", Responder: from.Addr(), Root: new(goupnp.RootDevice)}
		w := newWatch(c)
		ctx, cancel := context.WithCancel(t.Context())
		defer w.ending.Wait()
		defer cancel()
		began := time.Now()
		for i := range 200 {
			w.hear(ctx, announcement{alive: true, nt: "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
				location: fmt.Sprintf("http://192.168.1.1:%d/rootDesc.xml", 6000+i), from: from})
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("200 forged announcements took %v", took)
		}
		if w.errands != 1 {
			t.Errorf("%d errands for one moment", w.errands)
		}
		for w.errands > 0 {
			(<-w.back)()
		}
		if w.met.last.IsZero() {
			t.Error("no description was read, although the gateway is not where it was")
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the errands took %v", took)
		}
	})
}

// countedNet counts connections by TCP.
type countedNet struct {
	*emulator.Host
	dials atomic.Int32
}

func (c *countedNet) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	if network == "tcp" {
		c.dials.Add(1)
	}
	return c.Host.Dial(ctx, network, local, address)
}

// While the gateway is there, ever new places cost it a connection each half second and a look each ten: keepers are not driven by who forges.
func TestForgedPlacesDriveNobody(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
		gw := emulator.Start(t, emulator.Options{Version: 1, Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
		forger := n.Host("forger", netip.MustParsePrefix("192.168.1.66/24"))
		counted := &countedNet{Host: newPC(n)}
		m := New(Options{Net: counted, Listen: true}).Keep(t.Context(), Request{InternalPort: 8080})
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		calls, dials := len(gw.Calls("*")), counted.dials.Load()
		for i := range 1000 {
			announceFrom(t, forger, "192.168.1.66", gw.UDN(), fmt.Sprintf("http://192.168.1.1:%d/rootDesc.xml", 6000+i), 1)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		if calls = len(gw.Calls("*")) - calls; calls > 4 {
			t.Errorf("1000 forged announcements cost %d calls, more than a look", calls)
		}
		if dials = counted.dials.Load() - dials; dials > 8 {
			t.Errorf("1000 forged announcements cost %d connections", dials)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Nor by who sends in its name from its own address: restarts that come in a row are believed ever less often, and one that is real is seen all the same,
// at once after a rest.
func TestForgedRestartsDriveNobody(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
		gw := emulator.Start(t, emulator.Options{Version: 1, Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
		c := New(Options{Net: newPC(n), Listen: true})
		for i := range 10 {
			m := c.Keep(t.Context(), Request{InternalPort: uint16(8080 + i)})
			defer m.Close(t.Context())
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		added := len(gw.Calls("AddPortMapping"))
		restart := func(within time.Duration) {
			t.Helper()
			if err := gw.Reboot(emulator.Reboot{ByeBye: new(false)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(within)
			synctest.Wait()
			if n := len(gw.Mappings()); n != 10 {
				t.Errorf("%d mappings %v after a restart", n, within)
			}
		}
		forge := func(times int) {
			for i := range times {
				announceFrom(t, router, "192.168.1.1", gw.UDN(), c.gateway.Location, 5000+i)
				time.Sleep(100 * time.Millisecond)
			}
		}
		forge(3000)
		if added = len(gw.Calls("AddPortMapping")) - added; added > 10*12 {
			t.Errorf("in 5 minutes that were full of forged restarts 10 mappings were opened anew %d times", added)
		}
		restart(calmDistance)
		forge(300)
		time.Sleep(time.Hour)
		restart(time.Second)
	})
}

// A gateway that announces itself all the time, or who does so in its name, calls for few looks; after a rest the next announcement does at once.
func TestEndlessAnnouncements(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, 5 * time.Second, 30 * time.Second} {
		t.Run(pause.String(), func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
				gw := emulator.Start(t, emulator.Options{Version: 1, Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
				c := New(Options{Net: newPC(n), Listen: true})
				m := c.Keep(t.Context(), Request{InternalPort: 8080, CheckInterval: 24 * time.Hour})
				defer m.Close(context.Background())
				if err := m.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				boot := int(*c.gateway.boot)
				looks := func(during func()) int {
					before := len(gw.Calls("GetSpecificPortMappingEntry"))
					during()
					synctest.Wait()
					return len(gw.Calls("GetSpecificPortMappingEntry")) - before
				}
				endless := func() {
					for range time.Hour / pause {
						announceFrom(t, router, "192.168.1.1", gw.UDN(), c.gateway.Location, boot)
						time.Sleep(pause)
					}
				}
				if n := looks(endless); n < 12 || n > 20 {
					t.Errorf("%d looks in an hour", n)
				}
				time.Sleep(time.Hour)
				if n := looks(func() {
					announceFrom(t, router, "192.168.1.1", gw.UDN(), c.gateway.Location, boot)
					time.Sleep(100 * time.Millisecond)
				}); n != 1 {
					t.Errorf("%d looks at once after a rest", n)
				}
			})
		})
	}
}

// Names that are made up fill no memory, and do not keep the gateway's own restart from being one.
func TestForgedNamesAreForgotten(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		c := New(Options{Net: newPC(n)})
		from := netip.MustParseAddrPort("192.168.1.1:1900") // where nobody is
		c.gateway = &Gateway{Location: "http://192.168.1.1:5000/rootDesc.xml", Responder: from.Addr(), Root: &goupnp.RootDevice{Device: goupnp.Device{UDN: "uuid:gw"}}}
		w := newWatch(c)
		ctx, cancel := context.WithCancel(t.Context())
		defer w.ending.Wait()
		defer cancel()
		said := func(udn string, alive bool, boot uint32) {
			w.hear(ctx, announcement{alive: alive, nt: igd1, usn: udn + "::" + igd1, location: c.gateway.Location, boot: &boot, from: from})
		}
		for i := range 1000 {
			said(fmt.Sprint("uuid:", i), i%2 == 0, 1)
		}
		if len(w.boots)+len(w.left) > 2*maxDevices {
			t.Errorf("%d and %d names are kept", len(w.boots), len(w.left))
		}
		said("uuid:gw", true, 1)
		said("uuid:gw", true, 2)
		if w.met.last.IsZero() {
			t.Error("a restart was not noticed")
		}
		w.met.last = time.Time{}
		said("uuid:gw", true, 2)
		if !w.met.last.IsZero() {
			t.Error("the rest of a restarted gateway's announcements is another restart")
		}
	})
}
