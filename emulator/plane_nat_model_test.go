package emulator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator/nat"
)

// everyNAT are the nine pairs of RFC 4787, each with a way to choose ports, to refresh and to hairpin, and the others.
func everyNAT() (all []string) {
	ports, refresh, hairpin := []string{"preserve", "sequential", "random", "overload"}, []string{"out", "both", "in"}, []string{"none", "internal", "external"}
	i := 0
	for _, m := range []string{"eim", "adm", "apdm"} {
		for _, f := range []string{"eif", "adf", "apdf"} {
			all = append(all, fmt.Sprintf("%s/%s,ports=%s,refresh=%s,hairpin=%s,timeout=2m", m, f, ports[i%4], refresh[i%3], hairpin[(i+i/3)%3]))
			i++
		}
	}
	return append(all, "one-to-one,hairpin=external", "one-to-one/apdf,hairpin=internal", "open", "plain/adf", "symmetric-firewall", "blocked", "rfc4787")
}

// foretold are hosts behind a chain of NATs and others on the Internet, each with sockets, and tables that foretell what they see.
type foretold struct {
	t      *testing.T
	chain  []*nat.Table // the innermost first
	inside []*packetConn
	public []*packetConn
	known  []netip.AddrPort // that anybody has been seen with lately, and all sockets
}

// newForetold makes one with a gateway for each behaviour; their LANs are 192.168.1.0/24, 192.168.2.0/24, …; the external address of the
// last is 203.0.113.1, and in its pool 203.0.113.2.
func newForetold(t *testing.T, behaviours ...string) *foretold {
	n := NewNetwork()
	t.Cleanup(func() { n.Close() })
	l := &foretold{t: t}
	lanOf := func(i int, host byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, byte(i + 1), host}) }
	if behaviours[0] == "open" || behaviours[0] == "plain/adf" || behaviours[0] == "symmetric-firewall" {
		lanOf = func(i int, host byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(i + 1), host}) }
	}
	for i, is := range behaviours {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		h := n.Host(fmt.Sprint("router", i), netip.PrefixFrom(lanOf(i, 1), 24))
		o := Options{Name: fmt.Sprint("router", i), Net: h, LAN: lanOf(i, 1), Mute: true, Plane: Plane{NAT: &b}}
		if i+1 < len(behaviours) {
			o.ExternalIP = lanOf(i+1, 20)
			h.AddInterface("", netip.PrefixFrom(o.ExternalIP, 24))
			h.SetDefaultGateway(lanOf(i+1, 1))
		} else {
			o.ExternalIP, o.Plane.Pool = netip.MustParseAddr("203.0.113.1"), []netip.Addr{netip.MustParseAddr("203.0.113.2")}
		}
		g := Start(t, o)
		table := nat.Options{Behaviour: b, Seed: g.options.seed(), External: append([]netip.Addr{o.ExternalIP}, o.Plane.Pool...)}
		if b.Kind == nat.Plain {
			table.External = nil
		}
		model, err := nat.New(table)
		if err != nil {
			t.Fatal(err)
		}
		l.chain = append(l.chain, model)
	}
	open := func(h *Host, addr netip.Addr, port uint16) *packetConn {
		c, err := h.ListenPacket(t.Context(), netip.AddrPortFrom(addr, port))
		if err != nil {
			t.Fatal(err)
		}
		return c.(*packetConn)
	}
	for i := range byte(2) {
		addr := lanOf(0, 10+i)
		h := n.Host(fmt.Sprint("pc", i), netip.PrefixFrom(addr, 24))
		h.SetDefaultGateway(lanOf(0, 1))
		l.inside = append(l.inside, open(h, addr, 5000), open(h, addr, 5001))
		addr = netip.AddrFrom4([4]byte{198, 51, 100, 1 + i})
		h = n.Internet(fmt.Sprint("server", i), addr)
		l.public = append(l.public, open(h, addr, 3478), open(h, addr, 3479))
	}
	for _, c := range append(l.inside, l.public...) {
		l.known = append(l.known, c.local)
	}
	return l
}

