package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/soap"
)

// street is a chain of gateways in memory: pc is behind the first, which stands in the LAN of the second, and so on; the last is on the
// Internet with 45.66.77.88.
type street struct {
	net      *emulator.Network
	pc       *emulator.Host
	hosts    []*emulator.Host
	gateways []*emulator.Gateway
	journal  []string // "inner AddPortMapping", of all gateways in order
}

// newStreet builds a chain; lans are the addresses of the gateways on their LANs, the first that of pc.
func newStreet(t *testing.T, lans []string, each func(i int, o *emulator.Options)) *street {
	t.Helper()
	s := &street{net: emulator.NewNetwork()}
	t.Cleanup(func() { s.net.Close() })
	outside := func(i int) netip.Addr { // the external address of the i-th
		if i+1 == len(lans) {
			return netip.MustParseAddr("45.66.77.88")
		}
		b := netip.MustParseAddr(lans[i+1]).As4()
		b[3] = 20
		return netip.AddrFrom4(b)
	}
	for i, lan := range lans {
		addr := netip.MustParseAddr(lan)
		name := fmt.Sprint("gateway", i)
		h := s.net.Host(name, netip.PrefixFrom(addr, 24))
		if i+1 < len(lans) {
			h.AddInterface("", netip.PrefixFrom(outside(i), 24))
			h.SetDefaultGateway(netip.MustParseAddr(lans[i+1]))
		}
		o := emulator.Options{Name: name, Net: h, LAN: addr, SSDP: "multicast", ExternalIP: outside(i), Plane: emulator.Plane{NAT: &nat.Behaviour{Filtering: nat.AddressAndPortDependent}}}
		if each != nil {
			each(i, &o)
		}
		o.OnEvent = func(e emulator.Event) {
			if e.Event == emulator.MappingAdded || e.Event == emulator.MappingDeleted {
				s.journal = append(s.journal, fmt.Sprint(i, " ", e.Event))
			}
		}
		s.hosts = append(s.hosts, h)
		s.gateways = append(s.gateways, emulator.Start(t, o))
	}
	b := netip.MustParseAddr(lans[0]).As4()
	b[3] = 10
	s.pc = s.net.Host("pc", netip.PrefixFrom(netip.AddrFrom4(b), 24))
	s.pc.SetDefaultGateway(netip.MustParseAddr(lans[0]))
	return s
}

// tables lists the mappings of each gateway, ours first.
func (s *street) tables() (all []string) {
	for _, g := range s.gateways {
		var rows []string
		for _, m := range g.Mappings() {
			rows = append(rows, m.String())
		}
		all = append(all, strings.Join(rows, ", "))
	}
	return all
}

func (s *street) want(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.tables()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

// reached tells whether a peer on the Internet talks to pc at an address.
func (s *street) reached(t *testing.T, at netip.AddrPort) bool {
	t.Helper()
	l, err := s.pc.Listen(t.Context(), netip.MustParseAddrPort("0.0.0.0:8080"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	peer := s.net.Internet("peer", netip.MustParseAddr("198.51.100.20"))
	defer peer.Close()
	c, err := peer.Dial(t.Context(), "tcp", netip.Addr{}, at.String())
	if err != nil {
		return false
	}
	defer c.Close()
	b, _ := io.ReadAll(c)
	return string(b) == "hello"
}

var doubleNAT = []string{"192.168.1.1", "192.168.178.1"}

// A chain has what the home has, three at most.
func TestChain(t *testing.T) {
	lans := []string{"192.168.1.1", "192.168.2.1", "192.168.3.1", "192.168.4.1"}
	for n, want := range map[int]string{
		1: "192.168.1.1 45.66.77.88",
		2: "192.168.1.1 192.168.2.20, 192.168.2.1 45.66.77.88",
		3: "192.168.1.1 192.168.2.20, 192.168.2.1 192.168.3.20, 192.168.3.1 45.66.77.88",
		4: "192.168.1.1 192.168.2.20, 192.168.2.1 192.168.3.20, 192.168.3.1 192.168.4.20",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t, lans[:n], nil)
			g, err := client.Find(t.Context(), client.Options{Net: s.pc})
			if err != nil {
				t.Fatal(err)
			}
			hops, err := g.Chain(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range hops {
				got = append(got, fmt.Sprint(h.Gateway.Responder, " ", h.External))
			}
			if got := strings.Join(got, ", "); got != want {
				t.Errorf("of %d: %s, want %s", n, got, want)
			}
			if n == 2 {
				s.hosts[1].Blackhole(true)
				if _, err := g.Chain(t.Context()); err == nil {
					t.Error("a chain that ends with a router that is silent is whole")
				}
			}
		})
	}
}

func TestMapThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		began := time.Now()
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Through: true}, client.Options{Net: s.pc})
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("took %v", d)
		}
		s.want(t, "TCP 8080 → 192.168.1.10:8080", "TCP 8080 → 192.168.178.20:8080")
		if got := m.External(); got.String() != "45.66.77.88:8080" || !s.reached(t, got) {
			t.Errorf("nobody is reached at %v", got)
		}
		es := m.Entries()
		if len(es) != 1 || es[0].String() != "45.66.77.88:8080/TCP → 192.168.1.10:8080" || !es[0].Verified || es[0].Lease.Granted != 24*time.Hour {
			t.Errorf("entries %+v", es)
		}
		if e := <-m.Events(); e.Kind != client.Mapped || e.Entry.External != m.External() || len(m.Events()) > 0 {
			t.Errorf("told %v, and %d more", e, len(m.Events()))
		}
		s.journal = nil
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.want(t, "", "")
		if diff := cmp.Diff([]string{"1 mapping-deleted", "0 mapping-deleted"}, s.journal); diff != "" {
			t.Errorf("closed (-want +got):\n%s", diff)
		}
	})
}

