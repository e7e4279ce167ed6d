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

// Each of the four NATs of RFC 3489 calls each, as the textbook has it: only symmetric with port-restricted or symmetric cannot be, and routers
// that open ports make that good. So do ports that come one after the other.
func TestCalls(t *testing.T) {
	t.Parallel()
	classic := []string{"full-cone", "restricted", "port-restricted", "symmetric"}
	for _, left := range classic {
		for _, right := range classic {
			strict := func(s string) bool { return s == "port-restricted" || s == "symmetric" }
			need := (left == "symmetric" && strict(right)) || (right == "symmetric" && strict(left))
			method := client.PunchMethod
			switch {
			case need:
				method = ""
			case left == "full-cone" || right == "full-cone":
				method = client.DirectMethod
			}
			testCall(t, left, right, false, method)
			testCall(t, left, right, true, client.DirectMethod)
		}
	}
	testCall(t, "open", "symmetric", false, client.DirectMethod)
	testCall(t, "port-restricted", "symmetric,ports=sequential", false, client.GuessMethod)
	testCall(t, "symmetric", "symmetric,ports=sequential", false, "")
}

// testCall has two homes call each other. A method is that of one of the two at least: one guesses what the other knows. "" is none.
func testCall(t *testing.T, left, right string, igd bool, method client.Method) {
	t.Run(fmt.Sprintf("%s %s igd=%v", left, right, igd), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var all said
			p := play{igd: igd, length: 10 * time.Second, say: all.by}
			for i, s := range []string{left, right} {
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
				if method == "" {
					if e, ok := errors.AsType[*client.PunchError](s.err); !ok || e.Reason != client.NeedsRelay {
						t.Errorf("side %d: %v, want a relay needed", i, s.err)
					}
				} else if s.err != nil || s.heard.String() != "heard 500 of 500 packets, lost 0.0 %, jitter 0.00 ms" {
					t.Errorf("side %d: %v, %v", i, s.heard, s.err)
				}
			}
			of, want := "connected to ", fmt.Sprintf("(%s)\n", method)
			if method == "" {
				of, want = "no path to ", "a router that opens a port would help"
			}
			if strings.Count(all.String(), of) != 2 || !strings.Contains(all.String(), want) {
				t.Errorf("want %q and %q:\n%s", of, want, &all)
			}
		})
	})
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

// The commands that main.go shows do what it says, and others are refused.
func TestRun(t *testing.T) {
	for _, tt := range []struct{ args, fails, says string }{
		{"", "", "heard 250 of 250 packets"},
		{"--nat port-restricted,symmetric", "they did not talk", "a router that opens a port would help"},
		{"--nat port-restricted,symmetric --igd", "", "which the router has opened"},
		{"--length 1s --nat open,open", "", "there is no NAT"},
		{"--nat symmetric", `--nat symmetric: must name two, such as port-restricted,symmetric`, ""},
		{"--nat symmetric,oval", `nat: `, ""},
		{"--igd left", `"left" is too much`, ""},
		{"dance", `there is no "dance": it is call, meet, or nothing for two homes in memory`, ""},
		{"call", "--meet HOST:PORT is missing: the two have to meet somewhere", ""},
		{"meet --port 70000", "--port 70000 is no port", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			err := run(t.Context(), strings.Fields(tt.args), &out)
			if (err == nil) != (tt.fails == "") || err != nil && !strings.HasPrefix(err.Error(), tt.fails) || !strings.Contains(out.String(), tt.says) {
				t.Errorf("voice %s: %v, want %q and %q:\n%s", tt.args, err, tt.fails, tt.says, &out)
			}
		})
	}
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
