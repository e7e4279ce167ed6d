package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/emulator"
)

// responder is a STUN server on a host of the memory network, by pion's messages. reply makes the datagrams that answer the n-th
// request, the first being 1; nil answers with the address that it sees.
func responder(t *testing.T, h *emulator.Host, addr string, reply func(n int, request *stun.Message, from netip.AddrPort) [][]byte) (asked *atomic.Int32) {
	t.Helper()
	conn, err := h.ListenPacket(t.Context(), netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	asked = new(atomic.Int32)
	go func() {
		b := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: slices.Clone(b[:n])}
			if m.Decode() != nil || m.Type != stun.BindingRequest {
				t.Errorf("got no binding request: %x", b[:n])
				continue
			}
			at := from.(*net.UDPAddr).AddrPort()
			if reply == nil {
				conn.WriteTo(xored(m, at), from)
				continue
			}
			for _, d := range reply(int(asked.Add(1)), m, at) {
				conn.WriteTo(d, from)
			}
		}
	}()
	return asked
}

func xored(m *stun.Message, a netip.AddrPort) []byte {
	return stun.MustBuild(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: a.Addr().AsSlice(), Port: int(a.Port())}, stun.Fingerprint).Raw
}

var seenAt = netip.MustParseAddrPort("45.66.77.99:4321")

func TestMappedAddress(t *testing.T) {
	seen := &stun.XORMappedAddress{IP: seenAt.Addr().AsSlice(), Port: int(seenAt.Port())}
	old := &stun.MappedAddress{IP: seenAt.Addr().AsSlice(), Port: int(seenAt.Port())}
	lie := &stun.MappedAddress{IP: net.IPv4(192, 168, 1, 10), Port: 1}
	six := &stun.XORMappedAddress{IP: net.ParseIP("2001:db8::1"), Port: 1}
	unknown := stun.RawAttribute{Type: 0x0042, Value: []byte{1, 2, 3, 4}}
	comment := stun.RawAttribute{Type: 0x8FFF, Value: []byte{1, 2, 3, 4}}
	source := stun.RawAttribute{Type: stun.AttrSourceAddress, Value: []byte{0, 1, 0, 1, 1, 1, 1, 1}}
	one := func(setters ...stun.Setter) func(int, *stun.Message) [][]byte {
		return func(_ int, m *stun.Message) [][]byte {
			return [][]byte{stun.MustBuild(append([]stun.Setter{m}, setters...)...).Raw}
		}
	}
	then := func(bad func(m *stun.Message) []byte) func(int, *stun.Message) [][]byte {
		return func(_ int, m *stun.Message) [][]byte { return [][]byte{bad(m), xored(m, seenAt)} }
	}
	tests := []struct {
		name  string
		reply func(n int, request *stun.Message) [][]byte
		fails bool
		code  int
		took  time.Duration
	}{
		{name: "xor-mapped-address", reply: one(stun.BindingSuccess, seen)},
		{name: "mapped-address of RFC 3489", reply: one(stun.BindingSuccess, old, source)},
		{name: "a NAT has rewritten mapped-address", reply: one(stun.BindingSuccess, lie, seen)},
		{name: "an optional attribute", reply: one(stun.BindingSuccess, comment, seen)},
		{name: "lost twice", took: 1500 * time.Millisecond, reply: func(n int, m *stun.Message) [][]byte {
			if n < 3 {
				return nil
			}
			return [][]byte{xored(m, seenAt)}
		}},
		{name: "another transaction first", reply: then(func(m *stun.Message) []byte {
			return stun.MustBuild(stun.TransactionID, stun.BindingSuccess, lie).Raw
		})},
		{name: "no STUN first", reply: then(func(*stun.Message) []byte { return []byte("HTTP/1.1 200 OK\r\n\r\n") })},
		{name: "a request first", reply: then(func(m *stun.Message) []byte { return stun.MustBuild(m, stun.BindingRequest, lie).Raw })},
		{name: "a wrong fingerprint first", reply: then(func(m *stun.Message) []byte {
			b := stun.MustBuild(m, stun.BindingSuccess, lie, stun.Fingerprint).Raw
			b[len(b)-1] ^= 1
			return b
		})},
		{name: "too large first", reply: then(func(m *stun.Message) []byte {
			return stun.MustBuild(m, stun.BindingSuccess, lie, stun.RawAttribute{Type: 0x8FFF, Value: make([]byte, maxSTUN)}).Raw
		})},
		{name: "refused", reply: one(stun.BindingError, stun.CodeServerError), fails: true, code: 500},
		{name: "refused without a code", reply: one(stun.BindingError), fails: true},
		{name: "no address", reply: one(stun.BindingSuccess), fails: true},
		{name: "IPv6 only", reply: one(stun.BindingSuccess, six), fails: true},
		{name: "an attribute that has to be understood", reply: one(stun.BindingSuccess, unknown, seen), fails: true},
		{name: "silence", reply: func(int, *stun.Message) [][]byte { return nil }, fails: true, took: 39500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				server := n.Host("server", netip.MustParsePrefix("192.168.1.53/24"))
				responder(t, server, "192.168.1.53:3478", func(i int, m *stun.Message, _ netip.AddrPort) [][]byte { return tt.reply(i, m) })
				began := time.Now()
				got, err := MappedAddress(t.Context(), "192.168.1.53", Options{Net: newPC(n)})
				e, ok := errors.AsType[*STUNError](err)
				switch {
				case tt.fails && (!ok || e.Code != tt.code):
					t.Errorf("got %v, %v", got, err)
				case !tt.fails && (err != nil || got != seenAt):
					t.Errorf("got %v, %v", got, err)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

// Requests leave after 0, 500, 1500, 3500, 7500, 15500 and 31500 ms (RFC 8489 §6.2.1), all of one transaction.
func TestMappedAddressRepeats(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		began := time.Now()
		var times []int64
		var ids []string
		responder(t, n.Host("server", netip.MustParsePrefix("192.168.1.53/24")), "192.168.1.53:3478", func(_ int, m *stun.Message, _ netip.AddrPort) [][]byte {
			times = append(times, time.Since(began).Milliseconds())
			ids = append(ids, string(m.TransactionID[:]))
			return nil
		})
		if _, err := MappedAddress(t.Context(), "192.168.1.53:3478", Options{Net: newPC(n)}); !errors.Is(err, errSTUNSilent) {
			t.Error(err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]int64{0, 500, 1500, 3500, 7500, 15500, 31500}, times); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if len(slices.Compact(ids)) != 1 {
			t.Error("the requests are not of one transaction")
		}
	})
}

// Only the server that is asked is believed, whatever others know of the request; and a flood of theirs delays nothing.
func TestMappedAddressForged(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		forger := n.Host("forger", netip.MustParsePrefix("192.168.1.66/24"))
		beside, err := forger.ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.66:3478"))
		if err != nil {
			t.Fatal(err)
		}
		defer beside.Close()
		host := n.Host("server", netip.MustParsePrefix("192.168.1.53/24"))
		port, err := host.ListenPacket(t.Context(), netip.MustParseAddrPort("192.168.1.53:3479"))
		if err != nil {
			t.Fatal(err)
		}
		defer port.Close()
		responder(t, host, "192.168.1.53:3478", func(i int, m *stun.Message, from netip.AddrPort) [][]byte {
			lie := xored(m, netip.MustParseAddrPort("45.1.1.1:1"))
			for range 100 {
				beside.WriteTo(lie, net.UDPAddrFromAddrPort(from))
				port.WriteTo(lie, net.UDPAddrFromAddrPort(from))
			}
			if i < 2 {
				return nil
			}
			return [][]byte{xored(m, seenAt)}
		})
		began := time.Now()
		got, err := MappedAddress(t.Context(), "192.168.1.53", Options{Net: newPC(n), Interface: "eth0"})
		if err != nil || got != seenAt || time.Since(began) != stunRTO {
			t.Errorf("got %v, %v after %v", got, err, time.Since(began))
		}
	})
}

