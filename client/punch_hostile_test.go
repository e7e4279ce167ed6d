package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// arena is two nodes, and a stranger, on the open Internet.
type arena struct {
	victim, peer, stranger *emulator.Host
	conns                  [3]net.PacketConn // theirs, and a second one of the stranger's is at none
}

func newArena(t *testing.T) *arena {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	a := &arena{}
	for i, h := range []**emulator.Host{&a.victim, &a.peer, &a.stranger} {
		addr := netip.AddrFrom4([4]byte{45, 1, 1, byte(1 + i)})
		*h = n.Internet(addr.String(), addr)
		c, err := (*h).ListenPacket(t.Context(), netip.AddrPortFrom(addr, 5000))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		a.conns[i] = c
	}
	return a
}

func (a *arena) node(i int) client.Node {
	return client.Node{Candidates: []client.Candidate{{Kind: client.MappedCandidate, Addr: netip.MustParseAddrPort(a.conns[i].LocalAddr().String())}}}
}

// tieBreaker is the attribute by which checks are told from other STUN.
const tieBreaker = stun.AttrType(0xF1D9)

// forge is a check of somebody's who has read this file.
func forge(class stun.MessageClass, id [12]byte, key []byte, nominate bool) []byte {
	m := &stun.Message{TransactionID: id}
	is := []stun.Setter{stun.NewType(stun.MethodBinding, class), stun.RawAttribute{Type: tieBreaker, Value: binary.BigEndian.AppendUint64(nil, 1<<63+1)}}
	if nominate {
		is = append(is, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	if class == stun.ClassSuccessResponse {
		is = append(is, &stun.XORMappedAddress{IP: net.IPv4(45, 1, 1, 1), Port: 5000})
	}
	if key != nil {
		is = append(is, stun.MessageIntegrity(key))
	}
	if err := m.Build(append(is, stun.Fingerprint)...); err != nil {
		panic(err)
	}
	return m.Raw
}

// iceCheck is a check of a WebRTC agent (RFC 8445 §7.2).
func iceCheck() []byte {
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("there:here"),
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)}, stun.RawAttribute{Type: stun.AttrPriority, Value: make([]byte, 4)},
		stun.NewShortTermIntegrity("password"), stun.Fingerprint)
	return m.Raw
}

// pretend answers all checks that come to c, and sends its own, until it is closed. It gives the number of datagrams that came.
func pretend(c net.PacketConn, to net.Addr, key []byte) (count func() int) {
	n, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1500)
		for i := byte(0); ; i++ {
			c.WriteTo(forge(stun.ClassRequest, [12]byte{i}, key, i%2 == 1), to)
			c.WriteTo(forge(stun.ClassIndication, [12]byte{i}, key, true), to)
			c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			size, from, err := c.ReadFrom(b)
			if errors.Is(err, net.ErrClosed) {
				return
			} else if err != nil {
				continue
			}
			n++
			m := &stun.Message{Raw: b[:size]}
			if m.Decode() == nil && m.Type.Class == stun.ClassRequest {
				c.WriteTo(forge(stun.ClassSuccessResponse, m.TransactionID, key, false), from)
			}
		}
	}()
	return func() int { c.Close(); <-done; return n }
}

// Somebody at another address is not taken for the peer; nor, with a key, is anybody who has another one or none, wherever.
func TestPunchIsNotFooled(t *testing.T) {
	for name, tt := range map[string]struct {
		at        int // which address it has: that of the peer, or another
		ours, its []byte
		fooled    bool
	}{
		"another address":              {at: 2},
		"another address, another key": {at: 2, ours: []byte("ours"), its: []byte("its")},
		"the address, another key":     {at: 1, ours: []byte("ours"), its: []byte("its")},
		"the address, no key":          {at: 1, ours: []byte("ours")},
		"the address, where no key is": {at: 1, fooled: true}, // which PunchOptions.Key says
		"another address, our key":     {at: 2, ours: []byte("ours"), its: []byte("ours"), fooled: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newArena(t)
				count := pretend(a.conns[tt.at], a.conns[0].LocalAddr(), tt.its)
				p, err := client.Punch(t.Context(), a.conns[0], a.node(1), client.PunchOptions{Key: tt.ours, Timeout: 5 * time.Second, Net: a.victim})
				if (err == nil) != tt.fooled {
					t.Errorf("%v, %v", p, err)
				}
				if n := count(); !tt.fooled && n > 100 {
					t.Errorf("it was sent %d datagrams", n)
				}
				if p != nil {
					p.Close()
				}
			})
		})
	}
}

// Both keys are the same, or there is no path.
func TestPunchWithKey(t *testing.T) {
	for _, keys := range [][2]string{{"a secret", "a secret"}, {"a secret", "another"}, {"a secret", ""}} {
		synctest.Test(t, func(t *testing.T) {
			a := newArena(t)
			var r punched
			done := make(chan struct{})
			for i := range 2 {
				go func() {
					r.paths[i], r.errs[i] = client.Punch(t.Context(), a.conns[i], a.node(1-i), client.PunchOptions{Key: []byte(keys[i]), Timeout: 3 * time.Second, Net: a.victim})
					done <- struct{}{}
				}()
			}
			<-done
			<-done
			defer r.close()
			if got := r.open(t); got != (keys[0] == keys[1]) {
				t.Errorf("%q: open %v, %v", keys, got, r.errs)
			}
		})
	}
}