// foretell is what becomes of a datagram from src to dst: how it arrives, and why not.
func (l *foretold) foretell(from *packetConn, dst netip.AddrPort, outside bool) (nat.Packet, nat.Verdict) {
	p, v := nat.Packet{Src: from.local, Dst: dst}, nat.Passed
	i := -1
	if outside {
		i = len(l.chain)
	}
	for inward := outside; ; {
		if inward {
			i--
		} else {
			i++
		}
		if i < 0 || i == len(l.chain) {
			return p, v
		}
		if inward {
			p, v = l.chain[i].In(time.Now(), p)
		} else {
			p, v = l.chain[i].Out(time.Now(), p)
		}
		if v == nat.Hairpinned {
			inward = true
		}
		if !v.Passes() {
			return p, v
		}
	}
}

// heard is what a socket has got: from whom, and what; "" is nothing.
func heard(c *packetConn) (from netip.AddrPort, what string) {
	b := make([]byte, 100)
	c.SetReadDeadline(time.Now().Add(1))
	n, by, err := c.ReadFrom(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return from, ""
	}
	return by.(*net.UDPAddr).AddrPort(), string(b[:n])
}

// Whatever hosts on both sides of NATs send, each sees what the tables of RFC 4787 foretell, and nobody else sees anything.
func TestEveryNATInMemory(t *testing.T) {
	chains := [][]string{{"full-cone", "symmetric"}, {"symmetric,hairpin=external", "restricted,hairpin=external"}, {"port-restricted", "rfc4787", "full-cone,ports=sequential"}}
	for _, is := range everyNAT() {
		chains = append(chains, []string{is})
	}
	for _, chain := range chains {
		t.Run(fmt.Sprint(chain), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newForetold(t, chain...)
				r := rand.New(rand.NewPCG(1, 2))
				passed, dropped := 0, 0
				for i := range 2000 {
					time.Sleep(time.Duration(r.IntN(int(8 * time.Second))))
					outside := r.IntN(2) == 0
					from, dst := l.inside[r.IntN(4)], l.known[r.IntN(len(l.known))]
					if outside {
						from = l.public[r.IntN(4)]
					}
					if l.beside(dst, outside) {
						continue // not by the gateways
					}
					want, v := l.foretell(from, dst, outside)
					what := fmt.Sprint(i)
					if _, err := from.WriteTo([]byte(what), net.UDPAddrFromAddrPort(dst)); err != nil && v.Passes() {
						t.Fatalf("%d: %v → %v: %v", i, from.local, dst, err)
					}
					for _, c := range append(l.inside, l.public...) {
						src, got := heard(c)
						switch {
						case v.Passes() && c.local == want.Dst && (got != what || src != want.Src):
							t.Fatalf("%d: %v → %v: %v heard %q from %v, want %v", i, from.local, dst, c.local, got, src, want)
						case got != "" && (!v.Passes() || c.local != want.Dst):
							t.Fatalf("%d: %v → %v: %v heard %q from %v, want %v, %v", i, from.local, dst, c.local, got, src, v, want)
						}
					}
					if v.Passes() {
						passed++
						if !outside {
							l.known = append(l.known, want.Src)
						}
						if len(l.known) > 16 {
							l.known = append(l.known[:8], l.known[9:]...)
						}
					} else {
						dropped++
					}
				}
				if passed < 300 && chain[0] != "blocked" || dropped < 20 && l.chain[0].Behaviour().Filtering != nat.EndpointIndependent {
					t.Errorf("%d passed, %d were dropped: that says little", passed, dropped)
				}
			})
		})
	}
}

// beside tells whether a datagram stays on its own side of the gateways, or is for an address that does not exist on it.
func (l *foretold) beside(dst netip.AddrPort, outside bool) bool {
	lan, home := l.inside[0].local.Addr(), dst.Addr().Is4() && dst.Addr().As4()[0] == l.inside[0].local.Addr().As4()[0] && dst.Addr().As4()[1] == l.inside[0].local.Addr().As4()[1]
	if !outside {
		return home && dst.Addr().As4()[2] == lan.As4()[2]
	}
	return dst.Addr().As4()[0] == 198 && dst.Addr().As4()[1] == 51 || home && l.chain[0].Behaviour().Kind != nat.Plain
}