// Three levels at most, CGNAT among them; a pair stays a pair, and the ports may differ on the way.
func TestMapThroughThree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, []string{"192.168.1.1", "10.20.30.254", "100.64.7.1"}, func(i int, o *emulator.Options) {
			if i == 1 {
				o.Mappings = []emulator.InitialMapping{{Protocol: "TCP", ExternalPort: 8080, InternalClient: netip.MustParseAddr("10.20.30.77"), InternalPort: 80, Description: "Plex"}}
			}
		})
		m, err := client.Map(t.Context(), client.Request{Protocol: "both", InternalPort: 8080, Through: true, AnyPort: true}, client.Options{Net: s.pc})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.External(); got.String() != "45.66.77.88:8080" || !s.reached(t, got) || len(m.Entries()) != 2 {
			t.Errorf("nobody is reached at %v: %v; %v", got, m.Entries(), s.tables())
		}
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.want(t, "", "TCP 8080 → 10.20.30.77:80", "")
	})
}

// What the outer gateway refuses is told as its refusal, and nothing stays open; without an outer gateway that is known in few seconds.
func TestMapThroughRefused(t *testing.T) {
	refuses := func(code int) func(int, *emulator.Options) {
		return func(i int, o *emulator.Options) {
			if i == 1 {
				o.Faults = []emulator.Fault{{On: "soap.AddPortMapping", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: code}}}}
			}
		}
	}
	tests := []struct {
		name  string
		each  func(int, *emulator.Options)
		outer string
		code  int
	}{
		{"606", refuses(606), "192.168.178.1", 606},
		{"718", refuses(718), "192.168.178.1", 718},
		{"no IGD", func(i int, o *emulator.Options) {
			if i == 1 {
				o.SSDP = "off"
			}
		}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t, doubleNAT, tt.each)
				began := time.Now()
				_, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Through: true}, client.Options{Net: s.pc})
				e, ok := errors.AsType[*client.ThroughError](err)
				if !ok {
					t.Fatalf("got %v", err)
				}
				outer, _ := netip.ParseAddr(tt.outer)
				if e.Outer != outer || e.External.String() != "192.168.178.20" || len(e.Asked) != 0 == (tt.code != 0) {
					t.Errorf("told %+v", e)
				}
				refusal, _ := errors.AsType[*soap.Error](err)
				if (tt.code != 0) != (refusal != nil) || refusal != nil && refusal.Code != tt.code {
					t.Errorf("the refusal is %v", refusal)
				}
				if d := time.Since(began); d > 4*time.Second {
					t.Errorf("took %v", d)
				}
				s.want(t, "", "")
			})
		})
	}
}

// Without Through, and behind a public address, nothing beyond is asked.
func TestMapNotThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8080}, client.Options{Net: s.pc})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.gateways[1].Journal() {
			if e.Kind != "ssdp.notify" {
				t.Errorf("the outer gateway was asked: %v", e)
			}
		}
		if got := m.External().String(); got != "192.168.178.20:8080" {
			t.Errorf("external %v", got)
		}
		h := newStreet(t, []string{"192.168.1.1"}, nil)
		m, err = client.Map(t.Context(), client.Request{InternalPort: 8080, Through: true}, client.Options{Net: h.pc})
		if err != nil || m.External().String() != "45.66.77.88:8080" {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// An outer gateway whose answers do not come back is found where descriptions are.
func TestBeyondByDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, func(i int, o *emulator.Options) {
			if i == 1 {
				o.SSDP, o.HTTPPort = "off", 5000
				o.Dialect.Description.Path = "/rootDesc.xml"
			}
		})
		g, err := client.Find(t.Context(), client.Options{Net: s.pc})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		outer, err := g.Beyond(t.Context())
		if err != nil || outer.UDN() != s.gateways[1].UDN() || time.Since(began) > 3200*time.Millisecond {
			t.Fatalf("%v, %v after %v", outer, err, time.Since(began))
		}
		if again, err := g.Beyond(t.Context()); again != outer || err != nil {
			t.Error("it is searched again")
		}
		if _, err := outer.Beyond(t.Context()); err == nil {
			t.Error("there is something beyond a public address")
		}
	})
}

