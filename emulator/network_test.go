package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"

	"github.com/igdkit/igdkit/emulator"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// lan is a network of two hosts on one wire, 192.168.1.1 and 192.168.1.10.
func lan(t testing.TB) (n *emulator.Network, gateway, host *emulator.Host) {
	n = emulator.NewNetwork()
	gateway = n.Host("gateway", prefix("192.168.1.1/24"))
	host = n.Host("host", prefix("192.168.1.10/24"))
	host.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	t.Cleanup(func() { n.Close() })
	return n, gateway, host
}

func listen(t testing.TB, h *emulator.Host, addr string) net.Listener {
	t.Helper()
	l, err := h.Listen(t.Context(), netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// pipe connects two hosts; near is the dialler's end.
func pipe(t testing.TB, from, to *emulator.Host, addr string) (near, far net.Conn) {
	t.Helper()
	l := listen(t, to, addr)
	defer l.Close()
	near, err := from.Dial(t.Context(), "tcp", netip.Addr{}, addr)
	if err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func TestNetworkConn(t *testing.T) {
	for _, addr := range []string{"192.168.1.1:80", "192.168.1.10:80"} { // across the wire, and to itself
		t.Run(addr, func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				n, gateway, host := lan(t)
				to := gateway
				if strings.HasPrefix(addr, "192.168.1.10:") {
					to = host
				}
				near, far := pipe(t, host, to, addr)
				return near, far, func() { n.Close() }, nil
			})
		})
	}
}

func TestNetworkDial(t *testing.T) {
	const never = time.Hour
	tests := []struct {
		name    string
		address string
		local   string
		set     func(gateway, host *emulator.Host)
		within  time.Duration // of the context; never when it does not end the dial
		want    error         // nil: connected
		took    time.Duration
	}{
		{name: "listening", address: "192.168.1.1:80", within: never},
		{name: "from an address", address: "192.168.1.1:80", local: "192.168.1.10", within: never},
		{name: "nobody listens", address: "192.168.1.1:81", within: never, want: syscall.ECONNREFUSED},
		{name: "own host by 0.0.0.0", address: "0.0.0.0:80", within: never, want: syscall.ECONNREFUSED},
		{name: "port 0", address: "192.168.1.1:0", within: never, want: syscall.ECONNREFUSED},
		{name: "from loopback", address: "192.168.1.1:80", local: "127.0.0.1", within: never, want: syscall.EINVAL},
		{name: "own host", address: "127.0.0.1:80", within: never, want: syscall.ECONNREFUSED},
		{name: "nobody there", address: "192.168.1.77:80", within: never, want: syscall.EHOSTUNREACH, took: 3 * time.Second},
		{name: "nobody there, impatient", address: "192.168.1.77:80", within: time.Second, want: context.DeadlineExceeded, took: time.Second},
		{name: "no uplink", address: "203.0.113.1:80", within: never, want: syscall.ENETUNREACH},
		{name: "foreign source", address: "192.168.1.1:80", local: "192.168.1.11", within: never, want: syscall.EADDRNOTAVAIL},
		{
			name: "blackhole", address: "192.168.1.1:80", within: 5 * time.Second, want: context.DeadlineExceeded, took: 5 * time.Second,
			set: func(gateway, _ *emulator.Host) { gateway.Blackhole(true) },
		},
		{
			name: "blackhole, patient", address: "192.168.1.1:80", within: never, want: syscall.ETIMEDOUT, took: 127 * time.Second,
			set: func(_, host *emulator.Host) { host.Blackhole(true) },
		},
		{
			name: "blackhole that ends", address: "192.168.1.1:80", within: never, took: 7 * time.Second, // the third SYN after 1+2+4
			set: func(gateway, _ *emulator.Host) {
				gateway.Blackhole(true)
				time.AfterFunc(4*time.Second, func() { gateway.Blackhole(false) })
			},
		},
		{
			name: "gateway comes up", address: "192.168.1.1:80", within: never, took: time.Second,
			set: func(gateway, _ *emulator.Host) {
				gateway.SetDown(true)
				time.AfterFunc(time.Second/2, func() { gateway.SetDown(false) })
			},
		},
		{
			name: "own cable out", address: "192.168.1.1:80", within: never, want: syscall.ENETUNREACH,
			set: func(_, host *emulator.Host) { host.SetDown(true) },
		},
		{
			name: "gateway gone", address: "203.0.113.1:80", within: never, want: syscall.EHOSTUNREACH, took: 3 * time.Second,
			set: func(gateway, _ *emulator.Host) { gateway.Close() },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, gateway, host := lan(t)
				listen(t, gateway, "192.168.1.1:80")
				if tt.set != nil {
					tt.set(gateway, host)
				}
				var local netip.Addr
				if tt.local != "" {
					local = netip.MustParseAddr(tt.local)
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.within)
				defer cancel()
				start := time.Now()
				c, err := host.Dial(ctx, "tcp", local, tt.address)
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if !errors.Is(err, tt.want) {
					t.Fatalf("error %v, want %v", err, tt.want)
				}
				var op *net.OpError
				if err != nil && (!errors.As(err, &op) || op.Op != "dial" || op.Timeout() != (tt.want == context.DeadlineExceeded || tt.want == syscall.ETIMEDOUT)) {
					t.Errorf("error %#v is not as package net reports it", err)
				}
				if err == nil && (c.RemoteAddr().String() != tt.address || c.LocalAddr().(*net.TCPAddr).IP.String() != "192.168.1.10") {
					t.Errorf("connected %v to %v", c.LocalAddr(), c.RemoteAddr())
				}
			})
		})
	}
}

