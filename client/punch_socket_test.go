package client_test

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// slowSocket is a socket some of whose calls take a millisecond, so that what happens meanwhile does so every time.
type slowSocket struct {
	net.PacketConn
	interrupts bool // setting a deadline that is over takes it before
	reads      bool // a read takes it after
	wrote      func(n int)
	n          int
}

func (s *slowSocket) SetReadDeadline(t time.Time) error {
	if s.interrupts && !t.IsZero() && t.Before(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	return s.PacketConn.SetReadDeadline(t)
}

func (s *slowSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.PacketConn.ReadFrom(b)
	if s.reads {
		time.Sleep(time.Millisecond)
	}
	return n, from, err
}

func (s *slowSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.n++; s.wrote != nil {
		s.wrote(s.n)
	}
	return s.PacketConn.WriteTo(b, to)
}

// offlineSocket takes nothing until a time.
type offlineSocket struct {
	net.PacketConn
	until time.Time
}

func (s *offlineSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if time.Now().Before(s.until) {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", syscall.ENETUNREACH)}
	}
	return s.PacketConn.WriteTo(b, to)
}

// Who is offline all the time is told so, and not that nobody answered; who is for a moment has the path afterwards.
func TestPunchOffline(t *testing.T) {
	for after, want := range map[time.Duration]error{time.Hour: syscall.ENETUNREACH, 5 * time.Second: nil} {
		synctest.Test(t, func(t *testing.T) {
			a := newArena(t)
			go func() {
				if p, err := client.Punch(t.Context(), a.conns[1], a.node(0), client.PunchOptions{Net: a.peer}); err == nil {
					p.Close()
				}
			}()
			s := &offlineSocket{a.conns[0], time.Now().Add(after)}
			p, err := client.Punch(t.Context(), s, a.node(1), client.PunchOptions{Net: a.victim})
			if want == nil {
				if err != nil {
					t.Fatalf("offline for %v: %v", after, err)
				}
				p.Close()
				return
			}
			if e, ok := errors.AsType[*client.PunchError](err); !ok || e.Reason != client.Broken || !errors.Is(err, want) {
				t.Errorf("offline for %v: %v", after, err)
			}
		})
	}
}

// However ctx and Punch end together, the socket has no deadline afterwards.
func TestPunchInterruptedLeavesNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.Punch(ctx, &slowSocket{PacketConn: a.conns[0], interrupts: true}, a.node(1), client.PunchOptions{Net: a.victim}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		a.conns[2].WriteTo([]byte("hello"), a.conns[0].LocalAddr())
		b := make([]byte, 100)
		if n, _, err := a.conns[0].ReadFrom(b); err != nil || string(b[:n]) != "hello" {
			t.Errorf("%q, %v", b[:n], err)
		}
	})
}

// An end of ctx that comes before the deadline of the next read is set is not forgotten over it.
func TestPunchInterruptedAsItSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		ctx, cancel := context.WithCancel(t.Context())
		var at time.Time
		s := &slowSocket{PacketConn: a.conns[0], wrote: func(n int) {
			if n == 25 {
				at = time.Now()
				cancel()
				time.Sleep(time.Millisecond)
			}
		}}
		if _, err := client.Punch(ctx, s, a.node(1), client.PunchOptions{Net: a.victim}); !errors.Is(err, context.Canceled) || time.Since(at) > 10*time.Millisecond {
			t.Errorf("%v, %v after the end", err, time.Since(at))
		}
	})
}

// openPaths are the two ends of a path between the first two hosts, the first one by way of on.
func openPaths(t *testing.T, a *arena, on net.PacketConn) [2]*client.Path {
	t.Helper()
	var r punched
	done := make(chan struct{})
	for i, conn := range []net.PacketConn{on, a.conns[1]} {
		go func() {
			net := []*emulator.Host{a.victim, a.peer}[i]
			r.paths[i], r.errs[i] = client.Punch(t.Context(), conn, a.node(1-i), client.PunchOptions{Net: net, KeepAlive: -1})
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	if r.errs != [2]error{} {
		t.Fatal(r.errs)
	}
	return r.paths
}

// When Close returns no read is left in the socket, to clear a deadline that its owner has set by then.
func TestPathCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		s := &slowSocket{PacketConn: a.conns[0]}
		paths := openPaths(t, a, s)
		defer paths[1].Close()
		s.reads = true
		ends := make(chan error)
		go func() { _, err := paths[0].Read(make([]byte, 100)); ends <- err }()
		synctest.Wait()
		began := time.Now()
		paths[0].Close()
		a.conns[0].SetReadDeadline(time.Now().Add(time.Second))
		if err := <-ends; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed, a read gives %v", err)
		}
		if err := paths[0].SetReadDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed, it takes a deadline: %v", err)
		}
		time.AfterFunc(time.Minute, func() { a.conns[2].WriteTo([]byte("late"), a.conns[0].LocalAddr()) })
		if _, _, err := a.conns[0].ReadFrom(make([]byte, 100)); !isTimeout(err) || time.Since(began) > 2*time.Second {
			t.Errorf("the owner's deadline gives %v after %v", err, time.Since(began))
		}
	})
}

// A datagram that a read has taken as the path is closed is not lost.
func TestPathClosedInARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		s := &slowSocket{PacketConn: a.conns[0]}
		paths := openPaths(t, a, s)
		defer paths[1].Close()
		s.reads = true
		got := make(chan string)
		go func() {
			b := make([]byte, 100)
			n, err := paths[0].Read(b)
			if err != nil {
				t.Error(err)
			}
			got <- string(b[:n])
		}()
		synctest.Wait()
		paths[1].Write([]byte("the last"))
		synctest.Wait() // the read has it, and sleeps
		paths[0].Close()
		if text := <-got; text != "the last" {
			t.Errorf("read %q", text)
		}
	})
}

// What the programs on the two ends say to each other may be ICE, and is theirs.
func TestPathCarriesICE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		paths := openPaths(t, a, a.conns[0])
		defer paths[0].Close()
		defer paths[1].Close()
		ice := iceCheck()
		paths[1].Write(ice)
		b := make([]byte, 200)
		paths[0].SetReadDeadline(time.Now().Add(time.Second))
		if n, err := paths[0].Read(b); err != nil || string(b[:n]) != string(ice) {
			t.Errorf("read %x, %v", b[:n], err)
		}
	})
}
