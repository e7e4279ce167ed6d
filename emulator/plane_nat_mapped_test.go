package emulator_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// withNAT is a home with a NAT.
func withNAT(t *testing.T, is string, o emulator.Options) *home {
	t.Helper()
	o.Plane.NAT = behaviour(t, is)
	return newHome(t, o)
}

// host adds one to the LAN of h.
func (h *home) host(name, addr string) *emulator.Host {
	x := h.network.Host(name, netip.MustParsePrefix(addr+"/24"))
	x.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	return x
}

// noted is how many entries of a kind the journal has.
func (h *home) noted(kind string) (n int) {
	for _, e := range h.g.Journal() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// A mapping lets in whatever the NAT filters; answers leave from its port as long as the NAT remembers, and nobody else gets that port.
func TestNATBesideMappings(t *testing.T) {
	for _, is := range []string{"full-cone", "symmetric,ports=preserve", "restricted,timeout=1m", "port-restricted,timeout=1m,refresh=both"} {
		synctest.Test(t, func(t *testing.T) {
			h := withNAT(t, is, emulator.Options{})
			h.add("UDP", 8080, 9000, 0)
			peer, nas := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000")
			pc := socket(t, h.host("pc", "192.168.1.11"), "192.168.1.11:8080")
			say(t, peer, external+":8080", "in")
			hear(t, nas, "in", peerAddr+":5000")
			say(t, nas, peerAddr+":5000", "answer")
			hear(t, peer, "answer", external+":8080")
			say(t, pc, peerAddr+":5000", "from another")
			hear(t, peer, "from another", external+":8081")
			time.Sleep(behaviour(t, is).Lasts() + time.Second)
			say(t, nas, peerAddr+":5000", "late")
			hear(t, peer, "late", external+":9000")
		})
	}
}

// Which of the two directions keeps the way of answers open is the NAT's to say.
func TestMappedSessionsAreRefreshed(t *testing.T) {
	for is, lasts := range map[string]bool{"full-cone,timeout=1m": false, "full-cone,timeout=1m,refresh=both": true} {
		synctest.Test(t, func(t *testing.T) {
			clock := emulator.NewClock(time.Unix(1_700_000_000, 0))
			h := withNAT(t, is, emulator.Options{Clock: clock})
			h.add("UDP", 8080, 9000, 0)
			peer, nas := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000")
			for range 3 {
				say(t, peer, external+":8080", "in")
				hear(t, nas, "in", peerAddr+":5000")
				clock.Advance(40 * time.Second)
			}
			want := 2 // a new session when the first had lasted for a minute
			if lasts {
				want = 1
			}
			if got := h.noted("forward.open"); got != want {
				t.Errorf("%s: %d sessions, want %d", is, got, want)
			}
		})
	}
}

// A host reaches a mapped port of its own router at the external address as the router hairpins, by UDP and TCP.
func TestHairpinToMappedPorts(t *testing.T) {
	for is, from := range map[string]string{"symmetric,ports=preserve": "", "port-restricted,hairpin=internal": "192.168.1.11", "symmetric,ports=preserve,hairpin=external": external} {
		synctest.Test(t, func(t *testing.T) {
			h := withNAT(t, is, emulator.Options{})
			h.add("UDP", 8080, 9000, 0)
			h.add("TCP", 8080, 9000, 0)
			pc := h.host("pc", "192.168.1.11")
			c, nas := socket(t, pc, "192.168.1.11:5000"), socket(t, h.nas, "192.168.1.10:9000")
			if from == "" {
				silent(t, nas, func() { say(t, c, external+":8080", "to oneself") })
			} else {
				say(t, c, external+":8080", "hairpin")
				hear(t, nas, "hairpin", from+":5000")
			}
			switch from {
			case external:
				say(t, nas, external+":5000", "back")
				hear(t, c, "back", external+":8080")
			case "192.168.1.11": // the answer goes there directly, as from a stranger
				say(t, nas, "192.168.1.11:5000", "back")
				hear(t, c, "back", "192.168.1.10:9000")
			}
			l := listen(t, h.nas, "192.168.1.10:9000")
			defer l.Close()
			ctx := t.Context()
			conn, err := pc.Dial(ctx, "tcp", netip.Addr{}, external+":8080")
			switch {
			case from == "" && !errors.Is(err, syscall.ECONNREFUSED):
				t.Errorf("%s: TCP: %v", is, err)
			case from == external && err != nil:
				t.Errorf("%s: TCP: %v", is, err)
			case from == external:
				inner, err := l.Accept()
				if err != nil || inner.RemoteAddr().(*net.TCPAddr).IP.String() != external || !crosses(t, conn, inner) {
					t.Errorf("%s: %v from %v", is, err, inner.RemoteAddr())
				}
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
}

// Faults of the layer forward act on what comes by the mapping table, hairpins too, and on nothing else.
func TestForwardFaultsAndNAT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := withNAT(t, "full-cone,hairpin=external", emulator.Options{Faults: []emulator.Fault{{On: "forward", Do: emulator.Deed{Drop: true}}}})
		h.add("UDP", 8080, 9000, 0)
		peer, nas, pc := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000"), socket(t, h.host("pc", "192.168.1.11"), "192.168.1.11:5000")
		silent(t, nas, func() { say(t, peer, external+":8080", "mapped") })
		silent(t, nas, func() { say(t, pc, external+":8080", "hairpin") })
		say(t, nas, peerAddr+":5000", "out")
		hear(t, peer, "out", external+":9000")
		say(t, peer, external+":9000", "answer")
		hear(t, nas, "answer", peerAddr+":5000")
		say(t, pc, external+":9000", "to what the NAT mapped")
		hear(t, nas, "to what the NAT mapped", external+":5000")
	})
}

// What hosts have begun is gone after a reboot, and with the address by which it left.
func TestNATForgets(t *testing.T) {
	for what, do := range map[string]func(h *home){
		"a reboot": func(h *home) { h.g.Reboot(emulator.Reboot{}) },
		"another address": func(h *home) {
			h.g.SetExternalIP(netip.MustParseAddr("45.66.77.99"))
			h.g.SetExternalIP(netip.MustParseAddr(external))
		},
		"a lost line": func(h *home) { h.g.SetConnectionStatus("Disconnected"); h.g.SetConnectionStatus("Connected") },
		"time":        func(*home) { time.Sleep(5 * time.Minute) },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := withNAT(t, "full-cone", emulator.Options{})
			peer, nas := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000")
			say(t, nas, peerAddr+":5000", "out")
			hear(t, peer, "out", external+":9000")
			say(t, peer, external+":9000", "answer")
			hear(t, nas, "answer", peerAddr+":5000")
			if n := len(h.g.NATMappings()); n != 1 {
				t.Errorf("%d mappings", n)
			}
			do(h)
			if got := h.g.NATMappings(); len(got) != 0 {
				t.Errorf("after %s: %v", what, got)
			}
			silent(t, nas, func() { say(t, peer, external+":9000", "late") })
			say(t, nas, peerAddr+":5000", "again")
			hear(t, peer, "again", external+":9000")
		})
	}
}

