package e2e

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/internal/netns"
)

// The IPv6 addresses of a house: of the documentation prefix (RFC 3849), which is a global one to all who are here.
var (
	lanHost6    = netip.MustParseAddr("2001:db8:77::10")
	lanGateway6 = netip.MustParseAddr("2001:db8:77::1")
	wanGateway6 = netip.MustParseAddr("2001:db8:203::7")
	wanHost6    = netip.MustParseAddr("2001:db8:203::100")
)

// wireSix gives every interface an IPv6 address, and the way to the other side.
func (h *house) wireSix(t testing.TB) {
	t.Helper()
	for _, x := range []struct {
		in   *netns.Namespace
		name string
		addr netip.Addr
		via  netip.Addr
	}{
		{h.gateway, "lan0", lanGateway6, netip.Addr{}},
		{h.gateway, "wan0", wanGateway6, netip.Addr{}},
		{h.lan, "eth0", lanHost6, lanGateway6},
		{h.wan, "eth0", wanHost6, wanGateway6},
	} {
		if err := x.in.AddAddr(x.name, netip.PrefixFrom(x.addr, 64)); err != nil {
			t.Fatal(err)
		}
		if x.via.IsValid() {
			if err := x.in.AddDefaultRoute(x.via); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.gateway.Sysctl("net/ipv6/conf/all/forwarding", "1"); err != nil {
		t.Fatal(err)
	}
}

// reaches fails the test unless the WAN's host exchanges bytes with the LAN's by IPv6.
func (h *house) reaches(t *testing.T, protocol string, port uint16) {
	t.Helper()
	if err := h.exchangeAt(protocol, netip.AddrPortFrom(lanHost6, port), wanHost6); err != nil {
		t.Fatalf("%s port %d from the WAN by IPv6: %v", protocol, port, err)
	}
}

// filtered fails the test unless the gateway's firewall swallows what comes from the WAN.
func (h *house) filtered(t *testing.T, protocol string, port uint16) {
	t.Helper()
	err := h.exchangeAt(protocol, netip.AddrPortFrom(lanHost6, port), wanHost6)
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		t.Fatalf("%s port %d from the WAN by IPv6: %v, want no answer", protocol, port, err)
	}
}

// TestPinholes lets peers with IPv6 in, through the firewall of a real miniupnpd (WANIPv6FirewallControl:1).
func TestPinholes(t *testing.T) {
	inHouse(t, wiring{v6: true}, func(t *testing.T, h *house) {
		h.home = t.TempDir()
		for _, protocol := range []string{"tcp", "udp"} {
			h.serveAt(t, protocol, netip.AddrPortFrom(lanHost6, 8080))
		}
		h.filtered(t, "tcp", 8080)

		type pinhole struct {
			ID           uint16
			Protocol     string
			Address      netip.Addr
			Port         uint16
			LeaseSeconds int64 `json:"lease_seconds"`
		}
		var opened struct{ Pinholes []pinhole }
		h.igdctl(t, "pinhole", "open", "8080/both", "--json").decode(t, &opened)
		if len(opened.Pinholes) != 2 || opened.Pinholes[0].Address != lanHost6 || opened.Pinholes[0].LeaseSeconds != 86400 {
			t.Errorf("opened %+v", opened)
		}
		h.reaches(t, "tcp", 8080)
		h.reaches(t, "udp", 8080)
		var listed struct{ Pinholes []pinhole }
		h.igdctl(t, "pinhole", "list", "--json").decode(t, &listed)
		if len(listed.Pinholes) != 2 {
			t.Errorf("listed %+v, want both", listed)
		}
		if got := h.igdctl(t, "pinhole", "close", "8080/both"); got.code != 0 {
			t.Error("pinhole close failed")
		}
		h.filtered(t, "tcp", 8080)
		listed.Pinholes = nil
		h.igdctl(t, "pinhole", "list", "--json").decode(t, &listed)
		if len(listed.Pinholes) != 0 {
			t.Errorf("listed %+v after close", listed)
		}

		// A kept one outlives its lease, by UpdatePinhole.
		r, _ := h.begin(t, command(t, "igdctl"), "pinhole", "open", "8080/tcp", "--keep", "--for", "4s", "--json")
		r.until(t, "mapped")
		began := time.Now()
		for range 3 {
			r.until(t, "renewed")
			h.reaches(t, "tcp", 8080)
		}
		t.Logf("renewed three times in %v", time.Since(began))
		if n := strings.Count(h.daemon.log.String(), "#UpdatePinhole"); n < 3 {
			t.Errorf("miniupnpd was asked for UpdatePinhole %d times, want 3 or more", n)
		}
		r.interrupt(t)
		h.filtered(t, "tcp", 8080)
	})
}

// TestPinholesNeedIPv6 has a miniupnpd that describes the service, as Debian's always does, and has no IPv6 itself.
func TestPinholesNeedIPv6(t *testing.T) {
	inHouse(t, wiring{v6: true, conf: []string{"ipv6_disable=yes"}}, func(t *testing.T, h *house) {
		h.serveAt(t, "tcp", netip.AddrPortFrom(lanHost6, 8080))
		got := h.igdctl(t, "pinhole", "open", "8080/tcp")
		if got.code != 5 || !strings.Contains(got.stderr, "cannot be reached by IPv6") {
			t.Errorf("exit code %d, want 5 and the reason", got.code)
		}
		h.filtered(t, "tcp", 8080)
	})
}
