package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/emulator"
)

// home is a gateway in memory with a host behind it and others on the Internet.
type home struct {
	t       *testing.T
	network *emulator.Network
	router  *emulator.Host
	nas     *emulator.Host // 192.168.1.10
	peer    *emulator.Host // 198.51.100.20
	g       *emulator.Gateway
	igd     *internetgateway2.WANIPConnection1
}

const (
	external = "45.66.77.88" // of a gateway that has no other
	peerAddr = "198.51.100.20"
)

func newHome(t *testing.T, o emulator.Options) *home {
	t.Helper()
	n, router, nas := lan(t)
	h := &home{t: t, network: n, router: router, nas: nas, peer: n.Internet("peer", netip.MustParseAddr(peerAddr))}
	o.Net, o.LAN, o.Version, o.SSDP = router, netip.MustParseAddr("192.168.1.1"), 1, "off"
	h.g = emulator.Start(t, o)
	u, err := url.Parse(h.g.Location())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/control/WANIPConnection1"
	h.igd = &internetgateway2.WANIPConnection1{}
	h.igd.SOAPClient = goupnpsoap.NewSOAPClient(*u)
	h.igd.SOAPClient.HTTPClient.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return nas.Dial(ctx, network, netip.Addr{}, address)
		},
	}
	return h
}

// add maps a port to one of the host behind.
func (h *home) add(protocol string, port, internal uint16, lease uint32) {
	h.t.Helper()
	if err := h.igd.AddPortMapping("", port, protocol, internal, "192.168.1.10", true, "", lease); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) delete(protocol string, port uint16) {
	h.t.Helper()
	if err := h.igd.DeletePortMapping("", port, protocol); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) dial(address string) (net.Conn, error) {
	return h.peer.Dial(h.t.Context(), "tcp", netip.Addr{}, address)
}

// connect opens a connection from the peer to a mapped port: its end and that of the listener behind.
func (h *home) connect(l net.Listener, address string) (outer, inner net.Conn) {
	h.t.Helper()
	outer, err := h.dial(address)
	if err != nil {
		h.t.Fatal(err)
	}
	if inner, err = l.Accept(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { outer.Close(); inner.Close() })
	return outer, inner
}

// crosses tells whether a message gets from one end to the other within a second.
func crosses(t *testing.T, from, to net.Conn) bool {
	t.Helper()
	if _, err := from.Write([]byte("over")); err != nil {
		return false
	}
	if err := to.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	b := make([]byte, 64)
	n, err := to.Read(b)
	to.SetReadDeadline(time.Time{})
	return err == nil && string(b[:n]) == "over"
}

func wantReset(t *testing.T, who string, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%s reads %v, want a reset", who, err)
	}
}

func TestMappedTCPInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		if got := h.g.Mappings()[0].Reach.String(); got != external+":8080" {
			t.Errorf("reach %s", got)
		}
		outer, inner := h.connect(l, external+":8080")
		if got := inner.RemoteAddr().String(); !strings.HasPrefix(got, peerAddr+":") || got != outer.LocalAddr().String() {
			t.Errorf("the program behind sees %s, the peer is %v", got, outer.LocalAddr())
		}
		if inner.LocalAddr().String() != "192.168.1.10:80" || outer.RemoteAddr().String() != external+":8080" {
			t.Errorf("ends %v and %v", inner.LocalAddr(), outer.RemoteAddr())
		}
		if !crosses(t, outer, inner) || !crosses(t, inner, outer) {
			t.Error("bytes do not cross")
		}
		// Half-close: the end of one direction leaves the other open.
		if err := outer.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := inner.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after the peer's FIN: %v", err)
		}
		if !crosses(t, inner, outer) {
			t.Error("nothing comes back after a half-close")
		}
		outer.(interface{ SetLinger(int) error }).SetLinger(0)
		outer.Close()
		if _, err := inner.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("after the peer's RST: %v", err)
		}
	})
}

func TestSeveralPeersInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		second := h.network.Internet("second", netip.MustParseAddr("203.0.113.5"))
		outer, inner := h.connect(l, external+":8080")
		other, err := second.Dial(t.Context(), "tcp", netip.Addr{}, external+":8080")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		otherInner, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer otherInner.Close()
		if !crosses(t, otherInner, other) || !crosses(t, outer, inner) {
			t.Error("the peers disturb each other")
		}
	})
}

