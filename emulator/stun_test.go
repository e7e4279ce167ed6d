package emulator

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/stun/v3"
)

// A STUN server on two addresses of the Internet, and a client that asks it with nothing in between.
type stunStand struct {
	t      *testing.T
	server *STUNServer
	conn   net.PacketConn
}

var stunPeer = netip.MustParseAddrPort("198.51.100.99:5000")

func newSTUNStand(t *testing.T, n *Network, o STUNOptions) *stunStand {
	t.Helper()
	if o.Addrs == nil {
		o.Addrs = []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")}
	}
	o.Net, o.Ports = n.Internet("stun", o.Addrs[0]), [2]uint16{3478, 3479}
	s, err := StartSTUN(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := n.Internet("peer", stunPeer.Addr()).ListenPacket(t.Context(), stunPeer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &stunStand{t, s, conn}
}

func (s *stunStand) send(b []byte, to string) {
	s.t.Helper()
	if _, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		s.t.Fatal(err)
	}
}

// hears is what comes within a second: from where, and the bytes.
func (s *stunStand) hears() (from string, b []byte) {
	s.t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(time.Second))
	b = make([]byte, 4096)
	n, addr, err := s.conn.ReadFrom(b)
	if err != nil {
		return "nobody", nil
	}
	return addr.String(), b[:n]
}

func inSTUN(t *testing.T, o STUNOptions, test func(s *stunStand)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		defer n.Close()
		test(newSTUNStand(t, n, o))
	})
}

func bindingRequest(with ...stun.Setter) []byte {
	return stun.MustBuild(append([]stun.Setter{stun.NewTransactionIDSetter([12]byte{1, 2, 3}), stun.BindingRequest}, with...)...).Raw
}

func changeRequest(flags byte) stun.RawAttribute {
	return stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, flags}}
}

// stunNames are those of RFC 5780 and RFC 3489.
func stunNames() map[stun.AttrType]string {
	return map[stun.AttrType]string{0x0001: "MAPPED-ADDRESS", 0x802b: "RESPONSE-ORIGIN", 0x802c: "OTHER-ADDRESS", 0x0004: "SOURCE-ADDRESS", 0x0005: "CHANGED-ADDRESS"}
}

// saidBySTUN is a reply in words: its attributes by name, with the addresses in them.
func saidBySTUN(t *testing.T, b []byte) string {
	t.Helper()
	m := &stun.Message{Raw: slices.Clone(b)}
	if err := m.Decode(); err != nil {
		t.Fatal(err)
	}
	words := []string{m.Type.Class.String()}
	for _, a := range m.Attributes {
		var addr stun.MappedAddress
		switch a.Type {
		case stun.AttrXORMappedAddress:
			var x stun.XORMappedAddress
			if err := x.GetFrom(m); err != nil {
				t.Error(err)
			}
			words = append(words, "XOR="+x.String())
		case stun.AttrMappedAddress, stun.AttrResponseOrigin, stun.AttrOtherAddress, stun.AttrSourceAddress, stun.AttrChangedAddress:
			if err := addr.GetFromAs(m, a.Type); err != nil {
				t.Error(err)
			}
			words = append(words, stunNames()[a.Type]+"="+addr.String())
		case stun.AttrErrorCode:
			var e stun.ErrorCodeAttribute
			if err := e.GetFrom(m); err != nil {
				t.Error(err)
			}
			words = append(words, fmt.Sprint(int(e.Code)))
		case stun.AttrUnknownAttributes:
			words = append(words, hex.EncodeToString(a.Value))
		case stun.AttrPadding:
			words = append(words, fmt.Sprint("padding of ", a.Length))
		case stun.AttrFingerprint:
			if err := stun.Fingerprint.Check(m); err != nil {
				t.Error(err)
			}
			words = append(words, "fingerprint")
		}
	}
	return strings.Join(words, " ")
}

