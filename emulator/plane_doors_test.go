package emulator_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"

	"github.com/igdkit/igdkit/emulator"
)

// loopback is a gateway on 127.0.0.1, and what is mapped there.
type loopback struct {
	t   *testing.T
	g   *emulator.Gateway
	igd *internetgateway2.WANIPConnection1
}

func onLoopback(t *testing.T, o emulator.Options) *loopback {
	t.Helper()
	o.Version, o.SSDP = 1, "off"
	g := emulator.Start(t, o)
	return &loopback{t, g, client(t, g, internetgateway2.NewWANIPConnection1ClientsByURL)}
}

// add maps port 8080 to the port of addr, and returns where that is reached.
func (l *loopback) add(protocol string, addr net.Addr, lease uint32) netip.AddrPort {
	l.t.Helper()
	return l.addFor("", protocol, addr, true, lease)
}

func (l *loopback) addFor(remote, protocol string, addr net.Addr, enabled bool, lease uint32) netip.AddrPort {
	l.t.Helper()
	at := netip.MustParseAddrPort(addr.String())
	if err := l.igd.AddPortMapping(remote, 8080, protocol, at.Port(), at.Addr().String(), enabled, "", lease); err != nil {
		l.t.Fatal(err)
	}
	return l.reach()
}

// reach is that of the first mapping.
func (l *loopback) reach() netip.AddrPort { return l.g.Mappings()[0].Reach }

func tcpListener(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func udpSocket(t testing.TB) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// through connects by a door: the peer's end and that of the program behind.
func through(t testing.TB, reach netip.AddrPort, l *net.TCPListener) (outer, inner *net.TCPConn) {
	t.Helper()
	outer, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(reach))
	if err != nil {
		t.Fatal(err)
	}
	if inner, err = l.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outer.Close(); inner.Close() })
	return outer, inner
}

func TestDoorIsOpenWhenTheAnswerComes(t *testing.T) {
	var events []emulator.Event
	l := onLoopback(t, emulator.Options{OnEvent: func(e emulator.Event) { events = append(events, e) }})
	listener := tcpListener(t)
	reach := l.add("TCP", listener.Addr(), 0)
	if !reach.Addr().IsLoopback() || reach.Port() == 8080 {
		t.Errorf("reach %v", reach)
	}
	if len(events) != 1 || events[0].Mapping.Reach != reach {
		t.Errorf("events %+v", events)
	}
	var noted string
	for _, e := range l.g.Journal() {
		if e.Kind == "state.mapping-added" {
			noted = e.Details.Get("reach")
		}
	}
	if noted != reach.String() {
		t.Errorf("the journal has reach %q", noted)
	}
	outer, inner := through(t, reach, listener)
	if !crosses(t, outer, inner) || !crosses(t, inner, outer) {
		t.Error("bytes do not cross")
	}
	if l.add("TCP", listener.Addr(), 3600) != reach || !crosses(t, outer, inner) {
		t.Error("a renewal disturbs")
	}
}

func TestDoorKeepsHalfClose(t *testing.T) {
	l := onLoopback(t, emulator.Options{})
	listener := tcpListener(t)
	outer, inner := through(t, l.add("TCP", listener.Addr(), 0), listener)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB: more than all buffers on the way
	go func() {
		outer.Write(sent)
		outer.CloseWrite()
	}()
	got, err := io.ReadAll(inner)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(sent) {
		t.Fatalf("%d of %d bytes, %v", len(got), len(sent), err)
	}
	go func() {
		inner.Write(sent)
		inner.Close()
	}()
	if got, err = io.ReadAll(outer); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("back: %d of %d bytes, %v", len(got), len(sent), err)
	}
}

func TestDoorKeepsReset(t *testing.T) {
	l := onLoopback(t, emulator.Options{})
	listener := tcpListener(t)
	reach := l.add("TCP", listener.Addr(), 0)
	outer, inner := through(t, reach, listener)
	outer.SetLinger(0)
	outer.Close()
	wantReset(t, "the program behind", inner)
	outer, inner = through(t, reach, listener)
	inner.SetLinger(0)
	inner.Close()
	wantReset(t, "the peer", outer)
}

