package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said is what the two sides say.
type said struct {
	mu sync.Mutex
	strings.Builder
}

func (s *said) by(who string) func(string, ...any) {
	return func(format string, args ...any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(s, who+": "+format+"\n", args...)
	}
}

// Calls between homes are connected as docs/nat.md has it, and then everything arrives; those that cannot be say why.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		left, right string
		igd         bool
		method      client.Method // "": there is none
	}{
		{"port-restricted", "port-restricted", false, client.PunchMethod},
		{"address-restricted", "symmetric", false, client.PunchMethod},
		{"full-cone", "symmetric", false, client.DirectMethod},
		{"open", "symmetric", false, client.DirectMethod},
		{"symmetric", "apdm/apdf,ports=sequential", false, ""},
		{"port-restricted", "apdm/apdf,ports=sequential", false, client.GuessMethod},
		{"port-restricted", "symmetric", false, ""},
		{"symmetric", "symmetric", false, ""},
		{"port-restricted", "symmetric", true, client.DirectMethod},
		{"symmetric", "symmetric", true, client.DirectMethod},
	} {
		t.Run(fmt.Sprintf("%s %s igd=%v", tt.left, tt.right, tt.igd), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all said
				p := play{igd: tt.igd, length: 10 * time.Second, say: all.by}
				for i, s := range []string{tt.left, tt.right} {
					var err error
					if p.nats[i], err = nat.Parse(s); err != nil {
						t.Fatal(err)
					}
				}
				sides, err := p.run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for i, s := range sides {
					if tt.method == "" {
						if e, ok := errors.AsType[*client.PunchError](s.err); !ok || e.Reason != client.NeedsRelay {
							t.Errorf("side %d: %v, want a relay needed", i, s.err)
						}
					} else if s.err != nil || s.heard.String() != "heard 500 of 500 packets, lost 0.0 %, jitter 0.00 ms" {
						t.Errorf("side %d: %v, %v", i, s.heard, s.err)
					}
				}
				of, want := "connected to ", fmt.Sprintf("(%s)\n", tt.method) // one may guess what the other knows
				if tt.method == "" {
					of, want = "no path to ", "a router that opens a port would help"
				}
				if strings.Count(all.String(), of) != 2 || !strings.Contains(all.String(), want) {
					t.Errorf("want %q and %q:\n%s", of, want, &all)
				}
			})
		})
	}
}

// wire is the path between two sockets on the Internet.
type wire struct {
	net.PacketConn
	to net.Addr
}

func (w wire) Read(b []byte) (int, error) {
	n, _, err := w.ReadFrom(b)
	return n, err
}

func (w wire) Write(b []byte) (int, error) { return w.WriteTo(b, w.to) }
func (w wire) RemoteAddr() net.Addr        { return w.to }

// wires are the two ends of one.
func wires(t *testing.T) (a, b wire) {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	var conns [2]net.PacketConn
	for i, name := range []string{"left", "right"} {
		at := netip.AddrFrom4([4]byte{198, 51, 100, byte(10 + i)})
		var err error
		if conns[i], err = n.Internet(name, at).ListenPacket(t.Context(), netip.AddrPortFrom(at, 5004)); err != nil {
			t.Fatal(err)
		}
	}
	return wire{conns[0], conns[1].LocalAddr()}, wire{conns[1], conns[0].LocalAddr()}
}

// rough loses every tenth packet of voice, and every second one comes eight milliseconds late.
type rough struct {
	net.Conn
	packets int
	late    sync.WaitGroup
}

func (r *rough) Write(b []byte) (int, error) {
	if _, voice := parseRTP(b); !voice {
		return r.Conn.Write(b)
	}
	r.packets++
	switch {
	case r.packets%10 == 0:
	case r.packets%2 == 0:
		b := append([]byte(nil), b...)
		r.late.Go(func() {
			time.Sleep(8 * time.Millisecond)
			r.Conn.Write(b)
		})
	default:
		return r.Conn.Write(b)
	}
	return len(b), nil
}

// What is lost and late is told.
func TestLossAndJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wires(t)
		left, right := &rough{Conn: a}, &rough{Conn: b}
		heard := make(chan string, 2)
		for _, path := range []*rough{left, right} {
			go func() {
				_, r, err := talk(t.Context(), path, 20*time.Second)
				heard <- fmt.Sprint(r, err)
			}()
		}
		for range 2 {
			// Late ones are 8 ms later or earlier than the one before, but for those after a gap: 8 in 9 of the steps, then.
			got := <-heard
			if !strings.HasPrefix(got, "heard 900 of 1000 packets, lost 10.0 %, jitter 7.") {
				t.Error(got)
			}
		}
		left.late.Wait()
		right.late.Wait()
	})
}

// Who goes without a goodbye is missed after two seconds, and who is interrupted stops at once.
func TestTalkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wires(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		gone := make(chan error)
		go func() {
			_, _, err := talk(ctx, b, time.Minute)
			gone <- err
		}()
		begin := time.Now()
		ended := make(chan string)
		go func() {
			r := new(reception)
			err := listen(t.Context(), a, r)
			ended <- fmt.Sprintf("%v %v", r, err)
		}()
		go func() { _, _ = speak(ctx, a, time.Minute) }()
		if err := <-gone; !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if got := <-ended; !strings.HasSuffix(got, " packets, lost 0.0 %, jitter 0.00 ms, and no goodbye <nil>") || time.Since(begin) > 8*time.Second {
			t.Errorf("%s after %v", got, time.Since(begin))
		}
	})
}
