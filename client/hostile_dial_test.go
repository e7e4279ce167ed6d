package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// watchedNet notes whom the client connects to.
type watchedNet struct {
	*emulator.Host
	mu     sync.Mutex
	called []string
}

func (w *watchedNet) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	w.mu.Lock()
	if !slices.Contains(w.called, address) {
		w.called = append(w.called, address)
	}
	w.mu.Unlock()
	return w.Host.Dial(ctx, network, local, address)
}

// beyond are the addresses that were called and belong to none of the hosts.
func (w *watchedNet) beyond(hosts ...string) (foreign []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.called {
		if host, _, _ := net.SplitHostPort(a); !slices.Contains(hosts, host) {
			foreign = append(foreign, a)
		}
	}
	return foreign
}

// lures are places where nobody may be led by what comes over the network.
func lures() []string {
	return []string{
		"http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:6379/", "http://[::1]:631/", "http://192.168.1.99:22/", "http://192.168.1.10:8080/",
		"http://metadata.google.internal/computeMetadata/v1/", "http://0.0.0.0:9200/", "http://[::ffff:169.254.169.254]/", "http://2852039166/", "http://169.254.169.254@192.168.1.99/",
		"http://239.255.255.250:1900/", "http://255.255.255.255/", "http://203.0.113.5/",
	}
}

// Wherever an answer to a search, an announcement, or a URL in a description points, only the host that sent it is called.
func TestLures(t *testing.T) {
	for _, lure := range lures() {
		for name, build := range map[string]func(s *stub){
			"LOCATION":   func(s *stub) { s.announce(lure) },
			"controlURL": func(s *stub) { s.page("/desc.xml", description("uuid:forger", "WANIPConnection:1", lure)) },
			"eventSubURL": func(s *stub) {
				s.page("/desc.xml", strings.Replace(description("uuid:forger", "WANIPConnection:1", "/ctl"), "/evt", lure, 1))
			},
			"URLBase": func(s *stub) {
				s.page("/desc.xml", strings.Replace(description("uuid:forger", "WANIPConnection:1", "ctl"), "<device>", "<URLBase>"+lure+"</URLBase><device>", 1))
			},
		} {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "forger", "192.168.1.1/24")
				s.announce(s.url("/desc.xml"))
				s.actions("/ctl", connected("45.66.77.88"))
				build(s)
				w := &watchedNet{Host: newPC(n)}
				c := New(Options{Net: w, Listen: true})
				m := c.Keep(t.Context(), Request{InternalPort: 8080})
				time.Sleep(time.Minute)
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if foreign := w.beyond("192.168.1.1"); len(foreign) > 0 {
					t.Errorf("%s %s: %v was called", name, lure, foreign)
				}
			})
		}
	}
}

// announceFrom sends an announcement of the name udn, as a reboot, to the group.
func announceFrom(t *testing.T, from *emulator.Host, addr, udn, location string, boot int) {
	t.Helper()
	c, err := from.ListenPacket(t.Context(), netip.AddrPortFrom(netip.MustParseAddr(addr), 0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nLOCATION: " + location + "\r\nNT: " + igd1 + "\r\nNTS: ssdp:alive\r\n" +
		"SERVER: x\r\nUSN: " + udn + "::" + igd1 + "\r\nBOOTID.UPNP.ORG: " + fmt.Sprint(boot) + "\r\n\r\n"
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(ssdp.GroupV4))); err != nil {
		t.Fatal(err)
	}
}

// Announcements in the gateway's name, by another host, lead to nobody but that host, seldom, and take nobody's mapping from the gateway, be it this
// machine's next hop or not: that it is not, as with a VPN, does not make others the gateway.
func TestForgedAnnouncements(t *testing.T) {
	for name, pc := range map[string]func(*emulator.Network) *emulator.Host{
		"next hop": newPC,
		"no default route": func(n *emulator.Network) *emulator.Host {
			return n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		},
	} {
		t.Run(name, func(t *testing.T) { forgedAnnouncements(t, pc) })
	}
}