func TestMappedAddressEnds(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		pc := newPC(n)
		n.Host("server", netip.MustParsePrefix("192.168.1.53/24"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := MappedAddress(ctx, "192.168.1.53", Options{Net: pc})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		for _, bad := range []string{"", ":3478", "192.168.1.53:0", "192.168.1.53:stun", "0.0.0.0", "239.1.2.3:3478", "[::1]:3478", "a b"} {
			if _, err := MappedAddress(t.Context(), bad, Options{Net: pc}); err == nil {
				t.Errorf("%q is no server", bad)
			} else if _, ok := errors.AsType[*ArgumentError](err); !ok {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := MappedAddress(t.Context(), "192.168.1.53", Options{Net: pc, Interface: "wlan7"}); !errors.Is(err, errNoInterface) {
			t.Error(err)
		}
		if _, err := MappedAddress(t.Context(), "9.9.9.9", Options{Net: pc}); err == nil {
			t.Error("there is no way to 9.9.9.9")
		}
	})
}

func FuzzSTUN(f *testing.F) {
	m := stun.MustBuild(stun.NewTransactionIDSetter([stun.TransactionIDSize]byte{1, 2, 3}), stun.BindingRequest)
	f.Add(xored(m, seenAt))
	f.Add(stun.MustBuild(m, stun.BindingSuccess, &stun.MappedAddress{IP: net.IPv4(1, 2, 3, 4), Port: 5}).Raw)
	f.Add(stun.MustBuild(m, stun.BindingError, stun.CodeTryAlternate).Raw)
	f.Add(stun.MustBuild(m, stun.BindingSuccess, stun.RawAttribute{Type: stun.AttrXORMappedAddress, Value: []byte{0, 1, 2}}).Raw)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		reply, err := parseSTUN(b, [stun.TransactionIDSize]byte{1, 2, 3})
		got := reply.mapped
		if (err == nil) != (got.IsValid() && got.Addr().Is4() && !got.Addr().IsUnspecified()) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
