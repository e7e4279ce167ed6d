package client_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// pair is what a natoracle.Pair describes, built in memory, with a STUN server of two addresses on the Internet.
type pair struct {
	net      *emulator.Network
	hosts    [2]*emulator.Host
	conns    [2]net.PacketConn
	gateways [2]*emulator.Gateway // of the homes
}

const stunAt = "198.51.100.1:3478"

// newPair builds p. Homes have 192.168.1.0/24 and 192.168.2.0/24, or public addresses inside where they translate nothing. The sockets have ports 5000
// and 6000 as the search has them.
func newPair(t *testing.T, p natoracle.Pair) *pair {
	t.Helper()
	x := &pair{net: emulator.NewNetwork()}
	t.Cleanup(func() { x.net.Close() })
	server := x.net.Internet("stun", netip.MustParseAddr("198.51.100.1"))
	s, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: server, Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")}, Ports: [2]uint16{3478, 3479}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	homes := [2]natoracle.Home{p.A, p.B}
	for i, h := range homes {
		if i > 0 && p.Place == natoracle.SameHome {
			x.host(t, i, lanOf(0, p.A.NAT.Kind == nat.Plain, 20), lanOf(0, p.A.NAT.Kind == nat.Plain, 1))
			continue
		}
		x.home(t, i, h, p)
	}
	return x
}

// lanOf is an address in the LAN of a home.
func lanOf(i int, plain bool, host byte) netip.Addr {
	if plain {
		return netip.AddrFrom4([4]byte{45, 77, byte(1 + i), host})
	}
	return netip.AddrFrom4([4]byte{192, 168, byte(1 + i), host})
}

// home builds a home, and the carrier's NAT before it.
func (x *pair) home(t *testing.T, i int, h natoracle.Home, p natoracle.Pair) {
	t.Helper()
	outside := netip.AddrFrom4([4]byte{45, 66, 77, byte(1 + i)})
	var carrier netip.Addr
	if h.Carrier != nil {
		net := byte(1 + i)
		if p.Place == natoracle.SameCarrier {
			net = 1
		}
		carrier = netip.AddrFrom4([4]byte{100, 64, net, 1})
		if i == 0 || p.Place != natoracle.SameCarrier {
			router := x.net.Host(fmt.Sprint("carrier", i), netip.PrefixFrom(carrier, 24))
			emulator.Start(t, emulator.Options{
				Name: fmt.Sprint("carrier", i), Net: router, LAN: carrier, Mute: true, ExternalIP: outside, Seed: 100 + uint64(i),
				Plane: emulator.Plane{NAT: h.Carrier, Stealth: true},
			})
		}
		outside = netip.AddrFrom4([4]byte{100, 64, net, byte(10 + i)})
		if h.NAT == nat.Open() { // the carrier's customer is the host itself
			x.host(t, i, outside, carrier)
			return
		}
	}
	plain := h.NAT.Kind == nat.Plain
	lan := lanOf(i, plain, 1)
	router := x.net.Host(fmt.Sprint("router", i), netip.PrefixFrom(lan, 24))
	if carrier.IsValid() {
		router.AddInterface("", netip.PrefixFrom(outside, 24))
		router.SetDefaultGateway(carrier)
	}
	o := emulator.Options{
		Name: fmt.Sprint("router", i), Net: router, LAN: lan, SSDP: "multicast", Mute: !h.IGD, ExternalIP: outside, Seed: 200 + uint64(i),
		Plane: emulator.Plane{NAT: &h.NAT, Stealth: true},
	}
	if h.NAT.Kind == nat.OneToOne && p.Place == natoracle.SameHome {
		o.Plane.Pool = []netip.Addr{netip.MustParseAddr("45.66.77.100")}
	}
	x.gateways[i] = emulator.Start(t, o)
	x.host(t, i, lanOf(i, plain, 10), lan)
}

// host puts a host with a socket into a LAN.
func (x *pair) host(t *testing.T, i int, addr, gateway netip.Addr) {
	t.Helper()
	x.hosts[i] = x.net.Host(fmt.Sprint("host", i), netip.PrefixFrom(addr, 24))
	x.hosts[i].SetDefaultGateway(gateway)
	c, err := x.hosts[i].ListenPacket(t.Context(), netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(5000+1000*i)))
	if err != nil {
		t.Fatal(err)
	}
	x.conns[i] = c
	t.Cleanup(func() { c.Close() })
}

// seen is what the STUN server sees of a socket; zero: nothing.
func (x *pair) seen(t *testing.T, i int) netip.AddrPort {
	t.Helper()
	c := x.conns[i]
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	if _, err := c.WriteTo(request.Raw, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(stunAt))); err != nil {
		return netip.AddrPort{}
	}
	c.SetReadDeadline(time.Now().Add(time.Second))
	defer c.SetReadDeadline(time.Time{})
	b := make([]byte, 1500)
	n, _, err := c.ReadFrom(b)
	if err != nil {
		return netip.AddrPort{}
	}
	m := &stun.Message{Raw: b[:n]}
	var a stun.XORMappedAddress
	if m.Decode() != nil || a.GetFrom(m) != nil {
		t.Fatalf("the STUN server said %x", b[:n])
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

// punched is what came of Punch on both sides.
type punched struct {
	paths [2]*client.Path
	errs  [2]error
}

// punch has both sides open a path, and closes what is open when the test is over.
func (x *pair) punch(ctx context.Context, nodes [2]client.Node, each func(i int, o *client.PunchOptions)) punched {
	var r punched
	done := make(chan int)
	for i := range 2 {
		o := client.PunchOptions{Self: nodes[i], Net: x.hosts[i], Timeout: 10 * time.Second}
		if each != nil {
			each(i, &o)
		}
		go func() {
			r.paths[i], r.errs[i] = client.Punch(ctx, x.conns[i], nodes[1-i], o)
			done <- i
		}()
	}
	<-done
	<-done
	return r
}

// open tells whether both sides have a path, and it is one.
func (r punched) open(t *testing.T) bool {
	t.Helper()
	if (r.errs[0] == nil) != (r.errs[1] == nil) {
		t.Errorf("one side has a path and the other has none: %v, %v", r.errs[0], r.errs[1])
		return false
	}
	if r.errs[0] != nil {
		return false
	}
	for i, p := range r.paths {
		// What comes in by a port mapping is answered from there, and what was sent before it came has left from elsewhere.
		if far := r.paths[1-i]; p.Remote() != far.Seen() && p.Method() != client.DirectMethod {
			t.Errorf("%v and %v are two paths", p.Remote(), far.Seen())
		}
		text := fmt.Sprint("from ", i)
		if _, err := p.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		far := r.paths[1-i]
		b := make([]byte, 100)
		far.SetReadDeadline(time.Now().Add(time.Second))
		n, err := far.Read(b)
		far.SetReadDeadline(time.Time{})
		if err != nil || string(b[:n]) != text {
			t.Errorf("%v → %v: %q, %v", far.Remote(), p.Remote(), b[:n], err)
		}
	}
	return true
}

func (r punched) close() {
	for _, p := range r.paths {
		if p != nil {
			p.Close()
		}
	}
}
