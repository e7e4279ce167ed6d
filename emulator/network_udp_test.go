package emulator_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

func ssdpGroup() netip.AddrPort { return netip.MustParseAddrPort("239.255.255.250:1900") }

func listenPacket(t testing.TB, h *emulator.Host, addr string) net.PacketConn {
	t.Helper()
	var local netip.AddrPort
	if addr != "" {
		local = netip.MustParseAddrPort(addr)
	}
	c, err := h.ListenPacket(t.Context(), local)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func joinGroup(t testing.TB, h *emulator.Host, local string) net.PacketConn {
	t.Helper()
	c, err := h.ListenGroup(t.Context(), netip.MustParseAddr(local), ssdpGroup())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t testing.TB, c net.PacketConn, to, data string) {
	t.Helper()
	if _, err := c.WriteTo([]byte(data), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		t.Errorf("send %q to %s: %v", data, to, err)
	}
}

// received empties the queue of c: "data from source", in order.
func received(t testing.TB, c net.PacketConn) []string {
	t.Helper()
	var all []string
	b := make([]byte, 2048)
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	for {
		n, from, err := c.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s from %v", b[:n], from.(*net.UDPAddr)))
	}
}

func TestPacketUnicast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		client := listenPacket(t, host, "192.168.1.10:4000")
		any := listenPacket(t, gateway, "0.0.0.0:53")
		bound := listenPacket(t, gateway, "192.168.1.1:67")
		local := listenPacket(t, gateway, "127.0.0.1:54")
		dual := listenPacket(t, gateway, "")

		send(t, client, "192.168.1.1:53", "a")
		send(t, client, "192.168.1.1:67", "b")
		send(t, client, "192.168.1.1:68", "to nobody")
		send(t, client, "192.168.1.99:67", "to no host")
		send(t, client, fmt.Sprintf("192.168.1.1:%d", dual.LocalAddr().(*net.UDPAddr).Port), "c")
		send(t, bound, "127.0.0.1:54", "inside")
		send(t, bound, "192.168.1.10:4000", "d")
		gateway.Blackhole(true)
		send(t, client, "192.168.1.1:67", "lost")
		send(t, bound, "192.168.1.1:67", "to oneself")
		for _, tt := range []struct {
			name string
			c    net.PacketConn
			want []string
		}{
			{"wildcard", any, []string{"a from 192.168.1.10:4000"}},
			{"bound", bound, []string{"b from 192.168.1.10:4000", "to oneself from 192.168.1.1:67"}},
			{"loopback", local, []string{"inside from 192.168.1.1:67"}},
			{"both families", dual, []string{"c from 192.168.1.10:4000"}},
			{"client", client, []string{"d from 192.168.1.1:67"}},
		} {
			if d := cmp.Diff(tt.want, received(t, tt.c)); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, d)
			}
		}
	})
}