// Limits are told once, in the journal, with the host that could have no mapping.
func TestNATLimits(t *testing.T) {
	for kind, plane := range map[string]emulator.Plane{
		"nat.mappings-capped": {MaxMappings: 3}, "nat.ports-exhausted": {Ports: emulator.PortRange{First: 5000, Last: 5002}},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := withNAT(t, "symmetric", emulator.Options{Plane: plane})
			nas := socket(t, h.nas, "192.168.1.10:9000")
			peer := socket(t, h.peer, peerAddr+":6000")
			for i := range 10 {
				say(t, nas, fmt.Sprintf("%s:%d", peerAddr, 5991+i), "out")
			}
			silent(t, peer, func() {})
			if got := h.noted(kind); got != 1 {
				t.Errorf("%s is told %d times", kind, got)
			}
			for _, e := range h.g.Journal() {
				if strings.HasPrefix(e.Kind, "nat.") && (e.Peer.String() != "192.168.1.10:9000" || e.Name != external) {
					t.Errorf("%v", e)
				}
			}
			time.Sleep(5 * time.Minute)
			say(t, nas, peerAddr+":6000", "later")
			c := peer
			c.SetReadDeadline(time.Now().Add(time.Second))
			if _, _, err := c.ReadFrom(make([]byte, 10)); err != nil {
				t.Errorf("there is room again: %v", err)
			}
		})
	}
	if _, err := emulator.New(t.Context(), emulator.Options{Plane: emulator.Plane{NAT: &nat.Behaviour{}, Ports: emulator.PortRange{First: 9, Last: 1}}}); err == nil {
		t.Error("ports from 9 to 1 are some")
	}
}

