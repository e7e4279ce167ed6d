package client

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/ssdp"
)

// paced is a gateway with one thread, which is what miniupnpd is: it takes so long for each M-SEARCH, one after another, as it does when it logs to a
// serial console, and comes to a request only between them.
type paced struct {
	pace    time.Duration // for one M-SEARCH
	between int           // M-SEARCHes that come before a step of HTTP; 0: all that are there
	late    time.Duration // how much later the answer is sent
	targets []string      // that it answers; nil: those of gateways, and rootdevice

	waiting, done atomic.Int64
}

func (p *paced) start(t *testing.T, n *emulator.Network) {
	s := newStub(t, n, "router", "192.168.1.1/24").gateway("45.66.77.88")
	sound := s.answers
	s.answers = nil // the queue's turn
	c, err := s.host.ListenGroup(t.Context(), s.addr, netip.MustParseAddrPort(ssdp.GroupV4))
	if err != nil {
		t.Fatal(err)
	}
	type search struct {
		m    *ssdp.Message
		from net.Addr
	}
	queue := make(chan search, 1000)
	ended := make(chan struct{})
	t.Cleanup(func() { c.Close(); <-ended })
	go func() {
		defer close(queue)
		b := make([]byte, ssdp.MaxSize)
		for {
			size, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if m, err := ssdp.Parse(b[:size]); err == nil && m.Kind == ssdp.SearchRequest {
				p.waiting.Add(1)
				queue <- search{m, from}
			}
		}
	}()
	go func() {
		defer close(ended)
		for q := range queue {
			time.Sleep(p.pace)
			if p.targets == nil || slices.Contains(p.targets, q.m.ST) {
				time.AfterFunc(p.late, func() {
					for _, a := range sound(q.m, false) {
						c.WriteTo([]byte(a), q.from)
					}
				})
			}
			p.waiting.Add(-1)
			p.done.Add(1)
		}
	}()
	inner := s.mux
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		for until := p.done.Load() + int64(p.between); p.pace > 0 && p.waiting.Load() > 0 && (p.between == 0 || p.done.Load() < until); {
			time.Sleep(time.Millisecond)
		}
		inner.ServeHTTP(w, r)
	})
}

// lossyNet loses datagrams, in both directions.
type lossyNet struct {
	*emulator.Host
	loss float64
	rand *rand.Rand
}

func (n *lossyNet) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := n.Host.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	return &lossyConn{c, n.loss, rand.New(rand.NewPCG(n.rand.Uint64(), 0)), rand.New(rand.NewPCG(n.rand.Uint64(), 1))}, nil
}

type lossyConn struct {
	net.PacketConn
	loss    float64
	in, out *rand.Rand
}

func (c *lossyConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.out.Float64() < c.loss {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (c *lossyConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || c.in.Float64() >= c.loss {
			return n, from, err
		}
	}
}

// A gateway is found as soon as it can be: at once where it is fast, and where it is slow, because the searches do not keep it from answering.
func TestFindByPace(t *testing.T) {
	const (
		igd2    = "urn:schemas-upnp-org:device:InternetGatewayDevice:2"
		service = "urn:schemas-upnp-org:service:WANIPConnection:1"
		root    = "upnp:rootdevice"
	)
	for _, tt := range []struct {
		name   string
		paced  *paced
		loss   float64
		runs   int
		mean   time.Duration // at most
		within time.Duration // each but one in a hundred
		asked  int64         // M-SEARCHes that come, of one search
	}{
		{"fast", &paced{}, 0, 1, 0, 0, 10},
		{"fast, knows rootdevice only", &paced{targets: []string{root}}, 0, 1, 0, 0, 10},
		{"fast, knows the service only", &paced{targets: []string{service}}, 0, 1, 0, 0, 10},
		{"answers after 3 s (MX 5)", &paced{late: 3 * time.Second}, 0, 1, 3 * time.Second, 3 * time.Second, 66},
		{"answers after 3.5 s", &paced{late: 3500 * time.Millisecond}, 0, 1, 3500 * time.Millisecond, 3500 * time.Millisecond, 66},
		{"100 ms for each M-SEARCH", &paced{pace: 100 * time.Millisecond, between: 3}, 0, 1, 1050 * time.Millisecond, 1050 * time.Millisecond, 10},
		{"100 ms for each M-SEARCH, before all else", &paced{pace: 100 * time.Millisecond}, 0, 1, 1050 * time.Millisecond, 1050 * time.Millisecond, 10},
		{"100 ms for each M-SEARCH, knows IGD:2 only", &paced{pace: 100 * time.Millisecond, between: 3, targets: []string{igd2}}, 0, 1, 1200 * time.Millisecond, 1200 * time.Millisecond, 24},
		{"100 ms for each M-SEARCH, knows rootdevice only", &paced{pace: 100 * time.Millisecond, between: 3, targets: []string{root}}, 0, 1, 1300 * time.Millisecond, 1300 * time.Millisecond, 38},
		{"250 ms for each M-SEARCH", &paced{pace: 250 * time.Millisecond, between: 3}, 0, 1, 2600 * time.Millisecond, 2600 * time.Millisecond, 31},
		{"30 % loss", &paced{}, 0.3, 300, 15 * time.Millisecond, 160 * time.Millisecond, 7},
		{"30 % loss, 100 ms for each M-SEARCH", &paced{pace: 100 * time.Millisecond, between: 3}, 0.3, 100, time.Second, 1500 * time.Millisecond, 10},
		{"60 % loss", &paced{}, 0.6, 300, 150 * time.Millisecond, 700 * time.Millisecond, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []time.Duration
			var sum time.Duration
			failed, datagrams := 0, int64(0)
			for seed := range tt.runs {
				inNetwork(t, func(t *testing.T, n *emulator.Network) {
					p := &paced{pace: tt.paced.pace, between: tt.paced.between, late: tt.paced.late, targets: tt.paced.targets}
					p.start(t, n)
					began := time.Now()
					_, err := Find(t.Context(), Options{Net: &lossyNet{newPC(n), tt.loss, rand.New(rand.NewPCG(uint64(seed), 7))}})
					took := time.Since(began)
					synctest.Wait()
					datagrams += p.done.Load() + p.waiting.Load()
					if err != nil {
						failed++
						return
					}
					all, sum = append(all, took), sum+took
				})
			}
			if len(all) == 0 {
				t.Fatal("not found")
			}
			slices.Sort(all)
			mean, most := sum/time.Duration(len(all)), all[len(all)-1-len(all)/100]
			t.Logf("found after %v, 99 of 100 within %v, %d of %d not; %d datagrams", mean, most, failed, tt.runs, datagrams/int64(tt.runs))
			if asked := datagrams / int64(tt.runs); mean > tt.mean || most > tt.within || failed > tt.runs/100 || asked > tt.asked {
				t.Errorf("found after %v, want %v; within %v, want %v; %d failed; %d datagrams, want %d", mean, tt.mean, most, tt.within, failed, asked, tt.asked)
			}
		})
	}
}
