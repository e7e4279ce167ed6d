package client_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// reach is what Reach finds of a side.
func (x *pair) reach(t *testing.T, i int, each func(*client.ReachOptions)) *client.Reachability {
	t.Helper()
	o := client.ReachOptions{Options: client.Options{Net: x.hosts[i], STUN: stunAt}, NoIGD: x.gateways[i] == nil}
	if each != nil {
		each(&o)
	}
	r, err := client.Reach(t.Context(), x.conns[i], o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(context.Background()) })
	return r
}

// The plan of each kind of NAT, with a gateway that speaks IGD and without, behind a carrier's NAT, and with a server or none.
func TestReach(t *testing.T) {
	carrier := nat.PortRestricted()
	sequential := nat.Behaviour{Mapping: nat.AddressAndPortDependent, Filtering: nat.AddressAndPortDependent, Ports: nat.Sequential}
	igd, behind := true, &carrier
	type home = natoracle.Home
	for name, tt := range map[string]struct {
		home    home
		deaf    bool // no STUN server
		plan    client.Plan
		address string // "": none
		method  client.Method
		failed  bool
	}{
		"open":                           {home: home{NAT: nat.Open()}, plan: client.PublicPlan, address: "45.77.1.10:5000", method: client.DirectMethod},
		"open, and IGD":                  {home: home{NAT: nat.Open(), IGD: igd}, plan: client.PublicPlan, address: "45.77.1.10:5000", method: client.DirectMethod},
		"firewall":                       {home: home{NAT: nat.SymmetricFirewall()}, plan: client.PunchPlan, address: "45.77.1.10:5000", method: client.PunchMethod},
		"firewall, and IGD":              {home: home{NAT: nat.SymmetricFirewall(), IGD: igd}, plan: client.IGDPlan, address: "45.66.77.1:5000", method: client.DirectMethod},
		"full cone":                      {home: home{NAT: nat.FullCone()}, plan: client.MappedPlan, address: "45.66.77.1:5000", method: client.DirectMethod},
		"port-restricted":                {home: home{NAT: nat.PortRestricted()}, plan: client.PunchPlan, address: "45.66.77.1:5000", method: client.PunchMethod},
		"symmetric":                      {home: home{NAT: nat.Symmetric()}, plan: client.RelayPlan},
		"sequential":                     {home: home{NAT: sequential}, plan: client.PunchPlan, address: "45.66.77.1:1031", method: client.GuessMethod},
		"blocked":                        {home: home{NAT: nat.Blocked()}, plan: client.UnknownPlan, failed: true},
		"IGD":                            {home: home{NAT: nat.Symmetric(), IGD: igd}, plan: client.IGDPlan, address: "45.66.77.1:5000", method: client.DirectMethod},
		"behind a carrier":               {home: home{NAT: nat.FullCone(), Carrier: behind}, plan: client.PunchPlan, address: "45.66.77.1:5000", method: client.PunchMethod},
		"IGD behind a carrier":           {home: home{NAT: nat.FullCone(), IGD: igd, Carrier: behind}, plan: client.PunchPlan, address: "45.66.77.1:5000", method: client.PunchMethod, failed: true},
		"IGD, no server":                 {home: home{NAT: nat.Symmetric(), IGD: igd}, deaf: true, plan: client.IGDPlan, address: "45.66.77.1:5000", method: client.DirectMethod},
		"IGD behind it, no server":       {home: home{NAT: nat.FullCone(), IGD: igd, Carrier: behind}, deaf: true, plan: client.UnknownPlan, failed: true},
		"open, no server":                {home: home{NAT: nat.Open()}, deaf: true, plan: client.PublicPlan, address: "45.77.1.10:5000", method: client.DirectMethod},
		"no IGD, no server, a full cone": {home: home{NAT: nat.FullCone()}, deaf: true, plan: client.UnknownPlan},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newPair(t, natoracle.Pair{A: tt.home, B: home{NAT: nat.Open()}})
				r := x.reach(t, 0, func(o *client.ReachOptions) {
					o.NoIGD = !tt.home.IGD
					if tt.deaf {
						o.STUN = ""
					}
				})
				address := ""
				if r.Address.IsValid() {
					address = r.Address.String()
				}
				if r.Plan != tt.plan || address != tt.address || r.Method != tt.method || (len(r.Failures) > 0) != tt.failed {
					t.Errorf("%s at %q by %q, failures %v; node %v", r.Plan, address, r.Method, r.Failures, r.Node)
				}
				if (r.Mapping != nil) != tt.home.IGD {
					t.Errorf("mapping %v", r.Mapping)
				}
				if host := (client.Candidate{Kind: client.HostCandidate, Addr: netip.MustParseAddrPort(x.hostOf(0) + ":5000")}); r.Node.Candidates[len(r.Node.Candidates)-1] != host {
					t.Errorf("node %v", r.Node)
				}
			})
		})
	}
}

