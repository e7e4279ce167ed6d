package client_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
)

// Through two NATs that forget within 30 s and heed what leaves only, a path stays open for hours when it is kept alive, and not otherwise.
func TestPathIsKeptAlive(t *testing.T) {
	for _, every := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			b := nat.PortRestricted()
			b.Timeout = 30 * time.Second
			p := between(b, b)
			x := newPair(t, p)
			r := x.punch(t.Context(), x.met(t, p), func(i int, o *client.PunchOptions) { o.KeepAlive = every })
			if r.errs != [2]error{} {
				t.Fatal(r.errs)
			}
			defer r.close()
			go func() {
				time.Sleep(3 * time.Hour)
				r.paths[0].Write([]byte("hello"))
			}()
			r.paths[1].SetReadDeadline(time.Now().Add(3*time.Hour + time.Second))
			buffer := make([]byte, 10)
			if n, err := r.paths[1].Read(buffer); (err == nil) != (every == 0) {
				t.Errorf("kept alive every %v: %q, %v", every, buffer[:n], err)
			}
		})
	}
}

// What others send is theirs, what the peer sends is the path's, and the socket is the caller's again afterwards.
func TestPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArena(t)
		var r punched
		var others []string
		done := make(chan struct{})
		for i := range 2 {
			go func() {
				o := client.PunchOptions{Net: a.victim, Other: func(b []byte, from netip.AddrPort) { others = append(others, string(b)+" from "+from.String()) }}
				if i == 1 {
					o.Other = nil
				}
				r.paths[i], r.errs[i] = client.Punch(t.Context(), a.conns[i], a.node(1-i), o)
				if i == 1 && r.errs[i] == nil {
					r.paths[i].Write([]byte("early"))
				}
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		defer r.close()
		if r.errs != [2]error{} {
			t.Fatal(r.errs)
		}
		p := r.paths[0]
		if p.LocalAddr().String() != "45.1.1.1:5000" || p.RemoteAddr().String() != "45.1.1.2:5000" {
			t.Errorf("%v → %v", p.LocalAddr(), p.RemoteAddr())
		}
		a.conns[2].WriteTo([]byte("stranger"), a.conns[0].LocalAddr())
		time.Sleep(time.Minute) // keep-alives come, and are nobody's
		b := make([]byte, 100)
		if n, err := p.Read(b); err != nil || string(b[:n]) != "early" {
			t.Errorf("read %q, %v", b[:n], err)
		}
		r.paths[1].Write([]byte("a long datagram"))
		if n, err := p.Read(b[:6]); err != nil || string(b[:n]) != "a long" {
			t.Errorf("read %q, %v", b[:n], err)
		}
		if len(others) != 1 || others[0] != "stranger from 45.1.1.3:5000" {
			t.Errorf("others sent %q", others)
		}
		p.SetDeadline(time.Now().Add(time.Second))
		if _, err := p.Read(b); !isTimeout(err) {
			t.Errorf("a deadline gives %v", err)
		}
		p.SetReadDeadline(time.Time{})
		if _, err := p.Write(b); !isTimeout(err) {
			t.Errorf("a deadline gives %v", err)
		}

		ends := make(chan error)
		go func() { _, err := p.Read(b); ends <- err }()
		synctest.Wait()
		p.Close()
		p.Close()
		if err := <-ends; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed, it gives %v", err)
		}
		if _, err := p.Read(b); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed, it gives %v", err)
		}
		if _, err := p.Write(b); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed, it takes with %v", err)
		}
		a.conns[2].WriteTo([]byte("hello"), a.conns[0].LocalAddr())
		if n, _, err := a.conns[0].ReadFrom(b); err != nil || string(b[:n]) != "hello" {
			t.Errorf("the socket gives %q, %v", b[:n], err)
		}
	})
}

// Whatever deadlines a path was given, it is kept alive, and the socket has none after Close. What the owner sets then stands.
func TestPathLeavesNoDeadline(t *testing.T) {
	for name, set := range map[string]func(*client.Path, time.Time) error{
		"read": (*client.Path).SetReadDeadline, "write": (*client.Path).SetWriteDeadline, "both": (*client.Path).SetDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newArena(t)
				var r punched
				done := make(chan struct{})
				for i := range 2 {
					go func() {
						r.paths[i], r.errs[i] = client.Punch(t.Context(), a.conns[i], a.node(1-i), client.PunchOptions{Net: a.victim})
						done <- struct{}{}
					}()
				}
				<-done
				<-done
				if r.errs != [2]error{} {
					t.Fatal(r.errs)
				}
				defer r.close()
				if err := set(r.paths[0], time.Now().Add(time.Second)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				b := make([]byte, 10)
				r.paths[1].SetReadDeadline(time.Now().Add(time.Second))
				if _, err := r.paths[1].Read(b); !isTimeout(err) || time.Since(r.paths[1].Heard()) > 20*time.Second {
					t.Errorf("%v, and the peer was heard %v ago", err, time.Since(r.paths[1].Heard()))
				}
				r.paths[0].Close()
				_, err := a.conns[0].WriteTo([]byte("hello"), a.conns[2].LocalAddr())
				if err != nil {
					t.Errorf("the socket takes with %v", err)
				}
				a.conns[2].WriteTo([]byte("hello"), a.conns[0].LocalAddr())
				for from := net.Addr(nil); err == nil && fmt.Sprint(from) != "45.1.1.3:5000"; { // the peer's keep-alives come first
					_, from, err = a.conns[0].ReadFrom(b)
				}
				if err != nil {
					t.Errorf("the socket gives %v", err)
				}
				a.conns[0].SetReadDeadline(time.Now())
				r.paths[0].Close()
				if _, _, err := a.conns[0].ReadFrom(b); !isTimeout(err) {
					t.Errorf("the owner's deadline gives %v", err)
				}
			})
		})
	}
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