func TestPacketErrors(t *testing.T) {
	_, gateway, host := lan(t)
	c := listenPacket(t, host, "192.168.1.10:4000")
	for _, tt := range []struct {
		name string
		err  func() error
		want error
	}{
		{"port taken", func() error {
			_, err := host.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:4000"))
			return err
		}, syscall.EADDRINUSE},
		{"port taken by no group member", func() error {
			_, err := host.ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.10"), netip.MustParseAddrPort("239.255.255.250:4000"))
			return err
		}, syscall.EADDRINUSE},
		{"address of another", func() error {
			_, err := host.ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.1:4001"))
			return err
		}, syscall.EADDRNOTAVAIL},
		{"no group", func() error {
			_, err := gateway.ListenGroup(t.Context(), netip.MustParseAddr("192.168.1.1"), netip.MustParseAddrPort("192.168.1.1:1900"))
			return err
		}, syscall.EINVAL},
		{"too long", func() error {
			_, err := c.WriteTo(make([]byte, 65508), net.UDPAddrFromAddrPort(ssdpGroup()))
			return err
		}, syscall.EMSGSIZE},
		{"no way", func() error {
			_, err := c.WriteTo(nil, &net.UDPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 9})
			return err
		}, syscall.ENETUNREACH},
		{"port 0", func() error { _, err := c.WriteTo(nil, &net.UDPAddr{IP: net.IPv4(192, 168, 1, 1)}); return err }, syscall.EINVAL},
		{"not UDP", func() error {
			_, err := c.WriteTo(nil, &net.TCPAddr{IP: net.IPv4(192, 168, 1, 1), Port: 9})
			return err
		}, syscall.EINVAL},
		{"late", func() error {
			c.SetWriteDeadline(time.Unix(1, 0))
			_, err := c.WriteTo(nil, net.UDPAddrFromAddrPort(ssdpGroup()))
			return err
		}, os.ErrDeadlineExceeded},
		{"closed", func() error { c.Close(); _, _, err := c.ReadFrom(nil); return err }, net.ErrClosed},
		{"write after close", func() error { _, err := c.WriteTo(nil, net.UDPAddrFromAddrPort(ssdpGroup())); return err }, net.ErrClosed},
		{"close after close", func() error { return c.Close() }, net.ErrClosed},
		{"port free again", func() error {
			_, err := host.ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:4000"))
			return err
		}, nil},
	} {
		if err := tt.err(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestPacketMulticast has two wires: what is sent on one is heard there only, by every member.
func TestPacketMulticast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		host := n.Host("host", prefix("192.168.1.10/24"), prefix("10.0.0.10/24"))
		gateway := n.Host("gateway", prefix("192.168.1.1/24"))
		vpn := n.Host("vpn", prefix("10.0.0.1/24"))
		host.SetDefaultGateway(netip.MustParseAddr("10.0.0.1"))

		members := map[string]net.PacketConn{
			"gateway": joinGroup(t, gateway, "192.168.1.1"),
			"twin":    joinGroup(t, gateway, "192.168.1.1"), // two programs on one machine
			"own":     joinGroup(t, host, "192.168.1.10"),
			"vpn":     joinGroup(t, vpn, "10.0.0.1"),
			"loop":    joinGroup(t, gateway, "127.0.0.1"),
			"left":    joinGroup(t, gateway, "192.168.1.1"),
		}
		members["left"].Close()
		delete(members, "left")
		group := ssdpGroup().String()
		lanSide := listenPacket(t, host, "192.168.1.10:4001")
		anySide := listenPacket(t, host, "0.0.0.0:4002")
		inside := listenPacket(t, gateway, "127.0.0.1:4003")
		outsider := listenPacket(t, gateway, "0.0.0.0:1901")

		send(t, lanSide, group, "lan")
		send(t, anySide, group, "default route")
		send(t, inside, group, "loopback")
		send(t, lanSide, "239.255.255.250:1901", "other port")
		send(t, lanSide, "239.0.0.1:1900", "other group")
		send(t, lanSide, "192.168.1.1:1900", "unicast") // the member that joined last has it
		gateway.SetDown(true)
		send(t, lanSide, group, "to own host only")
		gateway.SetDown(false)
		send(t, members["gateway"], group, "notify")

		want := map[string][]string{
			"gateway": {"lan from 192.168.1.10:4001", "notify from 192.168.1.1:1900"},
			"twin":    {"lan from 192.168.1.10:4001", "unicast from 192.168.1.10:4001", "notify from 192.168.1.1:1900"},
			"own":     {"lan from 192.168.1.10:4001", "to own host only from 192.168.1.10:4001", "notify from 192.168.1.1:1900"},
			"vpn":     {"default route from 10.0.0.10:4002"},
			"loop":    {"loopback from 127.0.0.1:4003"},
		}
		got := map[string][]string{}
		for name, c := range members {
			got[name] = received(t, c)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("members heard (-want +got):\n%s", d)
		}
		if got := received(t, outsider); got != nil {
			t.Errorf("a socket that never joined heard %v", got)
		}
	})
}

func TestPacketGroupFollowsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		member := joinGroup(t, gateway, "192.168.1.1")
		c := listenPacket(t, host, "")
		gateway.SetAddrs("eth0", prefix("192.168.2.1/24"))
		send(t, c, ssdpGroup().String(), "old wire")
		host.SetAddrs("eth0", prefix("192.168.2.10/24"))
		send(t, c, ssdpGroup().String(), "new wire")
		want := []string{fmt.Sprintf("new wire from 192.168.2.10:%d", c.LocalAddr().(*net.UDPAddr).Port)}
		if d := cmp.Diff(want, received(t, member)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestPacketIPv6Multicast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := emulator.NewNetwork()
		defer n.Close()
		a, b := n.Host("a"), n.Host("b")
		a.AddInterface("", prefix("2001:db8::1/64"), prefix("fe80::1/64"))
		b.AddInterface("", prefix("10.1.0.1/24"))
		b.AddInterface("", prefix("2001:db8::2/64"), prefix("fe80::2/64"))
		member, err := b.ListenGroup(t.Context(), netip.MustParseAddr("fe80::2%eth1"), netip.MustParseAddrPort("[ff02::c]:1900"))
		if err != nil {
			t.Fatal(err)
		}
		c := listenPacket(t, a, "[fe80::1%eth0]:4000")
		send(t, c, "[ff02::c]:1900", "search")
		want := []string{"search from [fe80::1%eth1]:4000"} // the zone is the receiver's
		if d := cmp.Diff(want, received(t, member)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		send(t, member, "[fe80::1%eth1]:4000", "reply")
		if d := cmp.Diff([]string{"reply from [fe80::2%eth0]:1900"}, received(t, c)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestPacketQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		c, slow := listenPacket(t, host, "192.168.1.10:4000"), listenPacket(t, gateway, "192.168.1.1:9")
		for i := range 300 {
			send(t, c, "192.168.1.1:9", fmt.Sprint(i))
		}
		got := received(t, slow)
		if len(got) != 256 || got[255] != "255 from 192.168.1.10:4000" {
			t.Errorf("%d datagrams waited, want the first 256", len(got))
		}
		send(t, c, "192.168.1.1:9", "a long one")
		send(t, c, "192.168.1.1:9", "next")
		b := make([]byte, 4)
		slow.SetReadDeadline(time.Time{})
		for _, want := range []string{"a lo", "next"} {
			if n, _, err := slow.ReadFrom(b); string(b[:n]) != want || err != nil {
				t.Errorf("read %q, %v, want %q", b[:n], err, want)
			}
		}
	})
}

func TestPacketDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gateway, host := lan(t)
		server, other := listenPacket(t, gateway, "192.168.1.1:3478"), listenPacket(t, gateway, "192.168.1.1:3479")
		c, err := host.Dial(t.Context(), "udp", netip.Addr{}, "192.168.1.1:3478")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.LocalAddr().(*net.UDPAddr).IP.String(); got != "192.168.1.10" || c.RemoteAddr().String() != "192.168.1.1:3478" {
			t.Errorf("connected %v to %v", c.LocalAddr(), c.RemoteAddr())
		}
		if _, err := c.Write([]byte("binding")); err != nil {
			t.Error(err)
		}
		send(t, other, c.LocalAddr().String(), "stranger")
		send(t, server, c.LocalAddr().String(), "mapped")
		b := make([]byte, 16)
		if n, err := c.Read(b); string(b[:n]) != "mapped" || err != nil {
			t.Errorf("read %q, %v", b[:n], err)
		}
		if got := received(t, server); len(got) != 1 {
			t.Errorf("the server received %v", got)
		}
	})
}

func idleHosts(t testing.TB, n *emulator.Network, count int) []*emulator.Host {
	hosts := make([]*emulator.Host, count)
	for i := range hosts {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).Next()
		hosts[i] = n.Host("device", netip.PrefixFrom(addr, 8))
		if _, err := hosts[i].Listen(t.Context(), netip.AddrPortFrom(addr, 80)); err != nil {
			t.Fatal(err)
		}
		joinGroup(t, hosts[i], addr.String())
	}
	return hosts
}

// TestNetworkManyHosts has a thousand members on one wire, and each of a thousand wires found again.
func TestNetworkManyHosts(t *testing.T) {
	n := emulator.NewNetwork()
	defer n.Close()
	idleHosts(t, n, 1000)
	c := listenPacket(t, n.Host("client", prefix("10.9.0.1/8")), "10.9.0.1:4000")
	send(t, c, ssdpGroup().String(), "search")

	order := make([]int, 1000)
	for i := range order {
		order[i] = i * 7 % len(order)
	}
	for _, i := range order {
		n.Host("router", netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 6), byte(i<<2) | 1}), 30))
	}
	slices.Reverse(order)
	for _, i := range order {
		addr := netip.AddrFrom4([4]byte{172, 16, byte(i >> 6), byte(i<<2) | 1})
		h := n.Host("host", netip.PrefixFrom(addr.Next(), 30))
		if _, err := h.Dial(t.Context(), "tcp", netip.Addr{}, netip.AddrPortFrom(addr, 80).String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("router %v: %v", addr, err)
		}
	}
}
