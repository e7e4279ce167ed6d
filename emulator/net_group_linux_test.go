package emulator

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/netns"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// TestLabGroup has two members on one host, and one on its loopback interface: the first two hear each other's group and not
// what is sent on the other interface.
func TestLabGroup(t *testing.T) {
	labtest.Host(t, lab.Options{}, func(t *testing.T) {
		group := netip.MustParseAddrPort("239.255.255.250:1900")
		eth, lo := netip.MustParseAddr("192.168.1.10"), netip.MustParseAddr("127.0.0.1")
		var members []net.PacketConn
		for _, local := range []netip.Addr{eth, eth, lo} {
			c, err := SystemNet().ListenGroup(t.Context(), local, group)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			members = append(members, c)
		}
		if got := members[0].LocalAddr().String(); got != "192.168.1.10:1900" {
			t.Errorf("a member's address is %s", got)
		}
		for _, what := range []string{"first", "last"} {
			for _, from := range []netip.Addr{eth, lo} {
				c, err := SystemNet().ListenPacket(t.Context(), netip.AddrPortFrom(from, 0))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if _, err := c.WriteTo(fmt.Append(nil, what, " from ", from), net.UDPAddrFromAddrPort(group)); err != nil {
					t.Fatalf("from %v: %v", from, err)
				}
			}
		}
		for i, local := range []netip.Addr{eth, eth, lo} {
			for _, what := range []string{"first", "last"} {
				b := make([]byte, 64)
				members[i].SetReadDeadline(time.Now().Add(5 * time.Second))
				n, _, by, err := members[i].(viaReader).readVia(b)
				if want := fmt.Sprint(what, " from ", local); string(b[:n]) != want || err != nil || by != viaMulticast {
					t.Errorf("member %d heard %q by %s, %v; want %q", i, b[:n], by, err, want)
				}
			}
		}
	})
}

// TestLabIPv6 runs a gateway on a link-local address, and asks it there and in its group.
func TestLabIPv6(t *testing.T) {
	labtest.Host(t, lab.Options{}, func(t *testing.T) {
		host, err := netns.Current()
		if err != nil {
			t.Fatal(err)
		}
		defer host.Close()
		if err := host.AddAddr("eth0", netip.MustParsePrefix("fe80::10/64")); err != nil {
			labtest.Skip(t, "no IPv6 here: "+err.Error())
		}
		local := netip.MustParseAddr("fe80::10%eth0")
		g := Start(t, Options{LAN: local, SSDP: "multicast", UDN: labUDN})
		c, err := SystemNet().ListenPacket(t.Context(), netip.AddrPortFrom(local, 0))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if !slices.ContainsFunc(g.Journal(), func(e Entry) bool { return e.Kind == "ssdp.notify" }) {
			t.Error("its announcements do not leave")
		}
		for _, to := range []string{"ff02::c", "fe80::10"} {
			addr := netip.AddrPortFrom(netip.MustParseAddr(to).WithZone("eth0"), 1900)
			b := ssdp.Search{Host: addr.String(), ST: labUDN, MX: 1}.Append(nil)
			if _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(addr)); err != nil {
				t.Fatal(err)
			}
			reply := make([]byte, 2048)
			c.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, from, err := c.ReadFrom(reply)
			if err != nil {
				t.Fatalf("search to %v: %v", addr, err)
			}
			if got := from.(*net.UDPAddr).AddrPort(); got != netip.AddrPortFrom(local, 1900) || g.SSDP() != got {
				t.Errorf("search to %v: %q from %v", addr, reply[:n], got)
			}
		}
	})
}