func TestRefusedInMemory(t *testing.T) {
	type mapping struct {
		remote, client string
		disabled       bool
	}
	for _, tt := range []struct {
		name  string
		o     emulator.Options
		m     mapping
		to    string // external + ":8080"
		setup func(*home)
		want  error
		took  time.Duration
	}{
		{name: "open"},
		{name: "not mapped", to: external + ":8081", want: syscall.ECONNREFUSED},
		{name: "not mapped, stealth", o: emulator.Options{Plane: emulator.Plane{Stealth: true}}, to: external + ":8081", want: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "nobody listens behind", setup: func(h *home) {
			h.nas.Close()
			h.network.Host("again", prefix("192.168.1.10/24")).SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
		}, want: syscall.ECONNREFUSED},
		{name: "nobody is behind", m: mapping{client: "192.168.1.77"}, want: syscall.EHOSTUNREACH, took: 3 * time.Second},
		{name: "the host behind is dead", setup: func(h *home) { h.nas.Blackhole(true) }, want: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "the host behind has no way back", setup: func(h *home) { h.nas.SetDefaultGateway(netip.Addr{}) }, want: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "the router is dead", setup: func(h *home) { h.router.Blackhole(true) }, want: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "for this peer", m: mapping{remote: peerAddr}},
		{name: "for another peer", m: mapping{remote: "203.0.113.5"}, want: syscall.ECONNREFUSED},
		{name: "disabled", m: mapping{disabled: true}, want: syscall.ECONNREFUSED},
		{name: "disconnected", setup: func(h *home) { h.g.SetConnectionStatus("Disconnected") }, want: syscall.ETIMEDOUT, took: 127 * time.Second},
		{name: "no external address", setup: func(h *home) { h.g.SetExternalIP(netip.Addr{}) }, want: syscall.EHOSTUNREACH, took: 3 * time.Second},
		{name: "plane off", o: emulator.Options{Plane: emulator.Plane{Mode: emulator.PlaneOff}}, want: syscall.EHOSTUNREACH, took: 3 * time.Second},
		{name: "full", o: emulator.Options{Plane: emulator.Plane{MaxSessions: 1}}, setup: func(h *home) { h.dial(external + ":8080") }, want: syscall.ECONNREFUSED},
		{name: "the LAN's address from outside", to: "192.168.1.10:80", want: syscall.EHOSTUNREACH, took: 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.o.Policy.Clients.Accept = "any"
				h := newHome(t, tt.o)
				listen(t, h.nas, "192.168.1.10:80")
				if tt.m.client == "" {
					tt.m.client = "192.168.1.10"
				}
				if tt.to == "" {
					tt.to = external + ":8080"
				}
				if err := h.igd.AddPortMapping(tt.m.remote, 8080, "TCP", 80, tt.m.client, !tt.m.disabled, "", 0); err != nil {
					t.Fatal(err)
				}
				if tt.setup != nil {
					tt.setup(h)
				}
				start := time.Now()
				c, err := h.dial(tt.to)
				if took := time.Since(start); !errors.Is(err, tt.want) || took != tt.took {
					t.Errorf("%v after %v, want %v after %v", err, took, tt.want, tt.took)
				}
				if err == nil {
					c.Close()
				}
			})
		})
	}
}

// A mapping may lead to nobody, as routers and faults write them.
func TestMappedToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{
			Mappings: []emulator.InitialMapping{{ExternalPort: 8081, Enabled: new(true)}},
			Faults: []emulator.Fault{{
				On: "table.add", Do: emulator.Deed{Set: map[string]emulator.Setting{"NewInternalClient": {Text: new("0.0.0.0")}}},
			}},
		})
		h.add("TCP", 8080, 80, 0)
		listen(t, h.router, "127.0.0.1:80") // 0.0.0.0 must not mean the router
		for _, m := range h.g.Mappings() {
			if m.Reach.IsValid() {
				t.Errorf("%v is reached at %v", m, m.Reach)
			}
		}
		for _, port := range []string{":8080", ":8081"} {
			if _, err := h.dial(external + port); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v", port, err)
			}
		}
	})
}

// What is mapped for one remote host is not mapped for others, who get what is mapped for all.
func TestRemoteHostComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		all, one := listen(t, h.nas, "192.168.1.10:80"), listen(t, h.nas, "192.168.1.10:81")
		h.add("TCP", 8080, 80, 0)
		if err := h.igd.AddPortMapping(peerAddr, 8080, "TCP", 81, "192.168.1.10", true, "", 0); err != nil {
			t.Fatal(err)
		}
		h.connect(one, external+":8080")
		h.peer = h.network.Internet("second", netip.MustParseAddr("203.0.113.5"))
		h.connect(all, external+":8080")
	})
}