// A peer whose connection a router would refuse is reset.
func TestDoorRefuses(t *testing.T) {
	dead := tcpListener(t)
	dead.Close()
	live := tcpListener(t)
	for _, tt := range []struct {
		name   string
		o      emulator.Options
		remote string
		addr   net.Addr
		setup  func(*loopback)
	}{
		{name: "nobody listens behind", addr: dead.Addr()},
		{name: "another remote host", addr: live.Addr(), remote: "203.0.113.5"},
		{name: "disconnected", addr: live.Addr(), setup: func(l *loopback) { l.g.SetConnectionStatus("Disconnected") }},
		{name: "fault", addr: live.Addr(), o: emulator.Options{Faults: []emulator.Fault{{On: "forward", Do: emulator.Deed{Close: emulator.RST}}}}},
		{name: "too many", addr: live.Addr(), o: emulator.Options{Plane: emulator.Plane{MaxSessions: 1}}, setup: func(l *loopback) { through(l.t, l.reach(), live) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := onLoopback(t, tt.o)
			reach := l.addFor(tt.remote, "TCP", tt.addr, true, 0)
			if tt.setup != nil {
				tt.setup(l)
			}
			c, err := net.Dial("tcp", reach.String())
			if errors.Is(err, syscall.ECONNRESET) {
				return // so soon that it was not yet said to be connected
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			wantReset(t, "the peer", c)
		})
	}
}

func TestDoorForOneRemoteHost(t *testing.T) {
	l := onLoopback(t, emulator.Options{})
	listener := tcpListener(t)
	reach := l.addFor("127.0.0.1", "TCP", listener.Addr(), true, 0)
	outer, inner := through(t, reach, listener)
	if !crosses(t, outer, inner) {
		t.Error("bytes do not cross")
	}
}

func TestDoorsClose(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*loopback, net.Addr) error
	}{
		{"deleted", func(l *loopback, _ net.Addr) error { return l.igd.DeletePortMapping("", 8080, "TCP") }},
		{"expired", func(l *loopback, _ net.Addr) error { l.g.Advance(time.Hour); return nil }},
		{"reboot", func(l *loopback, _ net.Addr) error { l.g.Reboot(emulator.Reboot{}); return nil }},
		{"disabled", func(l *loopback, a net.Addr) error {
			if reach := l.addFor("", "TCP", a, false, 3600); reach.IsValid() {
				return errors.New("it is said to be reached at " + reach.String())
			}
			return nil
		}},
		{"closed", func(l *loopback, _ net.Addr) error { return l.g.Close() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := onLoopback(t, emulator.Options{Clock: emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))})
			listener := tcpListener(t)
			reach := l.add("TCP", listener.Addr(), 3600)
			outer, inner := through(t, reach, listener)
			if !crosses(t, outer, inner) { // before that, a connection that is still being made would just be given up
				t.Fatal("bytes do not cross")
			}
			if err := tt.do(l, listener.Addr()); err != nil {
				t.Fatal(err)
			}
			wantReset(t, "the peer", outer)
			wantReset(t, "the program behind", inner)
			if c, err := net.Dial("tcp", reach.String()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("the door is open: %v, %v", c, err)
			}
		})
	}
}

func TestDoorOfUDP(t *testing.T) {
	clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	l := onLoopback(t, emulator.Options{Clock: clock})
	inner := udpSocket(t)
	reach := l.add("UDP", inner.LocalAddr(), 3600).String()
	one, two := udpSocket(t), udpSocket(t)
	say(t, one, reach, "one")
	first := from(t, inner, "one")
	say(t, two, reach, "two")
	second := from(t, inner, "two")
	if first == second {
		t.Fatalf("both peers come from %v", first)
	}
	say(t, inner, second, "to two")
	say(t, inner, first, "to one")
	hear(t, one, "to one", reach)
	hear(t, two, "to two", reach)
	large := strings.Repeat("x", 60000)
	say(t, one, reach, large)
	if got := from(t, inner, large); got != first {
		t.Errorf("the same peer comes from %s, before from %s", got, first)
	}

	// A session that is silent for two minutes ends, and the next one has another socket.
	l.g.Advance(2 * time.Minute)
	third := udpSocket(t)
	say(t, third, reach, "three")
	from(t, inner, "three")
	say(t, one, reach, "again")
	from(t, inner, "again")
	if n := opened(l.g); n != 4 {
		t.Errorf("%d sessions were opened, want 4", n)
	}
	l.igd.DeletePortMapping("", 8080, "UDP")
	c, err := net.Dial("udp", reach)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("x"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the door is open: %v", err)
	}
}

// from is who sent text.
func from(t *testing.T, c net.PacketConn, text string) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 1<<16)
	n, addr, err := c.ReadFrom(b)
	if err != nil || string(b[:n]) != text {
		t.Fatalf("heard %d bytes from %v, %v; want %.20q", n, addr, err, text)
	}
	return addr.String()
}

func opened(g *emulator.Gateway) (n int) {
	for _, e := range g.Journal() {
		if e.Kind == "forward.open" {
			n++
		}
	}
	return n
}

func TestDoorOfUDPToAClosedPort(t *testing.T) {
	l := onLoopback(t, emulator.Options{})
	inner := udpSocket(t)
	addr := inner.LocalAddr().(*net.UDPAddr)
	reach := l.add("UDP", addr, 0).String()
	inner.Close()
	peer := udpSocket(t)
	for range 3 {
		say(t, peer, reach, "is anybody there")
	}
	// The program starts again on its port, and is heard.
	again, err := net.ListenUDP("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for {
		say(t, peer, reach, "now")
		again.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, from, err := again.ReadFrom(make([]byte, 64))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil || n == 0 {
			t.Fatal(err)
		}
		say(t, again, from.String(), "here")
		hear(t, peer, "here", reach)
		return
	}
}

