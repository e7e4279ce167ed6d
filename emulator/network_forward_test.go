package emulator

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// forwarding is a forwarder made of one function.
type forwarding func(p packet, by string) decision

func (f forwarding) forward(p packet, by string) decision { return f(p, by) }

// twoWires are a host, a router and another host behind it.
func twoWires(t *testing.T) (near, router, far *Host) {
	n := NewNetwork()
	t.Cleanup(func() { n.Close() })
	near = n.Host("near", netip.MustParsePrefix("10.0.0.2/24"))
	router = n.Host("router", netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("10.0.1.1/24"))
	far = n.Host("far", netip.MustParsePrefix("10.0.1.2/24"))
	near.SetDefaultGateway(netip.MustParseAddr("10.0.0.1"))
	far.SetDefaultGateway(netip.MustParseAddr("10.0.1.1"))
	return near, router, far
}

func attach(h *Host, f forwarding) { h.addForwarder(&f) }

func dialFrom(h *Host, within time.Duration, addr string) (*tcpConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := h.Dial(ctx, "tcp", netip.Addr{}, addr)
	if err != nil {
		return nil, err
	}
	return c.(*tcpConn), nil
}

func TestForwarderFates(t *testing.T) {
	for _, tt := range []struct {
		name string
		fate fate
		want error
		took time.Duration
	}{
		{"routed", passedOn, nil, 0},
		{"none of its business", notMine, syscall.ENETUNREACH, 0},
		{"refused", refused, syscall.ECONNREFUSED, 0},
		{"unreachable", unreachable, syscall.ENETUNREACH, 0},
		{"vanished", vanished, syscall.ETIMEDOUT, 127 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, router, far := twoWires(t)
				if _, err := far.Listen(t.Context(), netip.MustParseAddrPort("10.0.1.2:80")); err != nil {
					t.Fatal(err)
				}
				attach(router, func(p packet, by string) decision {
					if by != "eth0" || p.protocol != tcp || p.dst.String() != "10.0.1.2:80" {
						t.Errorf("%v by %s", p, by)
					}
					return decision{fate: tt.fate, to: p}
				})
				start := time.Now()
				_, err := dialFrom(near, time.Hour, "10.0.1.2:80")
				if took := time.Since(start); !errors.Is(err, tt.want) || took != tt.took {
					t.Errorf("%v after %v, want %v after %v", err, took, tt.want, tt.took)
				}
			})
		})
	}
}

// A forwarder may change the source too: what a NAT does to a connection from within, to a hairpin, to a peer behind another NAT.
func TestForwarderTranslatesTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, router, far := twoWires(t)
		far.SetDefaultGateway(netip.Addr{}) // it needs no way to 10.0.0.2
		attach(router, func(p packet, by string) decision {
			if by == "eth0" {
				p.src = netip.MustParseAddrPort("10.0.1.1:60000")
			} else {
				p.dst = netip.MustParseAddrPort("10.0.0.2:5000")
			}
			return decision{fate: passedOn, to: p}
		})
		l, err := far.Listen(t.Context(), netip.MustParseAddrPort("10.0.1.2:80"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := dialFrom(near, time.Hour, "10.0.1.2:80")
		if err != nil {
			t.Fatal(err)
		}
		other, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := other.RemoteAddr().String(); got != "10.0.1.1:60000" || c.RemoteAddr().String() != "10.0.1.2:80" {
			t.Errorf("the ends see %s and %v", got, c.RemoteAddr())
		}
		// It lives as long as the router is up and has the address.
		for _, stop := range []func(bool){
			router.Blackhole, router.SetDown,
			func(on bool) {
				addr := "10.0.1.1/24"
				if on {
					addr = "10.0.1.3/24"
				}
				router.SetAddrs("eth1", netip.MustParsePrefix(addr))
			},
		} {
			stop(true)
			c.Write([]byte("x"))
			other.SetReadDeadline(time.Now().Add(time.Second))
			if n, err := other.Read(make([]byte, 1)); err == nil {
				t.Errorf("%d bytes cross a router that is gone", n)
			}
			stop(false)
			other.SetReadDeadline(time.Time{})
			if n, err := other.Read(make([]byte, 1)); n != 1 {
				t.Errorf("nothing crosses afterwards: %v", err)
			}
		}

		in, err := near.ListenPacket(t.Context(), netip.MustParseAddrPort("10.0.0.2:5000"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := far.ListenPacket(t.Context(), netip.MustParseAddrPort("10.0.1.2:53"))
		if err != nil {
			t.Fatal(err)
		}
		in.WriteTo([]byte("ask"), out.LocalAddr())
		b := make([]byte, 8)
		n, from, err := out.ReadFrom(b)
		if err != nil || string(b[:n]) != "ask" || from.String() != "10.0.1.1:60000" {
			t.Fatalf("%q from %v, %v", b[:n], from, err)
		}
		out.WriteTo([]byte("answer"), from)
		if n, from, err = in.ReadFrom(b); err != nil || string(b[:n]) != "answer" || from.String() != "10.0.1.2:53" {
			t.Errorf("%q from %v, %v", b[:n], from, err)
		}
	})
}

func TestForwardersInACircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, router, far := twoWires(t)
		var asked atomic.Int32
		for _, h := range []*Host{router, far} {
			attach(h, func(p packet, _ string) decision {
				asked.Add(1)
				return decision{fate: passedOn, to: p}
			})
		}
		router.SetDefaultGateway(netip.MustParseAddr("10.0.1.2"))
		if _, err := dialFrom(near, time.Second/2, "192.0.2.1:80"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if n := asked.Load(); n != maxHops {
			t.Errorf("%d forwarders were asked", n)
		}
	})
}