// A kept chain is repaired on either gateway, follows the inner one's address, and shrinks when that is public.
func TestKeepThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, Through: true, CheckInterval: time.Minute}, client.Options{Net: s.pc})
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := next(t, m, client.Mapped); e.Entry.String() != "45.66.77.88:8080/TCP → 192.168.1.10:8080" {
			t.Errorf("told %v", e)
		}
		both := []string{"TCP 8080 → 192.168.1.10:8080", "TCP 8080 → 192.168.178.20:8080"}
		s.want(t, both...)
		time.Sleep(5 * time.Minute)
		for i, g := range s.gateways {
			if err := g.Act(emulator.Action{Remove: "oldest"}); err != nil {
				t.Fatal(err)
			}
			if e := next(t, m, client.Repaired); e.Entry.String() != "45.66.77.88:8080/TCP → 192.168.1.10:8080" {
				t.Errorf("gateway %d: told %v", i, e)
			}
			s.want(t, both...)
		}
		time.Sleep(12 * time.Hour) // both are renewed
		s.want(t, both...)
		if m.Err() != nil || len(m.Entries()) != 1 {
			t.Errorf("%v, %v", m.Err(), m.Entries())
		}

		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.want(t, "", "")
	})
}

// A kept chain follows the inner gateway's address. An outer gateway in secure mode does not let the new address delete what the old one has;
// then it is open again when that has ended.
func TestKeepThroughAddress(t *testing.T) {
	for policy, within := range map[emulator.ClientScope]time.Duration{"any": 2 * time.Minute, "": 2*time.Hour + 6*time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t, doubleNAT, func(i int, o *emulator.Options) {
				if i == 1 {
					o.Policy.Clients.Accept = policy
				}
			})
			m := client.Keep(t.Context(), client.Request{InternalPort: 8080, Through: true, CheckInterval: time.Minute}, client.Options{Net: s.pc})
			defer m.Close(context.Background())
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			next(t, m, client.Mapped)
			s.hosts[0].SetAddrs("eth1", netip.MustParsePrefix("192.168.178.33/24"))
			if err := s.gateways[0].SetExternalIP(netip.MustParseAddr("192.168.178.33")); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if e := next(t, m, client.Mapped); e.Entry.String() != "45.66.77.88:8080/TCP → 192.168.1.10:8080" || time.Since(began) > within {
				t.Errorf("policy %q: told %v after %v", policy, e, time.Since(began))
			}
			s.want(t, "TCP 8080 → 192.168.1.10:8080", "TCP 8080 → 192.168.178.33:8080")
			if at := m.External(); !s.reached(t, at) {
				t.Errorf("nobody is reached at %v", at)
			}
		})
	}
}

// When the inner gateway gets a public address, nothing beyond is needed any more.
func TestKeepThroughEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, Through: true, CheckInterval: time.Minute}, client.Options{Net: s.pc})
		defer m.Close(context.Background())
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		next(t, m, client.Mapped)
		if err := s.gateways[0].SetExternalIP(netip.MustParseAddr("45.1.2.3")); err != nil {
			t.Fatal(err)
		}
		if e := next(t, m, client.Mapped); e.Entry.External.String() != "45.1.2.3:8080" {
			t.Errorf("told %v", e)
		}
		if len(m.Entries()) != 1 || m.Err() != nil {
			t.Errorf("%v, %v", m.Entries(), m.Err())
		}
		if rows := s.gateways[0].Mappings(); len(rows) != 1 {
			t.Errorf("the inner gateway has %v", rows)
		}
	})
}

// Keep waits for an outer gateway that comes late, and the inner port is open meanwhile.
func TestKeepThroughLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		s.hosts[1].SetDown(true)
		m := client.Keep(t.Context(), client.Request{InternalPort: 8080, Through: true}, client.Options{Net: s.pc})
		defer m.Close(context.Background())
		e := next(t, m, client.Retrying)
		if _, ok := errors.AsType[*client.ThroughError](e.Err); !ok || m.Err() == nil || len(m.Entries()) != 0 {
			t.Errorf("told %v; %v, %v", e, m.Err(), m.Entries())
		}
		s.want(t, "TCP 8080 → 192.168.1.10:8080", "")
		time.Sleep(2 * time.Hour)
		s.hosts[1].SetDown(false)
		began := time.Now()
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 35*time.Second { // its alive is not heard here
			t.Errorf("open %v after the outer gateway was there", took)
		}
		if e := next(t, m, client.Mapped); e.Entry.External.String() != "45.66.77.88:8080" {
			t.Errorf("told %v", e)
		}
	})
}
