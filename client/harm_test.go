package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// cutNet is a network in which something happens to one connection.
type cutNet struct {
	*emulator.Host
	when string // "dialled", "written", "answered": the caller goes; "reset": the answer is lost
	left *int   // connections until then
	gone context.CancelFunc
}

func (c cutNet) Dial(ctx context.Context, network string, local netip.Addr, address string) (net.Conn, error) {
	*c.left--
	if *c.left != 0 {
		return c.Host.Dial(ctx, network, local, address)
	}
	if c.when == "dialled" {
		c.gone()
	}
	conn, err := c.Host.Dial(ctx, network, local, address)
	return cutConn{conn, c}, err
}

type cutConn struct {
	net.Conn
	cut cutNet
}

func (c cutConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.cut.when == "written" {
		c.cut.gone()
	}
	return n, err
}

func (c cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	switch c.cut.when {
	case "answered":
		c.cut.gone()
	case "reset":
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// At whatever exchange the caller goes away or an answer is lost, Map leaves all that it tells or nothing, and Close nothing.
func TestMapCut(t *testing.T) {
	const exchanges = 12 // more than a pair and its Close need
	for _, when := range []string{"dialled", "written", "answered", "reset"} {
		for _, req := range []Request{{}, {AnyPort: true}, {Protocol: "both"}, {Protocol: "both", AnyPort: true}} {
			for at := range exchanges {
				inNetwork(t, func(t *testing.T, n *emulator.Network) {
					router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
					gw := emulator.Start(t, emulator.Options{Version: 2, Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast"})
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					req.InternalPort = 8080
					left := at + 1
					m, err := Map(ctx, req, Options{Net: cutNet{newPC(n), when, &left, cancel}})
					want := 0
					if err == nil {
						want = len(req.protocols())
					} else if when != "reset" && !errors.Is(err, context.Canceled) {
						t.Errorf("%s at %d: %v", when, at, err)
					}
					if got := gw.Mappings(); len(got) != want {
						t.Errorf("%s at %d, %+v: %v, and the table holds %v", when, at, req, err, got)
					}
					if err != nil {
						return
					}
					if err := m.Close(t.Context()); err != nil || len(gw.Mappings()) != 0 {
						t.Errorf("%s at %d, %+v: close: %v, and the table holds %v", when, at, req, err, gw.Mappings())
					}
				})
			}
		}
	}
}

// Whatever goes wrong, an entry of another host or of another program on this host is neither overwritten nor
// deleted, as long as one of the gateway's two views shows it, and has ever answered; and Close leaves none of ours.
func TestNoHarm(t *testing.T) {
	for seed := range uint64(400) {
		synctest.Test(t, func(t *testing.T) { noHarm(t, seed) })
	}
}

func noHarm(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(ns ...int) int { return ns[r.IntN(len(ns))] }
	luck := rand.New(rand.NewPCG(seed, 1)) // of the keeper's goroutine
	code := func(codes ...int) error { return fault(codes[luck.IntN(len(codes))]) }
	stranger := func(port uint16, protocol string) PortMapping {
		m := rowOf(port, protocol, []string{us, them}[r.IntN(2)], uint16(pick(1, 8080)), "stranger")
		m.Lease = time.Duration(pick(0, 0, 600, 7200)) * time.Second
		return m
	}
	gw := &fakeGateway{address: "203.0.113.7", v2: r.IntN(2) == 0, noAny: r.IntN(3) == 0}
	for port := uint16(8080); port < 8083; port++ {
		for _, protocol := range []string{"TCP", "UDP"} {
			if r.IntN(3) == 0 {
				gw.put(stranger(port, protocol))
			}
		}
	}

	blind := []string{"GetSpecificPortMappingEntry", "GetGenericPortMappingEntry"}[r.IntN(2)]
	var calm atomic.Bool
	answered := false
	gw.before = func(action string, _ PortMapping) error {
		switch {
		case calm.Load() || luck.IntN(5) != 0:
			return nil
		case action == blind:
			return code(0, 401, 402, 501, 606)
		case action == "AddPortMapping" || action == "AddAnyPortMapping":
			return code(0, 401, 402, 501, 606, 718, 725, 729)
		case action == "DeletePortMapping":
			return code(402, 501, 606)
		case strings.HasPrefix(action, "Get") && strings.HasSuffix(action, "PortMappingEntry") && !answered:
			answered = true
			return nil
		}
		return errReset
	}
	gw.after = func(action string, _ PortMapping) error {
		if !calm.Load() && !strings.HasSuffix(action, "PortMappingEntry") && luck.IntN(10) == 0 {
			return errReset
		}
		return nil
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := Request{Protocol: []string{"tcp", "udp", "both"}[r.IntN(3)], InternalPort: 8080, AnyPort: r.IntN(2) == 0, Lease: time.Hour}
	m := newMapping(req.defaults(keepLease), Options{Rand: rand.New(rand.NewPCG(seed, 2))}, func(context.Context, *peer) (*peer, error) {
		if !calm.Load() && luck.IntN(4) == 0 {
			return nil, &DiscoveryError{}
		}
		return gw.peer(), nil
	})
	m.Keep(ctx)
	for range 40 {
		time.Sleep(time.Duration(r.IntN(600)) * time.Second)
		synctest.Wait()
		if m.External().Port() == 0 || r.IntN(3) != 0 {
			continue
		}
		// The gateway loses the entry, and perhaps somebody else is quicker.
		k := Key{ExternalPort: m.External().Port(), Protocol: m.req.protocols()[0]}
		gw.mu.Lock()
		if row, ok := gw.get(k); ok && row.Description != "stranger" {
			delete(gw.rows, k)
			if r.IntN(2) == 0 {
				gw.set(stranger(k.ExternalPort, k.Protocol))
			}
		}
		gw.mu.Unlock()
	}
	if r.IntN(2) == 0 {
		cancel()
	}
	synctest.Wait()
	calm.Store(true)
	if err := m.Close(t.Context()); err != nil {
		t.Errorf("seed %d: close: %v", seed, err)
	}
	if len(gw.harm) > 0 {
		t.Errorf("seed %d: %v", seed, gw.harm)
	}
	for _, row := range gw.table() {
		if !strings.Contains(row, "stranger") {
			t.Errorf("seed %d: left %s", seed, row)
		}
	}
	if t.Failed() {
		for _, s := range m.Trace() {
			t.Log(s.At.Format(time.TimeOnly), s)
		}
		t.FailNow()
	}
}
