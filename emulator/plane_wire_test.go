package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// fakeWire carries nothing: a test asks what would become of datagrams.
type fakeWire struct {
	decide Decide
	ready  chan struct{}
	err    error // that of Carry, at once
	ended  bool
}

func newFakeWire() *fakeWire { return &fakeWire{ready: make(chan struct{})} }

func (w *fakeWire) Carry(ctx context.Context, decide Decide) error {
	w.decide = decide
	close(w.ready)
	if w.err != nil {
		return w.err
	}
	<-ctx.Done()
	w.ended = true
	return nil
}

// ask is what becomes of a datagram: "SRC → DST", or "dropped".
func (w *fakeWire) ask(src, dst string, outside bool) string {
	s, d, delay, ok := w.decide(netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst), outside, 100)
	switch {
	case !ok:
		return "dropped"
	case delay > 0:
		return fmt.Sprintf("%v → %v after %v", s, d, delay)
	}
	return fmt.Sprintf("%v → %v", s, d)
}

func onWire(t *testing.T, w *fakeWire, o Options) *Gateway {
	t.Helper()
	o.LAN, o.Clients, o.SSDP = netip.MustParseAddr("127.0.0.1"), []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}, "off"
	o.Plane.Mode, o.Plane.Wire = PlanePorts, w
	g := Start(t, o)
	<-w.ready
	return g
}

// mapUDP adds a mapping as a call from its client does.
func mapUDP(t *testing.T, g *Gateway, remote string, external uint16, internal string) {
	t.Helper()
	to := netip.MustParseAddrPort(internal)
	g.do(func(s *state) {
		s.store(Mapping{RemoteHost: remote, ExternalPort: external, Protocol: udp, InternalClient: to.Addr(), InternalPort: to.Port(), Enabled: true}, nil)
	})
}

// unmapUDP deletes all mappings.
func unmapUDP(g *Gateway) {
	g.do(func(s *state) { s.dropAll(s.connections[0], MappingDeleted, func(*entry) bool { return true }) })
}

// What a wire is told is what the tables of RFC 4787 foretell, for every NAT, and with mappings that come and go for those that translate.
func TestWireDecidesAsTables(t *testing.T) {
	for _, is := range everyNAT() {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		clock := NewClock(time.Unix(1_700_000_000, 0))
		w := newFakeWire()
		g := onWire(t, w, Options{Clock: clock, Plane: Plane{NAT: &b}})
		o := nat.Options{Behaviour: b, Seed: g.options.seed(), External: []netip.Addr{netip.MustParseAddr("45.66.77.88")}}
		if b.Kind == nat.Plain {
			o.External = nil
		}
		model, err := nat.New(o)
		if err != nil {
			t.Fatal(err)
		}
		hosts := []string{"192.168.1.10:5000", "192.168.1.10:5001", "192.168.1.11:5000"}
		peers := []string{"198.51.100.1:3478", "198.51.100.1:3479", "198.51.100.2:3478"}
		r := rand.New(rand.NewPCG(3, 4))
		known, statics := []string{"45.66.77.88:5000"}, map[key]nat.Static{}
		for i := range 3000 {
			clock.Advance(time.Duration(r.IntN(int(5 * time.Second))))
			if r.IntN(20) == 0 && (b.Kind == nat.Translating || b.Kind == nat.OneToOne) {
				mapBoth(t, r, g, model, statics)
			}
			src, dst, outside := hosts[r.IntN(3)], peers[r.IntN(3)], r.IntN(2) == 0
			switch {
			case outside && b.Kind == nat.Plain:
				src, dst = dst, src
			case outside:
				src, dst = dst, known[r.IntN(len(known))]
			case r.IntN(4) == 0:
				dst = known[r.IntN(len(known))]
			}
			p := nat.Packet{Src: netip.MustParseAddrPort(src), Dst: netip.MustParseAddrPort(dst)}
			var v nat.Verdict
			if outside {
				p, v = model.In(clock.Now(), p)
			} else if p, v = model.Out(clock.Now(), p); v == nat.Passed {
				if known = append(known, p.Src.String()); len(known) > 6 {
					known = known[1:]
				}
			}
			want := p.String()
			if !v.Passes() {
				want = "dropped"
			}
			if got := w.ask(src, dst, outside); got != want && !(b.Kind == nat.Plain && dst == "45.66.77.88:5000") {
				t.Fatalf("%s: %d: %s → %s, from outside %v: %s, want %s: %s", is, i, src, dst, outside, got, want, v)
			}
		}
		g.Close()
		if !w.ended {
			t.Error("the wire is still carrying")
		}
	}
}

