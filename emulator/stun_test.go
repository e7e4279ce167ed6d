package emulator

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
