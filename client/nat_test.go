package client

import (
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
