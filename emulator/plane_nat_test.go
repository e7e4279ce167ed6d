package emulator_test

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// A host behind two routers reaches the outer one and the Internet, and hears from whom it has spoken to.
func TestBehindTwoRouters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		pc := n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
		pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
		inner := n.Host("inner", netip.MustParsePrefix("192.168.1.1/24"), netip.MustParsePrefix("192.168.178.20/24"))
		inner.SetDefaultGateway(netip.MustParseAddr("192.168.178.1"))
		outer := n.Host("outer", netip.MustParsePrefix("192.168.178.1/24"))
		plane := emulator.Plane{NAT: &nat.Behaviour{Filtering: nat.AddressAndPortDependent}}
		emulator.Start(t, emulator.Options{Name: "inner", Net: inner, LAN: netip.MustParseAddr("192.168.1.1"), ExternalIP: netip.MustParseAddr("192.168.178.20"), Plane: plane})
		emulator.Start(t, emulator.Options{Name: "outer", Net: outer, LAN: netip.MustParseAddr("192.168.178.1"), Plane: plane})
		server := n.Internet("server", netip.MustParseAddr("198.51.100.20"))

		l, err := server.Listen(t.Context(), netip.MustParseAddrPort("198.51.100.20:80"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, c.RemoteAddr().(*net.TCPAddr).IP.String())
				c.Close()
			}
		}()
		c, err := pc.Dial(t.Context(), "tcp", netip.Addr{}, "198.51.100.20:80")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || string(b) != external {
			t.Errorf("the server saw %q, %v", b, err)
		}
		c.Close()

		far, err := server.ListenPacket(t.Context(), netip.MustParseAddrPort("198.51.100.20:3478"))
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		stranger, err := server.ListenPacket(t.Context(), netip.MustParseAddrPort("198.51.100.20:9999"))
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		near, err := pc.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		b := make([]byte, 100)
		near.WriteTo([]byte("hello"), far.LocalAddr())
		size, from, err := far.ReadFrom(b)
		if err != nil || string(b[:size]) != "hello" || from.(*net.UDPAddr).IP.String() != external {
			t.Fatalf("the server heard %q from %v, %v", b[:size], from, err)
		}
		stranger.WriteTo([]byte("unasked"), from)
		far.WriteTo([]byte("answer"), from)
		near.SetReadDeadline(time.Now().Add(time.Second))
		if size, from, err := near.ReadFrom(b); err != nil || string(b[:size]) != "answer" || from.String() != "198.51.100.20:3478" {
			t.Errorf("heard %q from %v, %v", b[:size], from, err)
		}
		time.Sleep(5 * time.Minute)
		far.WriteTo([]byte("late"), from)
		near.SetReadDeadline(time.Now().Add(time.Second))
		if size, _, err := near.ReadFrom(b); err == nil {
			t.Errorf("heard %q after a long silence", b[:size])
		}
	})
}

// Two hosts with the same port of their own get ports of their own outside; without a NAT there is no way out.
func TestPortsOfHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, on := range []bool{true, false} {
			n := emulator.NewNetwork()
			plane := emulator.Plane{}
			if on {
				plane.NAT = &nat.Behaviour{}
			}
			router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
			emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.1.1"), Plane: plane})
			server, err := n.Internet("server", netip.MustParseAddr("198.51.100.20")).ListenPacket(t.Context(), netip.MustParseAddrPort("198.51.100.20:53"))
			if err != nil {
				t.Fatal(err)
			}
			ports := map[string]bool{}
			for _, prefix := range []string{"192.168.1.10/24", "192.168.1.11/24"} {
				h := n.Host(prefix, netip.MustParsePrefix(prefix))
				h.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
				c, err := h.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:5000"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.WriteTo([]byte("?"), server.LocalAddr()); (err == nil) != on {
					t.Errorf("masquerade %v: %v", on, err)
				}
				if !on {
					continue
				}
				_, from, err := server.ReadFrom(make([]byte, 10))
				if err != nil {
					t.Fatal(err)
				}
				ports[from.String()] = true
			}
			if on && (len(ports) != 2 || !ports[external+":5000"]) {
				t.Errorf("seen from %v", ports)
			}
			n.Close()
		}
	})
}