func TestDoorsAreCapped(t *testing.T) {
	l := onLoopback(t, emulator.Options{Plane: emulator.Plane{MaxPorts: 2}})
	for port := range uint16(3) {
		if err := l.igd.AddPortMapping("", 8080+port, "TCP", 80, "127.0.0.1", true, "", 0); err != nil {
			t.Fatal(err)
		}
	}
	all := l.g.Mappings()
	if !all[0].Reach.IsValid() || !all[1].Reach.IsValid() || all[2].Reach.IsValid() {
		t.Errorf("reach %v, %v, %v", all[0].Reach, all[1].Reach, all[2].Reach)
	}
	l.igd.DeletePortMapping("", 8080, "TCP")
	l.igd.AddPortMapping("", 8082, "TCP", 80, "127.0.0.1", true, "", 0) // a renewal finds room
	if all := l.g.Mappings(); !all[1].Reach.IsValid() {
		t.Errorf("no reach although there is room: %v", all)
	}
}

// A door never leads away from what the gateway serves, whatever a policy lets a client map.
func TestDoorsLeadToClientsOnly(t *testing.T) {
	l := onLoopback(t, emulator.Options{Policy: emulator.Policy{Clients: emulator.ClientPolicy{Accept: "any"}}})
	if err := l.igd.AddPortMapping("", 8080, "TCP", 80, "192.0.2.1", true, "", 0); err != nil {
		t.Fatal(err)
	}
	if reach := l.reach(); reach.IsValid() {
		t.Errorf("192.0.2.1 is reached at %v", reach)
	}
	failed := 0
	for _, e := range l.g.Journal() {
		if e.Kind == "forward.failed" && e.Details.Get("because") == "192.0.2.1 is none of the gateway's clients" {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("the journal tells it %d times", failed)
	}
}

func TestPlaneOff(t *testing.T) {
	l := onLoopback(t, emulator.Options{Plane: emulator.Plane{Mode: emulator.PlaneOff}})
	if reach := l.add("TCP", tcpListener(t).Addr(), 0); reach.IsValid() {
		t.Errorf("reach %v", reach)
	}
}

// A connection that is held goes on when the fault has gone, and the door of one that hangs stays shut.
func TestDoorHolds(t *testing.T) {
	clock := emulator.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	l := onLoopback(t, emulator.Options{Clock: clock, Faults: []emulator.Fault{{
		On: "forward", If: emulator.Condition{Age: emulator.Age{Over: emulator.Duration(time.Hour)}}, Do: emulator.Deed{Hang: true},
	}}})
	listener := tcpListener(t)
	reach := l.add("TCP", listener.Addr(), 0)
	outer, inner := through(t, reach, listener)
	if !crosses(t, outer, inner) {
		t.Fatal("bytes do not cross")
	}
	l.g.Advance(time.Hour + time.Second)
	outer.Write([]byte("lost"))
	inner.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := inner.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it is not held: %v", err)
	}
	second, err := net.Dial("tcp", reach.String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	second.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a new connection: %v", err)
	}
	l.igd.DeletePortMapping("", 8080, "TCP")
	second.SetReadDeadline(time.Time{})
	wantReset(t, "the second peer", second)
	wantReset(t, "the peer", outer)
}

func BenchmarkDoor(b *testing.B) {
	const chunk = 64 << 10
	run := func(b *testing.B, outer, inner *net.TCPConn) {
		b.SetBytes(chunk)
		go func() {
			buf := make([]byte, chunk)
			for range b.N {
				if _, err := outer.Write(buf); err != nil {
					return
				}
			}
		}()
		b.ResetTimer()
		if _, err := io.CopyN(io.Discard, struct{ io.Reader }{inner}, int64(b.N)*chunk); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("door", func(b *testing.B) {
		listener := tcpListener(b)
		g := emulator.Start(b, emulator.Options{SSDP: "off", Version: 1})
		at := netip.MustParseAddrPort(listener.Addr().String())
		igd := client(b, g, internetgateway2.NewWANIPConnection1ClientsByURL)
		if err := igd.AddPortMapping("", 8080, "TCP", at.Port(), "127.0.0.1", true, "", 0); err != nil {
			b.Fatal(err)
		}
		outer, inner := through(b, g.Mappings()[0].Reach, listener)
		run(b, outer, inner)
	})
	b.Run("direct", func(b *testing.B) {
		listener := tcpListener(b)
		outer, inner := through(b, netip.MustParseAddrPort(listener.Addr().String()), listener)
		run(b, outer, inner)
	})
}