// Checks that somebody has kept from another time, signed with the same key, change nothing: who sends them cannot answer.
func TestPunchReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		key, ctx := []byte("a secret"), t.Context()
		stop := make(chan struct{})
		go func() {
			for i := byte(0); ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				for _, victim := range a.conns[:2] {
					a.conns[2].WriteTo(forge(stun.ClassRequest, [12]byte{i}, key, i%2 == 1), victim.LocalAddr())
					a.conns[2].WriteTo(forge(stun.ClassIndication, [12]byte{i}, key, true), victim.LocalAddr())
					a.conns[2].WriteTo(forge(stun.ClassSuccessResponse, [12]byte{i}, key, true), victim.LocalAddr())
				}
			}
		}()
		var r punched
		done := make(chan struct{})
		for i := range 2 {
			go func() {
				time.Sleep(time.Second)
				r.paths[i], r.errs[i] = client.Punch(ctx, a.conns[i], a.node(1-i), client.PunchOptions{Key: key, Timeout: 5 * time.Second, Net: a.victim})
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		close(stop)
		defer r.close()
		if !r.open(t) || r.paths[0].Remote() != a.node(1).Candidates[0].Addr {
			t.Error(r.errs)
		}
	})
}

// What is sent does not grow with what comes: a thousand checks a second from a thousand ports of the peer's address, and junk.
func TestPunchFlooded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		ctx, cancel := context.WithCancel(t.Context())
		sent := make(chan int)
		for i := range 10 {
			c, err := a.peer.ListenPacket(ctx, netip.AddrPortFrom(netip.MustParseAddr("45.1.1.2"), uint16(7000+i)))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				n, b := 0, make([]byte, 1500)
				for ctx.Err() == nil {
					for j := range 10 {
						c.WriteTo(forge(stun.ClassRequest, [12]byte{byte(i), byte(j)}, nil, true), a.conns[0].LocalAddr())
						c.WriteTo([]byte("junk"), a.conns[0].LocalAddr())
					}
					for {
						c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
						if _, _, err := c.ReadFrom(b); err != nil {
							break
						}
						n++
					}
				}
				c.Close()
				sent <- n
			}()
		}
		other := 0
		_, err := client.Punch(t.Context(), a.conns[0], a.node(1), client.PunchOptions{Timeout: 5 * time.Second, Net: a.victim, Other: func([]byte, netip.AddrPort) { other++ }})
		cancel()
		total := 0
		for range 10 {
			total += <-sent
		}
		if e, ok := errors.AsType[*client.PunchError](err); !ok || e.Reason != client.OneWay {
			t.Errorf("got %v", err)
		}
		if other == 0 || total == 0 || total > 5*100+50 {
			t.Errorf("%d datagrams were sent in 5 s, and %d handed on", total, other)
		}
	})
}

// Canceled, it ends at once and leaves the socket as it was.
func TestPunchCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second+time.Millisecond, cancel)
		began := time.Now()
		_, err := client.Punch(ctx, a.conns[0], a.node(1), client.PunchOptions{Net: a.victim})
		if !errors.Is(err, context.Canceled) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		a.conns[2].WriteTo([]byte("hello"), a.conns[0].LocalAddr())
		b := make([]byte, 100)
		if n, _, err := a.conns[0].ReadFrom(b); err != nil || string(b[:n]) != "hello" {
			t.Errorf("%q, %v", b[:n], err)
		}
	})
}

// One side begins half a minute before the other.
func TestPunchLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		var r punched
		done := make(chan struct{})
		for i := range 2 {
			go func() {
				time.Sleep(time.Duration(i) * 29 * time.Second)
				r.paths[i], r.errs[i] = client.Punch(t.Context(), a.conns[i], a.node(1-i), client.PunchOptions{Net: a.victim})
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		defer r.close()
		if !r.open(t) {
			t.Error(r.errs)
		}
	})
}

func TestPunchArguments(t *testing.T) {
	many := client.Node{Candidates: make([]client.Candidate, 17)}
	for _, n := range []client.Node{{}, many, {Candidates: []client.Candidate{{Addr: netip.MustParseAddrPort("[2001:db8::1]:1")}}}} {
		if _, err := client.Punch(t.Context(), nil, n, client.PunchOptions{}); err == nil {
			t.Error(fmt.Sprint(n), " is taken")
		}
	}
}

// What is no socket to work with is said at once, and nothing is opened for it.
func TestSocketsRefused(t *testing.T) {
	gone, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	peer := client.Node{Candidates: []client.Candidate{{Kind: client.HostCandidate, Addr: netip.MustParseAddrPort("127.0.0.1:9")}}}
	for name, conn := range map[string]net.PacketConn{"none": nil, "closed": gone, "IPv6": socketAt{gone, "[2001:db8::1]:9"}, "no port": socketAt{gone, "127.0.0.1:0"}} {
		r, err := client.Reach(t.Context(), conn, client.ReachOptions{})
		_, argument := errors.AsType[*client.ArgumentError](err)
		if r != nil || argument == (name == "closed") || name == "closed" && !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: Reach gives %v, %v", name, r, err)
		}
		path, err := client.Punch(t.Context(), conn, peer, client.PunchOptions{})
		_, argument = errors.AsType[*client.ArgumentError](err)
		if path != nil || argument == (name == "closed") || name == "closed" && !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: Punch gives %v, %v", name, path, err)
		}
	}
}

// socketAt is a socket that says to be bound somewhere else.
type socketAt struct {
	net.PacketConn
	at string
}

func (s socketAt) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.at)) }
