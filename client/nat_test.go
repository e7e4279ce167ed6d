package client

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// natStand is a host behind a NAT, and a STUN server beyond.
type natStand struct {
	t    *testing.T
	net  *emulator.Network
	pc   *emulator.Host
	stun *emulator.STUNServer
}

var (
	stunFirst  = netip.MustParseAddr("198.51.100.1")
	stunSecond = netip.MustParseAddr("198.51.100.2")
)

// newNATStand makes one; is is read as by fakeigd, "" is no router at all.
func newNATStand(t *testing.T, n *emulator.Network, is string, server emulator.STUNOptions) *natStand {
	t.Helper()
	s := &natStand{t: t, net: n}
	if is == "" {
		s.pc = n.Internet("pc", netip.MustParseAddr("45.66.77.99"))
	} else {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		lan := "192.168.1."
		if b.Kind == nat.Plain {
			lan = "45.66.78." // a host that is seen as it is has a public address
		}
		router := n.Host("router", netip.MustParsePrefix(lan+"1/24"))
		emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr(lan + "1"), Mute: true, Plane: emulator.Plane{NAT: &b}, Seed: 1})
		s.pc = n.Host("pc", netip.MustParsePrefix(lan+"10/24"))
		s.pc.SetDefaultGateway(netip.MustParseAddr(lan + "1"))
	}
	s.stun = s.server(server)
	return s
}

func (s *natStand) server(o emulator.STUNOptions) *emulator.STUNServer {
	s.t.Helper()
	if o.Addrs == nil {
		o.Addrs = []netip.Addr{stunFirst, stunSecond}
	}
	o.Net, o.Ports = s.net.Internet("stun", o.Addrs[0]), [2]uint16{3478, 3479}
	server, err := emulator.StartSTUN(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { server.Close() })
	return server
}

