package client

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// newStub6 puts a device on the network at a link-local address. It has a firewall at /desc.xml, and answers no search.
func newStub6(t *testing.T, n *emulator.Network, name, addr string, connection map[string]any) *stub {
	t.Helper()
	a := netip.MustParseAddr(addr)
	s := &stub{t: t, network: n, host: n.Host(name), addr: a.WithZone("eth0"), mux: http.NewServeMux(), asked: make(map[string]int)}
	s.idle = sync.NewCond(&s.mu)
	s.host.AddInterface("wire", netip.PrefixFrom(a, 64), netip.PrefixFrom(netip.MustParseAddr(strings.Replace(addr, "fe80", "2001:db8:1", 1)), 64))
	s.group(netip.MustParseAddrPort("[ff02::c]:1900"))
	s.listenHTTP(5000)
	const firewall = `<service><serviceType>urn:schemas-upnp-org:service:WANIPv6FirewallControl:1</serviceType><controlURL>/six</controlURL></service>`
	s.page("/desc.xml", strings.Replace(description("uuid:"+name, "WANIPConnection:1", "/ctl"), "</serviceList>", firewall+"</serviceList>", 1))
	s.actions("/ctl", connection)
	return s
}

// names answers every search with LOCATIONs of the stub, after wait.
func (s *stub) names(wait time.Duration, paths func(st string) []string) *stub {
	s.wait = wait
	s.answers = func(m *ssdp.Message, _ bool) (all []string) {
		for _, path := range paths(strings.ReplaceAll(m.ST, ":", "")) {
			all = append(all, s.reply(m.ST, s.url(path)))
		}
		return all
	}
	return s
}

func firewallAt(string) []string { return []string{"/desc.xml"} }

// newPC6 is a machine with IPv6 alone, whose default gateway is next, if any.
func newPC6(n *emulator.Network, next string) *emulator.Host {
	h := n.Host("pc")
	h.AddInterface("wire", netip.MustParsePrefix("fe80::10/64"), netip.MustParsePrefix("2001:db8:1::10/64"))
	if next != "" {
		h.SetDefaultGateway(netip.MustParseAddr(next).WithZone("eth0"))
	}
	return h
}

// A flood of forged answers costs fifty fetches at most, twelve for each forger, and does not hide the firewall: not that of the default gateway from any
// number of them, and not one that no route leads to from three.
func TestFirewallFlood(t *testing.T) {
	for name, tt := range map[string]struct {
		forgers int
		next    string
	}{"the default gateway's": {8, "fe80::1"}, "a neighbour's": {3, ""}} {
		t.Run(name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				newStub6(t, n, "router", "fe80::1", connected("45.66.77.88")).names(500*time.Millisecond, firewallAt)
				var forgers []*stub
				for i := range tt.forgers {
					forgers = append(forgers, newStub6(t, n, fmt.Sprint("forger", i), fmt.Sprintf("fe80::%d", 60+i), nil).names(0, func(st string) (all []string) {
						for j := range 100 {
							all = append(all, fmt.Sprintf("/%s/%d", st, j))
						}
						return all
					}))
				}
				g, err := FindFirewall(t.Context(), Options{Net: newPC6(n, tt.next)})
				if err != nil || g.Responder != netip.MustParseAddr("fe80::1%eth0") || g.DefaultRoute != (tt.next != "") {
					t.Fatalf("found %v, %v", g, err)
				}
				total := 0
				for _, f := range forgers {
					one := len(f.requests())
					if one > maxPerResponder {
						t.Errorf("one forger was asked %d times", one)
					}
					total += one
				}
				if total > maxDevices || total < 20 {
					t.Errorf("%d descriptions were fetched", total)
				}
			})
		})
	}
}

// A firewall that answers first is not preferred to that of the default gateway, which may take as long as MX allows, and need not be connected by IPv4.
func TestFirewallOfDefaultGateway(t *testing.T) {
	for _, tt := range []struct {
		name      string
		next      string
		wait      time.Duration // of fe80::1
		want      string
		min, most time.Duration
	}{
		{"at once", "fe80::1", 0, "fe80::1%eth0", 0, 50 * time.Millisecond},
		{"late", "fe80::1", 900 * time.Millisecond, "fe80::1%eth0", 900 * time.Millisecond, 950 * time.Millisecond},
		{"it has none", "fe80::1", time.Hour, "fe80::66%eth0", 3 * time.Second, 4 * time.Second},
		{"no default gateway", "", 50 * time.Millisecond, "fe80::66%eth0", findGrace, findGrace + 50*time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				router := newStub6(t, n, "router", "fe80::1", disconnected())
				if tt.wait < time.Hour {
					router.names(tt.wait, firewallAt)
				}
				newStub6(t, n, "forger", "fe80::66", connected("45.66.77.88")).names(0, firewallAt)
				began := time.Now()
				g, err := FindFirewall(t.Context(), Options{Net: newPC6(n, tt.next)})
				if err != nil || g.Responder.String() != tt.want || g.Interface != "eth0" {
					t.Fatalf("found %v, %v", g, err)
				}
				if took := time.Since(began); took < tt.min || took > tt.most {
					t.Errorf("after %v, want %v to %v", took, tt.min, tt.most)
				}
			})
		})
	}
}
