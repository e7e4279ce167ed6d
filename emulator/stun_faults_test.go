package emulator

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// What is no binding request is ignored, and the server goes on.
func TestSTUNIgnores(t *testing.T) {
	inSTUN(t, STUNOptions{}, func(s *stunStand) {
		good := bindingRequest(stun.Fingerprint)
		broken := slices.Clone(good)
		broken[len(broken)-1] ^= 1
		long := slices.Clone(good)
		long[3] += 4
		for _, b := range [][]byte{
			{}, {0}, []byte("GET / HTTP/1.1\r\n\r\n"), make([]byte, 20), broken, long, good[:len(good)-4], append(slices.Clone(good), 0, 0, 0, 0),
			stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw,
			stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication)).Raw,
			stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw,
			bindingRequest(stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, maxSTUN)}),
		} {
			s.send(b, "198.51.100.1:3478")
			if from, reply := s.hears(); reply != nil {
				t.Errorf("%x is answered by %s", b, from)
			}
		}
		s.send(good, "198.51.100.1:3478")
		if _, reply := s.hears(); reply == nil {
			t.Error("not answered any more")
		}
		if n := len(s.server.Journal()); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

// Replies get lost as the faults say; by chance with a bound, and in the same way for the same seed.
func TestSTUNLosses(t *testing.T) {
	ask := func(s *stunStand, n int) (answered string) {
		request := stun.MustBuild(stun.NewTransactionIDSetter([12]byte{byte(n)}), stun.BindingRequest).Raw
		for range 6 {
			s.send(request, "198.51.100.1:3478")
			if _, b := s.hears(); b != nil {
				answered += "y"
			} else {
				answered += "-"
			}
		}
		return answered
	}
	run := func(o STUNOptions) (all string) {
		inSTUN(t, o, func(s *stunStand) { all = ask(s, 1) + " " + ask(s, 2) })
		return all
	}
	for _, tt := range []struct {
		faults STUNFaults
		want   string
	}{
		{STUNFaults{Drop: []int{2, 7}}, "y-yyyy -yyyyy"},
		{STUNFaults{DropEach: 2}, "--yyyy --yyyy"},
		{STUNFaults{Loss: 1}, "------ ------"},
		{STUNFaults{Loss: 1, MaxLoss: 3}, "---yyy ---yyy"},
	} {
		if got := run(STUNOptions{Faults: tt.faults}); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.faults, got, tt.want)
		}
	}
	half := STUNOptions{Faults: STUNFaults{Loss: 0.5}, Seed: 7}
	once, twice := run(half), run(half)
	half.Seed = 8
	if other := run(half); once != twice || once == other {
		t.Errorf("seed 7: %s, %s; seed 8: %s", once, twice, other)
	}
}

func TestSTUNDelay(t *testing.T) {
	inSTUN(t, STUNOptions{Faults: STUNFaults{Delay: 700 * time.Millisecond}}, func(s *stunStand) {
		began := time.Now()
		s.send(bindingRequest(), "198.51.100.1:3478")
		s.send(bindingRequest(), "198.51.100.1:3478")
		s.hears()
		s.hears()
		if took := time.Since(began); took != 700*time.Millisecond {
			t.Errorf("two at once took %v", took)
		}
	})
}