func (s *natStand) ask(q NATQuery) NATReport {
	s.t.Helper()
	if q.Servers == nil {
		q.Servers = []string{"198.51.100.1"}
	}
	r, err := NATBehaviour(s.t.Context(), q, Options{Net: s.pc})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// verdict is what a report says of the behaviour, in the words of RFC 4787 and RFC 3489.
type verdict struct {
	NAT       bool
	Mapping   Dependence
	Filtering Dependence
	Class     NATClass
	Hairpin   Hairpin
}

func verdictOf(r NATReport) verdict {
	return verdict{r.NAT, r.Mapping, r.Filtering, r.Class, r.Hairpin}
}

// right is what the definitions of RFC 4787 and RFC 3489 §5 make of a table.
func right(b nat.Behaviour) verdict {
	dependences := map[nat.Dependence]Dependence{
		nat.EndpointIndependent: "endpoint-independent", nat.AddressDependent: "address-dependent", nat.AddressAndPortDependent: "address-and-port-dependent",
	}
	v := verdict{NAT: b.Kind != nat.Plain, Mapping: dependences[b.Mapping], Filtering: dependences[b.Filtering]}
	switch {
	case !v.NAT && b.Filtering == nat.EndpointIndependent:
		v.Class = "open"
	case !v.NAT:
		v.Class = "symmetric-firewall"
	case b.Mapping != nat.EndpointIndependent:
		v.Class = "symmetric"
	default:
		v.Class = map[nat.Dependence]NATClass{nat.EndpointIndependent: "full-cone", nat.AddressDependent: "restricted", nat.AddressAndPortDependent: "port-restricted"}[b.Filtering]
	}
	if b.Mapping != nat.EndpointIndependent && b.Filtering != nat.EndpointIndependent {
		return v // whom the mapping is for that is sent to is the server, and all else is filtered
	}
	if v.NAT {
		v.Hairpin = map[nat.Hairpin]Hairpin{nat.NoHairpin: "none", nat.InternalSource: "internal", nat.ExternalSource: "external"}[b.Hairpin]
	}
	return v
}

// Every behaviour that the emulator's tables know is told as it is.
func TestNATBehaviour(t *testing.T) {
	three := []nat.Dependence{nat.EndpointIndependent, nat.AddressDependent, nat.AddressAndPortDependent}
	var all []nat.Behaviour
	for _, filtering := range three {
		for _, hairpin := range []nat.Hairpin{nat.NoHairpin, nat.InternalSource, nat.ExternalSource} {
			for _, ports := range []nat.Ports{nat.Preserve, nat.Sequential, nat.Random} {
				for _, mapping := range three {
					all = append(all, nat.Behaviour{Mapping: mapping, Filtering: filtering, Ports: ports, Hairpin: hairpin})
				}
			}
			all = append(all, nat.Behaviour{Kind: nat.OneToOne, Filtering: filtering, Hairpin: hairpin})
		}
		all = append(all, nat.Behaviour{Kind: nat.Plain, Filtering: filtering})
	}
	for _, b := range all {
		t.Run(b.String(), func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				began := time.Now()
				r := newNATStand(t, n, b.String(), emulator.STUNOptions{}).ask(NATQuery{})
				if diff := cmp.Diff(right(b), verdictOf(r)); diff != "" {
					t.Errorf("(-want +got)\n%s\n%v", diff, r.Unknown)
				}
				// Ports for other servers may be taken that a socket has inside.
				if keeps := b.Ports == nat.Preserve; (b.Mapping == nat.EndpointIndependent || !keeps) && r.PortPreserved != keeps {
					t.Errorf("port preserved: %v", r.PortPreserved)
				}
				if follows := b.Mapping != nat.EndpointIndependent && b.Ports != nat.Random; r.PortsFollow != follows {
					t.Errorf("ports follow: %v", r.PortsFollow)
				}
				if (r.Mapped.Addr() == netip.MustParseAddr("45.66.77.88")) != r.NAT || (r.Mapped != r.Local) != r.NAT {
					t.Errorf("mapped %v, local %v", r.Mapped, r.Local)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestNATBehaviourOnTheInternet(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		r := newNATStand(t, n, "", emulator.STUNOptions{}).ask(NATQuery{})
		want := verdict{Mapping: "endpoint-independent", Filtering: "endpoint-independent", Class: "open"}
		if diff := cmp.Diff(want, verdictOf(r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// A NAT that overloads ports, as Linux's masquerade does, shows no dependence as long as nobody else has the port (RFC 4787 §4.2.1).
func TestNATBehaviourOfMasquerade(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		r := newNATStand(t, n, "apdm/apdf,ports=overload", emulator.STUNOptions{}).ask(NATQuery{})
		want := verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-and-port-dependent", Class: "port-restricted", Hairpin: "none"}
		if diff := cmp.Diff(want, verdictOf(r)); diff != "" || !r.PortPreserved {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// No server answers: it may be dead. One that answers by TCP is not, so that it is UDP that does not pass. One that only takes the connection, or has something
// else to say there, may be anything.
func TestNATBehaviourBlocked(t *testing.T) {
	for by, says := range map[string]string{"nothing": "", "STUN": "", "silence": "", "a greeting": "220 mail.example.org ESMTP ready\r\n", "a wrong answer": "\x01\x01\x00\x00\x21\x12\xa4\x42transaction!"} {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			s := newNATStand(t, n, "blocked", emulator.STUNOptions{})
			tcp := by == "STUN"
			switch by {
			case "nothing":
			case "STUN":
				s.server(emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.9")}, TCP: true})
			default:
				l, err := n.Internet("tcp", netip.MustParseAddr("198.51.100.9")).Listen(t.Context(), netip.MustParseAddrPort("198.51.100.9:3478"))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				go func() {
					if c, err := l.Accept(); err == nil {
						defer c.Close()
						c.Write([]byte(says))
						c.SetReadDeadline(time.Now().Add(time.Minute))
						io.Copy(io.Discard, c)
					}
				}()
			}
			r, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.1", "198.51.100.9"}}, Options{Net: s.pc})
			if !tcp {
				if e, ok := errors.AsType[*STUNError](err); !ok || e.Server != "198.51.100.1" || !errors.Is(err, errSTUNSilent) {
					t.Errorf("%s: got %v, %v", by, r, err)
				}
				return
			}
			if err != nil || r.Class != "blocked" || r.Mapping != "" || r.Unknown[PartMapping] == "" {
				t.Errorf("got %v, %v", r, err)
			}
		})
	}
}

// Replies that get lost change no verdict, whichever they are.
func TestNATBehaviourLosses(t *testing.T) {
	for _, is := range []string{"full-cone,hairpin=external", "restricted,hairpin=internal", "port-restricted", "adm/eif", "symmetric", "symmetric-firewall"} {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		want := right(b)
		var faults []emulator.STUNFaults
		for n := range 12 {
			faults = append(faults, emulator.STUNFaults{Drop: []int{n + 1, n + 2}})
		}
		faults = append(faults, emulator.STUNFaults{DropEach: 2}, emulator.STUNFaults{Delay: 300 * time.Millisecond}, emulator.STUNFaults{Delay: 2 * time.Second})
		for _, f := range faults {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				got := newNATStand(t, n, is, emulator.STUNOptions{Faults: f}).ask(NATQuery{})
				if f.DropEach > 0 { // two of three are lost: silence may say nothing then
					if wrong(want, verdictOf(got)) {
						t.Errorf("%s, %+v: got %+v", is, f, verdictOf(got))
					}
					return
				}
				if diff := cmp.Diff(want, verdictOf(got)); diff != "" {
					t.Errorf("%s, %+v (-want +got)\n%s\n%v", is, f, diff, got.Unknown)
				}
			})
		}
	}
}

// wrong tells whether got says something, and not what is right.
func wrong(right, got verdict) bool {
	return got.Mapping != "" && got.Mapping != right.Mapping || got.Filtering != "" && got.Filtering != right.Filtering ||
		got.Class != "" && got.Class != right.Class || got.Hairpin != "" && got.Hairpin != right.Hairpin
}

// However many replies get lost by chance, what is said is right; the rest is left out, with a reason.
func TestNATBehaviourNeverGuesses(t *testing.T) {
	said := map[float64]int{}
	for _, loss := range []float64{0.2, 0.5, 0.8} {
		for seed := range uint64(40) {
			is := []string{"full-cone", "restricted", "port-restricted", "symmetric", "adm/adf"}[seed%5]
			b, err := nat.Parse(is)
			if err != nil {
				t.Fatal(err)
			}
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newNATStand(t, n, is, emulator.STUNOptions{Seed: seed, Faults: emulator.STUNFaults{Loss: loss}})
				r, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.1"}}, Options{Net: s.pc})
				if err != nil {
					return // nothing at all is right too
				}
				if wrong(right(b), verdictOf(r)) {
					t.Errorf("%s, loss %v, seed %d: %+v", is, loss, seed, verdictOf(r))
				}
				for part, value := range map[NATPart]string{PartMapping: string(r.Mapping), PartFiltering: string(r.Filtering), PartClass: string(r.Class), PartHairpin: string(r.Hairpin)} {
					if (value == "") != (r.Unknown[part] != "") {
						t.Errorf("%s, loss %v, seed %d: %s is %q, unknown because of %q", is, loss, seed, part, value, r.Unknown[part])
					}
				}
				if r.Class != "" {
					said[loss]++
				}
			})
		}
	}
	if said[0.2] < 36 || said[0.5] < 8 {
		t.Errorf("too little is told: %v of 40", said)
	}
}

// Servers that do only a part of RFC 5780: what cannot be told is not, and the reason is.
func TestNATBehaviourPoorServers(t *testing.T) {
	one := []netip.Addr{stunFirst}
	second := emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.30")}}
	const noOther = "the server 198.51.100.1:3478 has no alternate address (RFC 5780)"
	for _, tt := range []struct {
		name    string
		is      string
		o       emulator.STUNOptions
		also    *emulator.STUNOptions
		want    verdict
		unknown map[NATPart]string
	}{
		{"one address", "full-cone", emulator.STUNOptions{Addrs: one}, nil, verdict{NAT: true},
			map[NATPart]string{PartMapping: "only one address of a server answered: " + noOther, PartFiltering: noOther, PartClass: "only one address of a server answered: " + noOther,
				PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"two servers of one address, a cone", "full-cone,hairpin=external", emulator.STUNOptions{Addrs: one}, &second, verdict{NAT: true, Mapping: "endpoint-independent", Hairpin: "external"},
			map[NATPart]string{PartFiltering: noOther, PartClass: noOther}},
		{"two servers of one address, symmetric", "symmetric", emulator.STUNOptions{Addrs: one}, &second, verdict{NAT: true, Class: "symmetric"},
			map[NATPart]string{PartMapping: "servers see different addresses, and whether that depends on the port as well cannot be told: " + noOther, PartFiltering: noOther,
				PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"no other, then one that has", "restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{NoOther: true}},
			&emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.30"), netip.MustParseAddr("198.51.100.31")}},
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
		{"changes are ignored", "full-cone", emulator.STUNOptions{Faults: emulator.STUNFaults{IgnoreChange: true}}, nil, verdict{NAT: true, Mapping: "endpoint-independent", Hairpin: "none"},
			map[NATPart]string{PartFiltering: "the server 198.51.100.1:3478 answers from where it was asked, whatever it is told", PartClass: "the server 198.51.100.1:3478 answers from where it was asked, whatever it is told"}},
		// Without the rule that whoever is silent has to have answered itself, this would be a restricted cone.
		{"the other address is dead", "full-cone", emulator.STUNOptions{Faults: emulator.STUNFaults{MuteOther: true}}, nil, verdict{NAT: true},
			map[NATPart]string{PartMapping: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartFiltering: "198.51.100.2:3479 did not answer when it was asked itself",
				PartClass: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		// What keeps out another port of the same address keeps out other addresses too.
		{"the other address is dead, behind a strict filter", "port-restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{MuteOther: true}}, nil,
			verdict{NAT: true, Filtering: "address-and-port-dependent"},
			map[NATPart]string{PartMapping: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports",
				PartClass: "only one address of a server answered: 198.51.100.2 did not answer, not at both ports", PartHairpin: "nothing comes back, as it would not either when the NAT filters it like what comes from outside"}},
		{"RFC 3489", "restricted", emulator.STUNOptions{Classic: true}, nil,
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
		{"rewritten", "restricted", emulator.STUNOptions{Faults: emulator.STUNFaults{Rewrite: netip.MustParseAddrPort("192.168.1.10:1")}}, nil,
			verdict{NAT: true, Mapping: "endpoint-independent", Filtering: "address-dependent", Class: "restricted", Hairpin: "none"}, map[NATPart]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newNATStand(t, n, tt.is, tt.o)
				q := NATQuery{Servers: []string{"198.51.100.1"}}
				if tt.also != nil {
					s.server(*tt.also)
					q.Servers = append(q.Servers, "198.51.100.30:3478")
				}
				r := s.ask(q)
				if diff := cmp.Diff(tt.want, verdictOf(r)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(tt.unknown, r.Unknown, cmpopts.SortMaps(func(a, b NATPart) bool { return a < b })); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if r.Rewritten != (tt.name == "rewritten") {
					t.Errorf("rewritten: %v", r.Rewritten)
				}
			})
		})
	}
}

// A server that does not answer costs time when another does, and nothing else.
func TestNATBehaviourOneServerDead(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		n.Internet("dead", netip.MustParseAddr("198.51.100.77"))
		r := newNATStand(t, n, "port-restricted", emulator.STUNOptions{}).ask(NATQuery{Servers: []string{"198.51.100.77", "198.51.100.1"}})
		if r.Class != "port-restricted" || r.Server != netip.MustParseAddrPort("198.51.100.1:3478") {
			t.Errorf("%+v", r)
		}
	})
}

// Nor does a server whose name leads nowhere, unless all do.
func TestNATBehaviourOneServerUnknown(t *testing.T) {
	const unknown = "nobody..example"                                                       // no name at all, which takes no server to know
	if _, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", unknown); err == nil { // a resolver that begins in a bubble belongs to it
		t.Fatal("it has an address")
	}
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		s := newNATStand(t, n, "port-restricted", emulator.STUNOptions{})
		r := s.ask(NATQuery{Servers: []string{unknown, "198.51.100.1"}})
		if r.Class != "port-restricted" || r.Server != netip.MustParseAddrPort("198.51.100.1:3478") {
			t.Errorf("%+v", r)
		}
		_, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{unknown}}, Options{Net: s.pc})
		if e, ok := errors.AsType[*STUNError](err); !ok || e.Server != unknown || errors.Is(err, errSTUNSilent) {
			t.Error(err)
		}
		began := time.Now()
		_, err = NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.1", "224.0.0.1"}}, Options{Net: s.pc})
		if _, ok := errors.AsType[*ArgumentError](err); !ok || time.Since(began) > time.Second {
			t.Errorf("%v, after %v", err, time.Since(began))
		}
	})
}

// However often the first replies get lost, silence is listened to no longer, and the verdict is the same.
func TestNATBehaviourFirstRepliesLost(t *testing.T) {
	took := map[int]time.Duration{}
	for lost := range 4 {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			faults := emulator.STUNFaults{Delay: 20 * time.Millisecond}
			for i := range lost {
				faults.Drop = append(faults.Drop, i+1)
			}
			s := newNATStand(t, n, "port-restricted", emulator.STUNOptions{Faults: faults})
			began := time.Now()
			r := s.ask(NATQuery{})
			took[lost] = time.Since(began) - []time.Duration{0, 500, 1500, 3500}[lost]*time.Millisecond
			if r.Class != "port-restricted" || r.Hairpin != "none" {
				t.Errorf("%d lost: %+v", lost, r)
			}
		})
		if took[lost] > took[0]+time.Second {
			t.Errorf("%d lost: it takes %v beyond the repetitions, with none lost %v", lost, took[lost], took[0])
		}
	}
}