func TestConnectionsEndWithTheirMapping(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(*home)
		stays bool
	}{
		{"deleted", func(h *home) { h.delete("TCP", 8080) }, false},
		{"expired", func(*home) { time.Sleep(time.Hour) }, false},
		{"reboot", func(h *home) { h.g.Reboot(emulator.Reboot{}) }, false},
		{"closed", func(h *home) { h.g.Close() }, false},
		{"disabled", func(h *home) { h.igd.AddPortMapping("", 8080, "TCP", 80, "192.168.1.10", false, "", 3600) }, false},
		{"disconnected", func(h *home) { h.g.SetConnectionStatus("Disconnected") }, false},
		{"another address", func(h *home) { h.g.SetExternalIP(netip.MustParseAddr("203.0.113.9")) }, false},
		{"leads elsewhere", func(h *home) { h.add("TCP", 8080, 81, 3600) }, false},
		{"renewed", func(h *home) {
			time.Sleep(59 * time.Minute)
			h.add("TCP", 8080, 80, 3600)
			time.Sleep(59 * time.Minute)
		}, true},
		{"another one deleted", func(h *home) { h.add("TCP", 8081, 80, 3600); h.delete("TCP", 8081) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, emulator.Options{})
				l := listen(t, h.nas, "192.168.1.10:80")
				h.add("TCP", 8080, 80, 3600)
				outer, inner := h.connect(l, external+":8080")
				tt.do(h)
				if tt.stays {
					if !crosses(t, outer, inner) {
						t.Error("the connection is gone")
					}
					return
				}
				wantReset(t, "the peer", outer)
				wantReset(t, "the program behind", inner)
			})
		})
	}
}

// Nobody is at home while a gateway is down, and what it keeps is open again when it is up.
func TestMappedPortAfterDowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		outer, inner := h.connect(l, external+":8080")
		if err := h.g.Reboot(emulator.Reboot{Keep: true, Downtime: emulator.Duration(20 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		wantReset(t, "the peer", outer)
		wantReset(t, "the program behind", inner)
		start := time.Now()
		h.connect(l, external+":8080")
		if took := time.Since(start); took != 31*time.Second { // SYNs after 1, 3, 7, 15, 31 s
			t.Errorf("connected after %v", took)
		}
	})
}

func TestSilentConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		l := listen(t, h.nas, "192.168.1.10:80")
		h.add("TCP", 8080, 80, 0)
		outer, inner := h.connect(l, external+":8080")
		time.Sleep(2 * time.Hour)
		if !crosses(t, outer, inner) {
			t.Fatal("gone after 2 h")
		}
		start := time.Now()
		wantReset(t, "the program behind", inner) // RFC 5382 REQ-5: not before 2 h 4 min
		if took := time.Since(start); took != 2*time.Hour+4*time.Minute {
			t.Errorf("gone after %v", took)
		}
	})
}

func TestMappedUDPInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{})
		inner := socket(t, h.nas, "192.168.1.10:5000")
		one, two := socket(t, h.peer, peerAddr+":7000"), socket(t, h.network.Internet("second", netip.MustParseAddr("203.0.113.5")), "203.0.113.5:7000")
		h.add("UDP", 5001, 5000, 0)
		say(t, one, external+":5001", "one")
		hear(t, inner, "one", peerAddr+":7000")
		say(t, two, external+":5001", "two")
		hear(t, inner, "two", "203.0.113.5:7000")
		say(t, inner, peerAddr+":7000", "back")
		hear(t, one, "back", external+":5001")
		say(t, inner, "203.0.113.5:7000", "back too")
		hear(t, two, "back too", external+":5001")

		// A peer that never spoke hears nothing, and the sender is told that there is no way: the gateway has no NAT for it.
		if _, err := inner.WriteTo([]byte("who"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(peerAddr+":7001"))); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("to a stranger: %v", err)
		}
		silent(t, inner, func() { say(t, one, external+":5002", "not mapped") })

		time.Sleep(2*time.Minute - 2*time.Second) // RFC 4787 REQ-5
		say(t, inner, peerAddr+":7000", "in time")
		hear(t, one, "in time", external+":5001")
		time.Sleep(2 * time.Minute)
		if _, err := inner.WriteTo([]byte("late"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(peerAddr+":7000"))); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("after two silent minutes: %v", err)
		}

		say(t, one, external+":5001", "again")
		hear(t, inner, "again", peerAddr+":7000")
		h.delete("UDP", 5001)
		silent(t, inner, func() { say(t, one, external+":5001", "deleted") })
		if _, err := inner.WriteTo([]byte("deleted"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(peerAddr+":7000"))); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("after delete: %v", err)
		}
	})
}

func socket(t *testing.T, h *emulator.Host, addr string) net.PacketConn {
	t.Helper()
	c, err := h.ListenPacket(t.Context(), netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func say(t *testing.T, c net.PacketConn, to, text string) {
	t.Helper()
	if _, err := c.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.PacketConn, text, from string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 1024)
	n, addr, err := c.ReadFrom(b)
	if err != nil || string(b[:n]) != text || addr.String() != from {
		t.Errorf("heard %q from %v, %v; want %q from %s", b[:n], addr, err, text, from)
	}
}

// silent expects that c hears nothing of what f says.
func silent(t *testing.T, c net.PacketConn, f func()) {
	t.Helper()
	f()
	c.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 1024)
	if n, addr, err := c.ReadFrom(b); err == nil {
		t.Errorf("heard %q from %v", b[:n], addr)
	}
}