// RFC 5780 §7.2 to §7.5: from where each answer comes, and what it holds. OTHER-ADDRESS is what would be the source if both were changed.
func TestSTUNAnswers(t *testing.T) {
	success := func(origin, other string) string {
		return fmt.Sprintf("success response XOR=%v MAPPED-ADDRESS=%v RESPONSE-ORIGIN=%s OTHER-ADDRESS=%s", stunPeer, stunPeer, origin, other)
	}
	one := STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.1")}}
	alone := fmt.Sprintf("success response XOR=%v MAPPED-ADDRESS=%v RESPONSE-ORIGIN=198.51.100.1:3478", stunPeer, stunPeer)
	required := stun.RawAttribute{Type: 0x0042, Value: []byte{1}}
	for _, tt := range []struct {
		name string
		o    STUNOptions
		with []stun.Setter
		to   string // "": the primary address and port
		from string // "": where it was sent
		want string
	}{
		{name: "plain", want: success("198.51.100.1:3478", "198.51.100.2:3479")},
		{name: "at the alternate", to: "198.51.100.2:3479", want: success("198.51.100.2:3479", "198.51.100.1:3478")},
		{name: "at the alternate port", to: "198.51.100.1:3479", want: success("198.51.100.1:3479", "198.51.100.2:3478")},
		{name: "change nothing", with: []stun.Setter{changeRequest(0)}, want: success("198.51.100.1:3478", "198.51.100.2:3479")},
		{name: "change port", with: []stun.Setter{changeRequest(2)}, from: "198.51.100.1:3479", want: success("198.51.100.1:3479", "198.51.100.2:3479")},
		{name: "change address", with: []stun.Setter{changeRequest(4)}, from: "198.51.100.2:3478", want: success("198.51.100.2:3478", "198.51.100.2:3479")},
		{name: "change both", with: []stun.Setter{changeRequest(6)}, from: "198.51.100.2:3479", want: success("198.51.100.2:3479", "198.51.100.2:3479")},
		{name: "change both at the alternate", to: "198.51.100.2:3479", with: []stun.Setter{changeRequest(6)}, from: "198.51.100.1:3478",
			want: success("198.51.100.1:3478", "198.51.100.1:3478")},
		{name: "fingerprint", with: []stun.Setter{stun.Fingerprint}, want: success("198.51.100.1:3478", "198.51.100.2:3479") + " fingerprint"},
		{name: "padding", with: []stun.Setter{stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, 1500)}},
			want: success("198.51.100.1:3478", "198.51.100.2:3479") + " padding of 1500"},
		{name: "more padding", with: []stun.Setter{stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, 1600)}},
			want: success("198.51.100.1:3478", "198.51.100.2:3479") + " padding of 1500"},
		{name: "padding and another port", with: []stun.Setter{stun.RawAttribute{Type: stun.AttrPadding, Value: make([]byte, 40)},
			stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{0x13, 0x88, 0, 0}}}, want: "error response 400"},
		{name: "port 0", with: []stun.Setter{stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{0, 0, 0, 0}}}, want: "error response 400"},
		{name: "half a change", with: []stun.Setter{stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 2}}}, want: "error response 400"},
		{name: "credentials", with: []stun.Setter{stun.NewUsername("user")}, want: success("198.51.100.1:3478", "198.51.100.2:3479")},
		{name: "optional", with: []stun.Setter{stun.RawAttribute{Type: 0x8FFF, Value: []byte{1}}}, want: success("198.51.100.1:3478", "198.51.100.2:3479")},
		{name: "required", with: []stun.Setter{required, changeRequest(6)}, want: "error response 420 0042"},
		{name: "RESPONSE-ADDRESS of RFC 3489", with: []stun.Setter{stun.RawAttribute{Type: 0x0002, Value: make([]byte, 8)}}, want: "error response 420 0002"},
		{name: "one address", o: one, want: alone},
		{name: "one address cannot change", o: one, with: []stun.Setter{changeRequest(2)}, want: "error response 420 0003"},
		{name: "keeps its other address", o: STUNOptions{Faults: STUNFaults{NoOther: true}}, want: alone},
		{name: "and changes nothing", o: STUNOptions{Faults: STUNFaults{NoOther: true}}, with: []stun.Setter{changeRequest(6)}, want: "error response 420 0003"},
		{name: "ignores changes", o: STUNOptions{Faults: STUNFaults{IgnoreChange: true}}, with: []stun.Setter{changeRequest(6)}, want: success("198.51.100.1:3478", "198.51.100.2:3479")},
		{name: "mute from there", o: STUNOptions{Faults: STUNFaults{MuteOther: true}}, with: []stun.Setter{changeRequest(4)}, from: "nobody"},
		{name: "mute there", o: STUNOptions{Faults: STUNFaults{MuteOther: true}}, to: "198.51.100.2:3478", from: "nobody"},
		{name: "no other port", o: STUNOptions{Faults: STUNFaults{NoResponsePort: true}},
			with: []stun.Setter{stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{0x13, 0x88, 0, 0}}}, want: "error response 420 0027"},
		{name: "rewritten", o: STUNOptions{Faults: STUNFaults{Rewrite: netip.MustParseAddrPort("192.168.1.10:77")}},
			want: fmt.Sprintf("success response XOR=%v MAPPED-ADDRESS=192.168.1.10:77 RESPONSE-ORIGIN=198.51.100.1:3478 OTHER-ADDRESS=198.51.100.2:3479", stunPeer)},
		{name: "a server of RFC 3489", o: STUNOptions{Classic: true}, with: []stun.Setter{changeRequest(2)}, from: "198.51.100.1:3479",
			want: fmt.Sprintf("success response MAPPED-ADDRESS=%v SOURCE-ADDRESS=198.51.100.1:3479 CHANGED-ADDRESS=198.51.100.2:3479", stunPeer)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inSTUN(t, tt.o, func(s *stunStand) {
				if tt.to == "" {
					tt.to = "198.51.100.1:3478"
				}
				if tt.from == "" {
					tt.from = tt.to
				}
				s.send(bindingRequest(tt.with...), tt.to)
				from, b := s.hears()
				if from != tt.from {
					t.Fatalf("heard %s, want %s", from, tt.from)
				}
				if b == nil {
					return
				}
				if got := saidBySTUN(t, b); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// A client of RFC 3489 has 128 bits of its own where the cookie is today. Byte for byte, by §11 of that RFC.
func TestSTUNClassicClient(t *testing.T) {
	const id = "000102030405060708090a0b0c0d0e0f"
	plain := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct{ name, request, from, want string }{
		{"plain", "0001 0000" + id, "198.51.100.1:3478", "0101 0024" + id +
			"0001 0008 0001 1388 c6336463" + // MAPPED-ADDRESS 198.51.100.99:5000
			"0004 0008 0001 0d96 c6336401" + // SOURCE-ADDRESS 198.51.100.1:3478
			"0005 0008 0001 0d97 c6336402"}, // CHANGED-ADDRESS 198.51.100.2:3479
		{"change both", "0001 0008" + id + "0003 0004 00000006", "198.51.100.2:3479", "0101 0024" + id +
			"0001 0008 0001 1388 c6336463" +
			"0004 0008 0001 0d97 c6336402" +
			"0005 0008 0001 0d97 c6336402"},
		// The reason is filled with spaces, and an attribute of three named twice, so that all lengths are multiples of four.
		{"RESPONSE-ADDRESS", "0001 000c" + id + "0002 0008 0001 1388 c6336463", "198.51.100.1:3478", "0111 0024" + id +
			"0009 0018 00000414" + hex.EncodeToString([]byte("Unknown Attribute   ")) +
			"000a 0004 0002 0002"},
	} {
		inSTUN(t, STUNOptions{}, func(s *stunStand) {
			s.send(plain(tt.request), "198.51.100.1:3478")
			from, b := s.hears()
			if from != tt.from || !bytes.Equal(b, plain(tt.want)) {
				t.Errorf("%s: from %s\ngot  %x\nwant %x", tt.name, from, b, plain(tt.want))
			}
		})
	}
}

// RESPONSE-PORT sends the answer to another port of the client (RFC 5780 §7.5).
func TestSTUNResponsePort(t *testing.T) {
	inSTUN(t, STUNOptions{}, func(s *stunStand) {
		asker, err := s.conn.(*packetConn).host.ListenPacket(t.Context(), netip.AddrPortFrom(stunPeer.Addr(), 6000))
		if err != nil {
			t.Fatal(err)
		}
		defer asker.Close()
		request := bindingRequest(stun.RawAttribute{Type: stun.AttrResponsePort, Value: []byte{0x13, 0x88, 0, 0}})
		asker.WriteTo(request, net.UDPAddrFromAddrPort(s.server.Addr()))
		from, b := s.hears()
		if from != "198.51.100.1:3478" || !strings.Contains(saidBySTUN(t, b), "XOR=198.51.100.99:6000 ") {
			t.Errorf("from %s: %s", from, saidBySTUN(t, b))
		}
	})
}

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
		t.Skipf("no IPv6 here: %v", err)
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