// Where no UDP comes through, a mapping is of no use, and it is not its address that is to blame.
// A gateway that only filters opens its own address, and answers leave by it. One that is not on the way out, beside a VPN, say, is of no use: answers
// would come from another address than was called.
func TestReachBesideAFirewall(t *testing.T) {
	for beside, want := range map[bool]client.Plan{false: client.IGDPlan, true: client.PunchPlan} {
		synctest.Test(t, func(t *testing.T) {
			firewall := nat.SymmetricFirewall()
			homes := []emulator.Home{{Name: "office", NAT: &firewall, Gateway: emulator.Options{Mute: beside}, Hosts: []emulator.WorldHost{{Name: "pc"}}}}
			if beside {
				homes = append(homes, emulator.Home{Name: "home", LAN: netip.MustParsePrefix("192.168.1.0/24")})
			}
			town := emulator.StartWorld(t, emulator.World{Homes: homes, Internet: []emulator.WorldHost{{Name: "peer"}}})
			stun := emulator.STUNAddrs()
			server, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: town.STUN, Addrs: stun[:], Ports: [2]uint16{3478, 3479}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { server.Close() })
			pc := town.Host("pc")
			if beside {
				pc.AddInterface("lan of home", netip.MustParsePrefix("192.168.1.10/24"))
			}
			conn, peer := listenPacket(t, pc, "0.0.0.0:4000"), listenPacket(t, town.Host("peer"), "0.0.0.0:5000")
			r, err := client.Reach(t.Context(), conn, client.ReachOptions{Options: client.Options{Net: pc, STUN: stunAt}})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close(context.Background())
			if r.Plan != want || r.Mapping == nil || (len(r.Failures) > 0) != beside {
				t.Fatalf("beside %v: %v by %v, %v; want %v", beside, r.Plan, r.Mapping, r.Failures, want)
			}
			time.Sleep(10 * time.Minute) // the firewall has forgotten whom pc has sent to
			called := net.UDPAddrFromAddrPort(r.Mapping.External())
			peer.WriteTo([]byte("hello"), called)
			if from, ok := hears(conn, "hello"); ok {
				conn.WriteTo([]byte("answer"), from)
			}
			if from, ok := hears(peer, "answer"); !ok || (from.String() == called.String()) == beside {
				t.Errorf("beside %v: heard %v from %v, who was called at %v", beside, ok, from, called)
			}
		})
	}
}

func listenPacket(t *testing.T, h *emulator.Host, at string) net.PacketConn {
	t.Helper()
	c, err := h.ListenPacket(t.Context(), netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// hears tells whether a datagram comes, and from whom.
func hears(c net.PacketConn, want string) (from net.Addr, ok bool) {
	b := make([]byte, 1500)
	c.SetReadDeadline(time.Now().Add(time.Second))
	n, from, err := c.ReadFrom(b)
	return from, err == nil && string(b[:n]) == want
}

func TestReachBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := between(nat.Blocked(), nat.Open())
		p.A.IGD = true
		x := newPair(t, p)
		at := netip.MustParseAddr("198.51.100.9")
		s, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: x.net.Internet("by TCP too", at), Addrs: []netip.Addr{at}, Ports: [2]uint16{3478}, TCP: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := x.reach(t, 0, func(o *client.ReachOptions) { o.STUN = "198.51.100.9" })
		if r.Plan != client.RelayPlan || r.Mapping == nil || len(r.Failures) != 1 {
			t.Fatalf("%s, failures %v", r.Plan, r.Failures)
		}
		const want = "the gateway has opened 45.66.77.1:5000, which is of no use: no UDP comes through from the Internet"
		if e, ok := errors.AsType[*client.UnreachedError](r.Failures[0]); !ok || !e.Blocked || e.Error() != want {
			t.Errorf("got %v", r.Failures[0])
		}
	})
}

func (x *pair) hostOf(i int) string {
	ifis, _ := x.hosts[i].Interfaces()
	for _, ifi := range ifis {
		addrs, _ := x.hosts[i].Addrs(ifi)
		for _, a := range addrs {
			if !a.Addr().IsLoopback() {
				return a.Addr().String()
			}
		}
	}
	return ""
}

// What comes to the socket meanwhile is the program's; the mapping is renewed until Close, which closes it.
func TestReachKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := between(nat.PortRestricted(), nat.Open())
		p.A.IGD = true
		x := newPair(t, p)
		var others []string
		go func() {
			time.Sleep(time.Second)
			x.conns[1].WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("45.66.77.1:5000")))
		}()
		r := x.reach(t, 0, func(o *client.ReachOptions) {
			o.Other = func(b []byte, from netip.AddrPort) { others = append(others, string(b)+" from "+from.String()) }
		})
		if len(others) != 1 || others[0] != "hello from 45.77.2.10:6000" {
			t.Errorf("others sent %q", others)
		}
		time.Sleep(24 * time.Hour)
		if err := r.Refresh(); err != nil {
			t.Error(err)
		}
		if n := len(x.gateways[0].Mappings()); n != 1 {
			t.Errorf("%d mappings after a day", n)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(x.gateways[0].Mappings()); n != 0 {
			t.Errorf("%d mappings after Close", n)
		}
	})
}

// Whether a server was asked or not, the socket has no deadline for reading afterwards.
func TestReachLeavesNoDeadline(t *testing.T) {
	for _, server := range []string{stunAt, ""} {
		synctest.Test(t, func(t *testing.T) {
			x := newPair(t, between(nat.Open(), nat.Open()))
			x.conns[0].SetReadDeadline(time.Now())
			x.reach(t, 0, func(o *client.ReachOptions) { o.STUN = server })
			x.conns[1].WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(x.hostOf(0)+":5000")))
			b := make([]byte, 10)
			if n, _, err := x.conns[0].ReadFrom(b); err != nil || string(b[:n]) != "hello" {
				t.Errorf("%q: %q, %v", server, b[:n], err)
			}
		})
	}
}

func TestReachArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newPair(t, between(nat.Open(), nat.Open()))
		for _, server := range []string{":3478", "224.0.0.1:3478", "198.51.100.1:0"} {
			_, err := client.Reach(t.Context(), x.conns[0], client.ReachOptions{Options: client.Options{Net: x.hosts[0], STUN: server}})
			if _, ok := errors.AsType[*client.ArgumentError](err); !ok {
				t.Errorf("%s: %v", server, err)
			}
		}
	})
}