func forgedAnnouncements(t *testing.T, pc func(*emulator.Network) *emulator.Host) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
		gw := emulator.Start(t, emulator.Options{Version: 1, Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
		forger := newStub(t, n, "forger", "192.168.1.66/24")
		forger.page("/desc.xml", description("uuid:forger", "WANIPConnection:1", "/ctl"))
		forger.page("/twin.xml", description(gw.UDN(), "WANIPConnection:1", "/ctl"))
		forger.actions("/ctl", connected("45.66.77.99"))
		w := &watchedNet{Host: pc(n)}
		c := New(Options{Net: w, Listen: true})
		m := c.Keep(t.Context(), Request{InternalPort: 8080})
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		boot := 0
		for range 20 {
			for _, lure := range append(lures(), forger.url("/desc.xml"), forger.url("/twin.xml")) {
				for _, udn := range []string{gw.UDN(), "uuid:forger"} {
					boot++
					announceFrom(t, forger.host, "192.168.1.66", udn, lure, boot)
					time.Sleep(10 * time.Millisecond)
				}
			}
		}
		for range 5 {
			boot++
			announceFrom(t, forger.host, "192.168.1.66", gw.UDN(), forger.url("/twin.xml"), boot)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		if foreign := w.beyond("192.168.1.1", "192.168.1.66"); len(foreign) > 0 {
			t.Errorf("%v was called", foreign)
		}
		if asked := forger.times("/desc.xml") + forger.times("/twin.xml"); asked > 20 {
			t.Errorf("the forger was asked %d times", asked)
		}
		if asked := forger.times("/ctl#AddPortMapping"); asked > 0 {
			t.Error("the forger was asked for a mapping")
		}
		if added := len(gw.Calls(emulator.Pattern("AddPortMapping"))); added > 1 {
			t.Errorf("the gateway was asked for the mapping %d times", added)
		}
		if got := gw.Mappings(); len(got) != 1 || m.External().Addr().String() != "45.66.77.88" {
			t.Errorf("%v, at %v", got, m.External())
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A proxy in the environment is not for gateways: nothing is sent to it, and no gateway is passed over.
func TestProxyIsIgnored(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "http://192.168.1.99:3128")
	}
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		w := &watchedNet{Host: newPC(n)}
		g, err := Find(t.Context(), Options{Net: w})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.ExternalIP(t.Context()); err != nil {
			t.Error(err)
		}
		if foreign := w.beyond("192.168.1.1"); len(foreign) > 0 {
			t.Errorf("%v was called", foreign)
		}
	})
}

// flood answers every search with forged replies at 10,000/s until the network ends.
func flood(t *testing.T, n *emulator.Network, forger *emulator.Host, stop <-chan struct{}) {
	l, err := forger.ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.66"), netip.MustParseAddrPort(ssdp.GroupV4))
	if err != nil {
		t.Error(err)
		return
	}
	defer l.Close()
	b := make([]byte, 2048)
	_, to, err := l.ReadFrom(b)
	if err != nil {
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := 0; ; {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		for range 10 {
			i++
			text := "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=60\r\nEXT:\r\nLOCATION: http://192.168.1.66:5000/" + fmt.Sprint(i) + "\r\nST: " + igd1 + "\r\nUSN: uuid:" + fmt.Sprint(i) + "::" + igd1 + "\r\n\r\n"
			l.WriteTo([]byte(text), to)
		}
	}
}

// Ten thousand forged answers in a second take little memory, and do not hold up the gateway, in real time.
func TestFloodInRealTime(t *testing.T) {
	const slow = 300 * time.Millisecond // the gateway's answer
	took := func(flooded bool) (time.Duration, uint64) {
		n := emulator.NewNetwork()
		defer n.Close()
		router := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
		router.wait = slow
		forger := n.Host("forger", netip.MustParsePrefix("192.168.1.66/24"))
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			if flooded {
				flood(t, n, forger, stop)
			}
		}()
		time.Sleep(20 * time.Millisecond) // the flood is ready
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		g, err := Find(t.Context(), Options{Net: newPC(n)})
		d := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		close(stop)
		<-done
		if err != nil || g.Responder != router.addr {
			t.Fatalf("flooded %v: %v", flooded, err)
		}
		return d, max(after.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
	}
	best := func(flooded bool) (least time.Duration, most uint64) {
		least = time.Hour
		for range 5 {
			d, heap := took(flooded)
			least, most = min(least, d), max(most, heap)
		}
		return least, most
	}
	calm, _ := best(false)
	flooded, heap := best(true)
	t.Logf("found after %v, in a flood after %v, with %d KiB", calm, flooded, heap>>10)
	if flooded > calm+100*time.Millisecond { // a few, on a machine that does nothing else
		t.Errorf("found after %v, in a flood after %v", calm, flooded)
	}
	if heap > 8<<20 {
		t.Errorf("%d KiB more", heap>>10)
	}
}