// muteSocket takes nothing.
type muteSocket struct{ net.PacketConn }

func (muteSocket) WriteTo([]byte, net.Addr) (int, error) { return 0, errMute }

var errMute = errors.New("network is unreachable")

// A socket that takes nothing any more is not asked again and again.
func TestRoundTripOffline(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		conn, err := newPC(n).ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		s := &natSurvey{server: netip.AddrPortFrom(stunFirst, 3478), main: onSTUN(muteSocket{conn}, nil, nil)}
		defer s.main.close()
		began := time.Now()
		if got := s.roundTrip(t.Context(), greeting{sent: 2, took: time.Second}, began.Add(time.Minute)); got != time.Second || time.Since(began) > 0 {
			t.Errorf("%v, after %v", got, time.Since(began))
		}
	})
}

// OTHER-ADDRESS must not make us send to anybody whom a server likes to name.
func TestUnusableAlternate(t *testing.T) {
	for _, tt := range []struct {
		server, other string
		usable        bool
	}{
		{"45.1.1.1:3478", "45.1.1.2:3479", true},
		{"192.168.1.5:3478", "192.168.1.6:3479", true},
		{"127.0.0.1:3478", "127.0.0.2:3479", true},
		{"45.1.1.1:3478", "45.1.1.1:3479", false},
		{"45.1.1.1:3478", "45.1.1.2:3478", false},
		{"45.1.1.1:3478", "45.1.1.2:0", false},
		{"45.1.1.1:3478", "192.168.1.1:80", false},
		{"45.1.1.1:3478", "127.0.0.1:80", false},
		{"192.168.1.5:3478", "127.0.0.1:80", false},
		{"192.168.1.5:3478", "239.1.1.1:1900", false},
		{"192.168.1.5:3478", "255.255.255.255:9", false},
	} {
		why := unusable(netip.MustParseAddrPort(tt.server), netip.MustParseAddrPort(tt.other))
		if (why == "") != tt.usable {
			t.Errorf("%s names %s: %q", tt.server, tt.other, why)
		}
	}
}