// The journal says what was asked and what became of it.
func TestSTUNJournal(t *testing.T) {
	var written bytes.Buffer
	inSTUN(t, STUNOptions{Name: "stun.lab", Journal: &written, Faults: STUNFaults{Drop: []int{2}}}, func(s *stunStand) {
		for _, with := range [][]stun.Setter{{}, {changeRequest(6)}, {stun.RawAttribute{Type: 0x42}}} {
			s.send(bindingRequest(with...), "198.51.100.1:3478")
			s.hears()
		}
		var got []Details
		for _, e := range s.server.Journal() {
			if e.Kind != "stun.binding" || e.Gateway != "stun.lab" || e.Peer != stunPeer {
				t.Errorf("%v", e)
			}
			got = append(got, e.Details)
		}
		want := []Details{
			{{"at", "198.51.100.1:3478"}},
			{{"at", "198.51.100.1:3478"}, {"change", "both"}, {"from", "198.51.100.2:3479"}, {"lost", "true"}},
			{{"at", "198.51.100.1:3478"}, {"error", "420"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	if n := strings.Count(written.String(), "\n"); n != 3 {
		t.Errorf("%d lines: %s", n, written.String())
	}
}

func TestSTUNOptions(t *testing.T) {
	a, b := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	for _, o := range []STUNOptions{
		{Addrs: []netip.Addr{a, a}}, {Addrs: []netip.Addr{a, b, a.Next()}}, {Addrs: []netip.Addr{netip.IPv4Unspecified()}},
		{Addrs: []netip.Addr{a, netip.IPv6Loopback()}}, {Addrs: []netip.Addr{{}}}, {Ports: [2]uint16{5, 5}},
		{Faults: STUNFaults{Loss: 2}}, {Faults: STUNFaults{Loss: -1}}, {Faults: STUNFaults{Delay: -1}}, {Faults: STUNFaults{DropEach: -1}},
	} {
		if s, err := StartSTUN(t.Context(), o); err == nil {
			s.Close()
			t.Errorf("%+v is taken", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := StartSTUN(ctx, STUNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr().Addr() != a || s.Addr().Port() == 0 || s.Other().IsValid() {
		t.Errorf("at %v and %v", s.Addr(), s.Other())
	}
	cancel()
	s.readers.Wait() // it ends with the context
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	taken, err := StartSTUN(t.Context(), STUNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := StartSTUN(t.Context(), STUNOptions{Ports: [2]uint16{taken.Addr().Port()}}); err == nil {
		t.Error("the port is taken")
	}
}

// On sockets of this machine as in memory, at IPv6 as at IPv4.
func TestSTUNOverIPv6(t *testing.T) {
	s, err := StartSTUN(t.Context(), STUNOptions{Addrs: []netip.Addr{netip.IPv6Loopback()}})
	if err != nil {
		labtest.Skip(t, "no IPv6 here: "+err.Error())
	}
	defer s.Close()
	c, err := net.Dial("udp6", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write(bindingRequest())
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 2000)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("success response XOR=%v MAPPED-ADDRESS=%v RESPONSE-ORIGIN=%v", c.LocalAddr(), c.LocalAddr(), s.Addr())
	if got := saidBySTUN(t, b[:n]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever comes, an answer is well formed, no longer than 2048 bytes, and of the same transaction.
func FuzzSTUNServer(f *testing.F) {
	f.Add(bindingRequest(), 0)
	f.Add(bindingRequest(changeRequest(6), stun.Fingerprint), 1)
	f.Add(bindingRequest(stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, 1500)}), 0)
	f.Add(bindingRequest(stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{1, 2}}), 0)
	f.Add(append([]byte{0, 1, 0, 8}, "0123456789abcdef\x00\x02\x00\x04abcd"...), 0)
	two := []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")}
	f.Fuzz(func(t *testing.T, b []byte, classic int) {
		s := &STUNServer{options: STUNOptions{Addrs: two, Classic: classic%2 == 1}, ports: [2]uint16{3478, 3479}, conns: make([][]net.PacketConn, 2)}
		if len(b) > maxSTUN {
			return
		}
		r, ok := readBinding(b)
		if !ok {
			return
		}
		a := s.answer(r, stunPeer, 0, 0)
		_ = a.details(r, s.Addr(), s.at(a.i, a.j), a.to, false)
		if len(a.raw) > 2048 || !bytes.Equal(a.raw[4:20], b[4:20]) || a.to.Addr() != stunPeer.Addr() || a.to.Port() == 0 {
			t.Fatalf("%x is answered with %x to %v", b, a.raw, a.to)
		}
		m := &stun.Message{Raw: slices.Clone(a.raw)}
		cookie := magicCookie()
		copy(m.Raw[4:], cookie[:])
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
	})
}

// A STUN server on two addresses of an Internet in memory, and what it tells a host of its address.
func ExampleStartSTUN() {
	ctx := context.Background()
	n := NewNetwork()
	defer n.Close()
	first, second := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
	server, err := StartSTUN(ctx, STUNOptions{
		Net: n.Internet("stun.lab", first), Addrs: []netip.Addr{first, second}, Ports: [2]uint16{3478, 3479},
		Faults: STUNFaults{DropEach: 1}, // the first reply to every request gets lost
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	conn, err := n.Internet("peer", netip.MustParseAddr("45.66.77.88")).ListenPacket(ctx, netip.MustParseAddrPort("0.0.0.0:5000"))
	if err != nil {
		log.Fatal(err)
	}
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	for range 2 {
		conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(server.Addr()))
	}
	reply := stun.New()
	reply.Raw = make([]byte, 1500)
	size, _, err := conn.ReadFrom(reply.Raw)
	if err != nil {
		log.Fatal(err)
	}
	var seen stun.XORMappedAddress
	if err := stun.Decode(reply.Raw[:size], reply); err != nil {
		log.Fatal(err)
	}
	if err := seen.GetFrom(reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println("seen at", seen, "by", server.Addr(), "and", server.Other())
	for _, e := range server.Journal() {
		fmt.Println(e.Kind, e.Peer, e.Details)
	}
	// Output:
	// seen at 45.66.77.88:5000 by 198.51.100.1:3478 and 198.51.100.2:3479
	// stun.binding 45.66.77.88:5000 [{at 198.51.100.1:3478} {lost true}]
	// stun.binding 45.66.77.88:5000 [{at 198.51.100.1:3478}]
}
