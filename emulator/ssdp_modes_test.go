package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// TestSSDPLoopback asks a gateway on this machine, by unicast on a free port.
func TestSSDPLoopback(t *testing.T) {
	g := emulator.Start(t, emulator.Options{Version: 1, UDN: testUDN})
	if g.SSDP().Addr() != netip.MustParseAddr("127.0.0.1") || g.SSDP().Port() == 1900 {
		t.Fatalf("searches are answered at %v", g.SSDP())
	}
	c, err := emulator.SystemNet().Dial(t.Context(), "udp", netip.Addr{}, g.SSDP().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, searchFor("ssdp:all", "")); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	var got []string
	b := make([]byte, 2048)
	for range announced(1) {
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:n])), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		got = append(got, r.Header.Get("ST"))
		// UDA 1.1 §1.3.3: present when the device does not listen on 1900.
		if port := r.Header.Get("SEARCHPORT.UPNP.ORG"); port != fmt.Sprint(g.SSDP().Port()) {
			t.Errorf("SEARCHPORT %q, want %d", port, g.SSDP().Port())
		}
	}
	if got[0] != "upnp:rootdevice" || got[1] != testUDN {
		t.Errorf("replies %v", got)
	}
}

func TestSSDPModes(t *testing.T) {
	t.Run("off", func(t *testing.T) {
		if g := emulator.Start(t, emulator.Options{SSDP: "off"}); g.SSDP().IsValid() {
			t.Errorf("off, yet at %v", g.SSDP())
		}
	})
	t.Run("address", func(t *testing.T) {
		_, gateway, host := lan(t)
		g := emulator.Start(t, emulator.Options{Net: gateway, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "0.0.0.0:5000"})
		c := listenPacket(t, host, "192.168.1.10:4000")
		send(t, c, "192.168.1.1:5000", searchFor("upnp:rootdevice", "2"))
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, from, err := c.ReadFrom(make([]byte, 2048)); err != nil || from.String() != "192.168.1.1:5000" {
			t.Errorf("reply from %v: %v", from, err)
		}
		if g.SSDP().Port() != 5000 {
			t.Errorf("searches are answered at %v", g.SSDP())
		}
	})
	for _, mode := range []string{"nonsense", "router.example:1900", "192.168.1.1", "192.168.1.1:99999", "192.168.1.7:5000"} {
		n := emulator.NewNetwork()
		h := n.Host("gateway", prefix("192.168.1.1/24"))
		g, err := emulator.New(t.Context(), emulator.Options{Net: h, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: mode})
		if err == nil {
			g.Close()
			t.Errorf("mode %q is accepted", mode)
		}
		n.Close()
	}
}

// plainNet is somebody else's Net: its sockets do not tell how a datagram came, and fail now and then.
type plainNet struct{ *emulator.Host }

func (n plainNet) ListenGroup(ctx context.Context, local netip.Addr, group netip.AddrPort) (net.PacketConn, error) {
	c, err := n.Host.ListenGroup(ctx, local, group)
	return &plainConn{PacketConn: c}, err
}

type plainConn struct {
	net.PacketConn
	reads int
}

func (c *plainConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if c.reads++; c.reads%3 == 1 {
		return 0, nil, errors.New("network interface is resting")
	}
	return c.PacketConn.ReadFrom(b)
}

func TestSSDPForeignNet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		g, err := emulator.New(t.Context(), emulator.Options{Net: plainNet{gateway}, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		c := listenPacket(t, host, "192.168.1.10:4000")
		for _, tt := range []struct {
			data string
			want int
		}{
			{searchFor("upnp:rootdevice", "1"), 1},
			{searchFor("upnp:rootdevice", ""), 0}, // HOST says multicast, and there is no MX
			{strings.ReplaceAll(searchFor("upnp:rootdevice", ""), "239.255.255.250", "192.168.1.1"), 1},
		} {
			send(t, c, ssdpGroup().String(), tt.data)
			if all := listenFor(t, c, time.Minute); len(all) != tt.want {
				t.Errorf("%q: %d replies, want %d", tt.data, len(all), tt.want)
			}
		}
	})
}