func TestNetworkDialBadAddress(t *testing.T) {
	_, _, host := lan(t)
	for _, tt := range []struct{ network, address string }{
		{"tcp", "router.example:80"}, {"tcp", "192.168.1.1"}, {"tcp", "192.168.1.1:http"}, {"tcp", "192.168.1.1:70000"},
		{"tcp6", "192.168.1.1:80"}, {"tcp4", "[2001:db8::1]:80"}, {"ip", "192.168.1.1:80"}, {"tcp", ""},
	} {
		if c, err := host.Dial(t.Context(), tt.network, netip.Addr{}, tt.address); err == nil {
			t.Errorf("%s %q: connected to %v", tt.network, tt.address, c.RemoteAddr())
		}
	}
	_, err := host.Dial(t.Context(), "tcp", netip.Addr{}, "router.example:80")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("a name: %v, want a DNS error", err)
	}
}

func TestNetworkListen(t *testing.T) {
	_, gateway, _ := lan(t)
	first := listen(t, gateway, "192.168.1.1:80")
	for _, tt := range []struct {
		addr string
		want error
	}{
		{"192.168.1.1:80", syscall.EADDRINUSE},
		{"0.0.0.0:80", syscall.EADDRINUSE},
		{"127.0.0.1:80", nil},
		{"127.5.6.7:80", nil}, // all of 127/8 is local
		{"[::]:80", nil},
		{"192.168.1.2:80", syscall.EADDRNOTAVAIL},
	} {
		l, err := gateway.Listen(t.Context(), netip.MustParseAddrPort(tt.addr))
		if !errors.Is(err, tt.want) {
			t.Errorf("listen on %s: %v, want %v", tt.addr, err, tt.want)
		}
		if l != nil && l.Addr().String() != tt.addr {
			t.Errorf("listen on %s: address is %v", tt.addr, l.Addr())
		}
	}
	first.Close()
	again := listen(t, gateway, "192.168.1.1:80")
	any1, any2 := listen(t, gateway, "192.168.1.1:0"), listen(t, gateway, "192.168.1.1:0")
	if any1.Addr().String() == any2.Addr().String() || any1.Addr().(*net.TCPAddr).Port < 49152 {
		t.Errorf("free ports %v and %v", any1.Addr(), any2.Addr())
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := again.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept on a closed listener: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gateway.Listen(ctx, netip.MustParseAddrPort("192.168.1.1:82")); !errors.Is(err, context.Canceled) {
		t.Errorf("listen with an ended context: %v", err)
	}
}

func TestNetworkAcceptEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, _ := lan(t)
		l := listen(t, gateway, "192.168.1.1:80")
		l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(time.Minute))
		start := time.Now()
		if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("accept with a deadline: %v after %v", err, time.Since(start))
		}
		l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept while closing: %v", err)
		}
	})
}

func TestNetworkBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		l := listen(t, gateway, "192.168.1.1:80")
		var waiting []net.Conn
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			c, err := host.Dial(ctx, "tcp", netip.Addr{}, "192.168.1.1:80")
			cancel()
			if err != nil {
				break
			}
			waiting = append(waiting, c)
		}
		if len(waiting) != 128 {
			t.Errorf("%d connections wait, want 128", len(waiting))
		}
		// An accepted one makes room for the SYN that is sent again after a second.
		time.AfterFunc(time.Second/2, func() { l.Accept() })
		if _, err := host.Dial(t.Context(), "tcp", netip.Addr{}, "192.168.1.1:80"); err != nil {
			t.Error(err)
		}
		l.Close()
		if _, err := waiting[5].Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read from one that was never accepted: %v, want a reset", err)
		}
	})
}

func TestNetworkTopology(t *testing.T) {
	n := emulator.NewNetwork()
	h := n.Host("h", prefix("10.0.0.1/8"))
	wan := h.AddInterface("", prefix("203.0.113.7/24"), prefix("2001:db8::7/64"), prefix("fe80::7/64"))
	h.SetDefaultGateway(netip.MustParseAddr("203.0.113.1"))
	h.SetDefaultGateway(netip.MustParseAddr("fe80::1"))

	ifis, err := h.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for i, ifi := range ifis {
		if ifi.Index != i+1 || ifi.Flags&net.FlagUp == 0 || (ifi.Flags&net.FlagMulticast == 0) != (ifi.Name == "lo") {
			t.Errorf("interface %+v", ifi)
		}
		addrs, err := h.Addrs(ifi)
		if err != nil {
			t.Error(err)
		}
		for _, a := range addrs {
			got[ifi.Name] = append(got[ifi.Name], a.String())
		}
		gateways, err := h.DefaultGateways(ifi)
		if err != nil {
			t.Error(err)
		}
		for _, g := range gateways {
			got[ifi.Name] = append(got[ifi.Name], "via "+g.String())
		}
	}
	want := map[string][]string{
		"lo":   {"127.0.0.1/8", "::1/128"},
		"eth0": {"10.0.0.1/8"},
		"eth1": {"203.0.113.7/24", "2001:db8::7/64", "fe80::7/64", "via 203.0.113.1", "via fe80::1"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("interfaces (-want +got):\n%s", d)
	}
	if wan.Name != "eth1" || len(wan.HardwareAddr) != 6 {
		t.Errorf("AddInterface gave %+v", wan)
	}

	h.SetDown(true)
	if ifis, _ = h.Interfaces(); len(ifis) != 1 || ifis[0].Name != "lo" {
		t.Errorf("a host that is down lists %v", ifis)
	}
	if _, err := h.Addrs(net.Interface{Index: 9}); err == nil {
		t.Error("addresses of an interface that does not exist")
	}
}

func TestNetworkMistakes(t *testing.T) {
	for name, f := range map[string]func(n *emulator.Network){
		"address taken":     func(n *emulator.Network) { n.Host("b", prefix("10.0.0.1/24")) },
		"taken when merged": func(n *emulator.Network) { n.Host("b", prefix("10.0.1.1/24")); n.Host("c", prefix("10.0.0.1/16")) },
		"loopback":          func(n *emulator.Network) { n.Host("b", prefix("127.0.0.1/8")) },
		"multicast":         func(n *emulator.Network) { n.Host("b", prefix("224.0.0.1/24")) },
		"zero":              func(n *emulator.Network) { n.Host("b", netip.Prefix{}) },
		"twice":             func(n *emulator.Network) { n.Host("b").AddInterface("", prefix("10.9.0.1/24"), prefix("10.9.0.1/16")) },
		"unknown interface": func(n *emulator.Network) { n.Host("b").SetAddrs("eth0", prefix("10.0.0.2/24")) },
		"lo":                func(n *emulator.Network) { n.Host("b").SetAddrs("lo", prefix("10.0.0.2/24")) },
	} {
		t.Run(name, func(t *testing.T) {
			n := emulator.NewNetwork()
			n.Host("a", prefix("10.0.0.1/24"))
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
				n.Close() // the lock is free
			}()
			f(n)
		})
	}
}