// Of several connections, what hosts begin leaves by that which DefaultConnectionService names, or else by one that is up.
func TestNATOfSeveralConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := withNAT(t, "full-cone", emulator.Options{WAN: []emulator.WAN{{}, {ExternalIP: netip.MustParseAddr("45.66.77.99")}}})
		peer, nas := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000")
		say(t, nas, peerAddr+":5000", "first")
		hear(t, peer, "first", external+":9000")
		h.g.SetConnectionStatus("Disconnected")
		say(t, nas, peerAddr+":5000", "second")
		hear(t, peer, "second", "45.66.77.99:9000")
		say(t, peer, "45.66.77.99:9000", "answer")
		hear(t, nas, "answer", peerAddr+":5000")
	})
}

// Where nothing translates, hosts have addresses on the Internet: by TCP a firewall lets in nobody unasked, and without one all get in.
func TestPlainHomesByTCP(t *testing.T) {
	for is, want := range map[string]error{"open": nil, "symmetric-firewall": syscall.ETIMEDOUT} {
		synctest.Test(t, func(t *testing.T) {
			town := emulator.StartWorld(t, emulator.World{
				Homes:    []emulator.Home{{Name: "home", NAT: behaviour(t, is), Hosts: []emulator.WorldHost{{Name: "pc"}}}},
				Internet: []emulator.WorldHost{{Name: "server"}},
			})
			pc, server := town.Host("pc"), town.Host("server")
			inside, outside := listen(t, pc, "45.80.0.10:80"), listen(t, server, "198.51.100.10:80")
			defer inside.Close()
			defer outside.Close()
			c, err := server.Dial(t.Context(), "tcp", netip.Addr{}, "45.80.0.10:80")
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s: %v", is, err)
			}
			if c != nil {
				c.Close()
			}
			if c, err = pc.Dial(t.Context(), "tcp", netip.Addr{}, "198.51.100.10:80"); err != nil {
				t.Fatal(err)
			}
			s, err := outside.Accept()
			if err != nil || s.RemoteAddr().(*net.TCPAddr).IP.String() != "45.80.0.10" || !crosses(t, c, s) || !crosses(t, s, c) {
				t.Errorf("%s: %v", is, err)
			}
			c.Close()
			s.Close()
		})
	}
}

// One-to-one gives each host an address of the pool, by TCP too.
func TestOneToOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := emulator.Options{Plane: emulator.Plane{Pool: []netip.Addr{netip.MustParseAddr("45.66.77.99")}}}
		h := withNAT(t, "one-to-one", o)
		peer, nas, pc := socket(t, h.peer, peerAddr+":5000"), socket(t, h.nas, "192.168.1.10:9000"), h.host("pc", "192.168.1.11")
		say(t, nas, peerAddr+":5000", "one")
		hear(t, peer, "one", external+":9000")
		say(t, socket(t, pc, "192.168.1.11:9000"), peerAddr+":5000", "two")
		hear(t, peer, "two", "45.66.77.99:9000")
		l := listen(t, pc, "192.168.1.11:80")
		defer l.Close()
		outer, inner := h.connect(l, "45.66.77.99:80")
		if !crosses(t, outer, inner) || !crosses(t, inner, outer) {
			t.Error("bytes do not pass")
		}
	})
}