// mapBoth adds one of a few mappings to the gateway and to the model, or takes it away from both.
func mapBoth(t *testing.T, r *rand.Rand, g *Gateway, model *nat.Table, now map[key]nat.Static) {
	// One for a host and one for all never share a port here: a session goes on by the one that let it in, where the table asks anew.
	port := []uint16{5000, 5001, 8080, 0}[r.IntN(4)]
	k := key{map[uint16]string{5001: "198.51.100.1"}[port], port, udp}
	if s, on := now[k]; on {
		delete(now, k)
		model.Unmap(g.options.Clock.Now(), s)
		g.do(func(s *state) { s.drop(s.connections[0].mappings.get(k), MappingDeleted, s.now) })
		return
	}
	s := nat.Static{External: netip.AddrPortFrom(netip.MustParseAddr("45.66.77.88"), k.port), Internal: netip.MustParseAddrPort([]string{"192.168.1.10:5000", "192.168.1.11:6000"}[r.IntN(2)])}
	if k.remote != "" {
		s.Remote = netip.MustParseAddr(k.remote)
	}
	mapUDP(t, g, k.remote, k.port, s.Internal.String())
	if k.port == 0 {
		s.Internal = netip.AddrPortFrom(s.Internal.Addr(), 0) // ports are kept
	}
	if err := model.Map(g.options.Clock.Now(), s); err != nil {
		t.Fatal(err)
	}
	now[k] = s
}

// The mapping table goes before what the NAT says, and answers leave from the mapped port.
func TestWireMapped(t *testing.T) {
	for is, blocked := range map[string]bool{"": false, "symmetric,hairpin=external": false, "symmetric-firewall": false, "one-to-one/apdf": false, "blocked": true} {
		w := newFakeWire()
		plane := Plane{}
		if is != "" {
			b, err := nat.Parse(is)
			if err != nil {
				t.Fatal(err)
			}
			plane.NAT = &b
		}
		g := onWire(t, w, Options{Plane: plane})
		const peer, mapped, nas = "198.51.100.1:4000", "45.66.77.88:8080", "192.168.1.10:80"
		check := func(what, got, want string) {
			t.Helper()
			if blocked {
				want = "dropped"
			}
			if got != want {
				t.Errorf("%q: %s: %s, want %s", is, what, got, want)
			}
		}
		check("unmapped", w.ask(peer, mapped, true), "dropped")
		mapUDP(t, g, "198.51.100.1", 8080, nas)
		check("for another remote host", w.ask("198.51.100.2:4000", mapped, true), "dropped")
		check("in", w.ask(peer, mapped, true), peer+" → "+nas)
		check("answer", w.ask(nas, peer, false), mapped+" → "+peer)
		unmapUDP(g)
		check("after", w.ask(peer, mapped, true), "dropped")
		g.Close()
	}
}

// A wire that cannot carry is no failure of the gateway, but is told.
func TestWireFails(t *testing.T) {
	w := newFakeWire()
	w.err = errors.New("no TPROXY")
	told := make(chan struct{})
	g := onWire(t, w, Options{Journal: writerFunc(func(b []byte) { close(told) })})
	<-told
	if e := g.Journal(); len(e) != 1 || e[0].Kind != "forward.failed" || e[0].Details[0].Value != "no TPROXY" {
		t.Errorf("%v", e)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

// What is for the gateway itself, or from it, goes nowhere: out there it would be a datagram that comes back.
func TestWireLeavesTheGatewayAlone(t *testing.T) {
	b := nat.PortRestricted()
	w := newFakeWire()
	onWire(t, w, Options{Plane: Plane{NAT: &b}})
	for _, ends := range [][2]string{{"192.168.1.10:5000", "127.0.0.1:40000"}, {"127.0.0.1:40000", "198.51.100.1:3478"}} {
		if got := w.ask(ends[0], ends[1], false); got != "dropped" {
			t.Errorf("%s to %s: %s", ends[0], ends[1], got)
		}
	}
}

// An address of the pool stays the gateway's while connections come to it and go from it, and is there when there is any.
func TestWireHoldsPool(t *testing.T) {
	b, err := nat.Parse("one-to-one")
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	hold := func(a netip.Addr, on bool) error {
		if held[a.String()] == on {
			t.Errorf("%v: already %v", a, on)
		}
		if held[a.String()] = on; !on {
			delete(held, a.String())
		}
		return nil
	}
	pool := []netip.Addr{netip.MustParseAddr("45.66.77.2"), netip.MustParseAddr("45.66.77.3")}
	w := newFakeWire()
	g := onWire(t, w, Options{ExternalIP: netip.MustParseAddr("45.66.77.1"), Plane: Plane{NAT: &b, Pool: pool, Hold: hold}})
	for _, to := range []string{"45.66.77.1", "45.66.77.2", "45.66.77.4", "", "45.66.77.2", "", "45.66.77.1"} {
		addr, want := netip.Addr{}, map[string]bool{}
		if to != "" {
			addr, want = netip.MustParseAddr(to), map[string]bool{to: true, "45.66.77.2": true, "45.66.77.3": true}
		}
		if err := g.SetExternalIP(addr); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(held, want) {
			t.Errorf("at %q it holds %v, want %v", to, held, want)
		}
	}
}