// TestNetworkWires tells which hosts hear each other.
func TestNetworkWires(t *testing.T) {
	n := emulator.NewNetwork()
	n.Host("a", prefix("10.0.1.1/24"))
	n.Host("b", prefix("10.0.2.1/24"))
	n.Host("c", prefix("10.0.3.1/24"), prefix("fe80::3/64"))
	n.Host("d", prefix("fe80::3/64")) // link-local alone is no common wire
	home1, home2 := n.Host("home1"), n.Host("home2")
	home1.AddInterface("one", prefix("192.168.1.1/24"))
	home2.AddInterface("two", prefix("192.168.1.1/24"))
	pc := n.Host("pc")
	pc.AddInterface("two", prefix("192.168.1.2/24"))

	dial := func(h *emulator.Host, addr string) error {
		_, err := h.Dial(t.Context(), "tcp", netip.Addr{}, addr)
		return err
	}
	listen(t, home1, "192.168.1.1:1")
	listen(t, home2, "192.168.1.1:2")
	if err := dial(pc, "192.168.1.1:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the other home: %v", err)
	}
	if err := dial(pc, "192.168.1.1:2"); err != nil {
		t.Errorf("the same home: %v", err)
	}

	// A wide prefix makes one wire of a, b and c; a still has no prefix that covers c.
	wide := n.Host("wide", prefix("10.0.0.9/16"))
	for _, addr := range []string{"10.0.1.1:1", "10.0.2.1:1", "10.0.3.1:1"} {
		if err := dial(wide, addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("wide to %s: %v", addr, err)
		}
	}
	if err := dial(wide, "10.0.4.1:1"); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("wide to nobody: %v", err)
	}
}

func TestNetworkIPv6(t *testing.T) {
	n := emulator.NewNetwork()
	defer n.Close()
	a, b := n.Host("a"), n.Host("b")
	a.AddInterface("", prefix("2001:db8::1/64"), prefix("fe80::1/64"))
	b.AddInterface("", prefix("2001:db8::2/64"), prefix("fe80::2/64"))
	for _, tt := range []struct{ listen, dial, local, seen string }{
		{"[2001:db8::2]:80", "[2001:db8::2]:80", "2001:db8::1", "2001:db8::1"},
		{"[fe80::2%eth0]:80", "[fe80::2%eth0]:80", "fe80::1%eth0", "fe80::1%eth0"},
		{"[::]:81", "[fe80::2%eth0]:81", "fe80::1%eth0", "fe80::1%eth0"},
	} {
		l := listen(t, b, tt.listen)
		c, err := a.Dial(t.Context(), "tcp6", netip.Addr{}, tt.dial)
		if err != nil {
			t.Errorf("%s: %v", tt.dial, err)
			continue
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		local := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().String()
		seen := far.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().String()
		if local != tt.local || seen != tt.seen {
			t.Errorf("%s: source %s seen as %s", tt.dial, local, seen)
		}
		l.Close()
	}
}

func TestNetworkClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, gateway, host := lan(t)
		near, _ := pipe(t, host, gateway, "192.168.1.1:80")
		l := listen(t, gateway, "192.168.1.1:80")
		p, err := host.ListenPacket(t.Context(), netip.AddrPort{})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { n.Close() })
		done := make(chan error, 2)
		go func() { _, err := l.Accept(); done <- err }()
		go func() { _, _, err := p.ReadFrom(make([]byte, 1)); done <- err }()
		if _, err := io.ReadAll(near); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v", err)
		}
		for range 2 {
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		if _, err := host.Dial(t.Context(), "tcp", netip.Addr{}, "192.168.1.1:80"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial in a closed network: %v", err)
		}
		if _, err := host.ListenPacket(t.Context(), netip.AddrPort{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("listen in a closed network: %v", err)
		}
	})
}
