package natoracle

import (
	"testing"

	"github.com/igdkit/igdkit/emulator/nat"
)

// hairpins are b with each way to hairpin.
func hairpins(b nat.Behaviour) []nat.Behaviour {
	none, internal, external := b, b, b
	internal.Hairpin, external.Hairpin = nat.InternalSource, nat.ExternalSource
	return []nat.Behaviour{none, internal, external}
}

// Two hosts of one LAN that tell each other their addresses inside need no gateway. Otherwise it has to hairpin.
func TestSameHome(t *testing.T) {
	for _, c := range append(Classes(), nat.RFC4787()) {
		if c.Kind == nat.Blocking || c.Kind == nat.Plain {
			continue
		}
		for _, is := range hairpins(c) {
			home := Home{NAT: is}
			if v := Judge(Pair{A: home, Place: SameHome, Inside: true}); v.Method != Direct {
				t.Errorf("%v: %v", is, v)
			}
			if v := Judge(Pair{A: home, Place: SameHome}); is.Hairpin == nat.NoHairpin && v.Method != Impossible {
				t.Errorf("%v does not hairpin: %v", is, v)
			}
			home.IGD = true
			if v := Judge(Pair{A: home, Place: SameHome}); (v.Method == Direct) != (is.Hairpin != nat.NoHairpin) {
				t.Errorf("%v: %v", home, v)
			}
		}
	}
	for _, is := range []nat.Behaviour{nat.Open(), nat.SymmetricFirewall(), nat.Blocked()} {
		if v := Judge(Pair{A: Home{NAT: is}, Place: SameHome, Inside: true}); v.Method != Direct {
			t.Errorf("%v: %v", is, v)
		}
	}
}

// Behind one carrier's NAT, that has to hairpin with the external source (REQ-9a), and then the pair is like two homes behind carriers of their own;
// or one home's gateway maps a port by IGD, and the other sends to its address in the carrier's network.
func TestSameCarrier(t *testing.T) {
	t.Parallel()
	for _, c := range classic() {
		for _, c := range hairpins(c) {
			for _, a := range classic() {
				for _, b := range classic() {
					p := Pair{A: Home{NAT: a, Carrier: &c}, B: Home{NAT: b, Carrier: &c}, Place: SameCarrier}
					switch got := Judge(p).Method; c.Hairpin {
					case nat.NoHairpin:
						if got != Impossible {
							t.Errorf("%v with %v: %v", p.A, p.B, got)
						}
					case nat.InternalSource:
						if two := a == nat.FullCone() && a == b && c.Mapping == nat.EndpointIndependent; (got != Impossible) != two {
							t.Errorf("%v with %v: %v", p.A, p.B, got)
						}
					case nat.ExternalSource:
						apart := p
						apart.Place = Apart
						if want := Judge(apart).Method; got != want {
							t.Errorf("%v with %v: %v, and apart %v", p.A, p.B, got, want)
						}
					}
					p.A.IGD = true
					if v := JudgeUpTo(1, p); v.Method != Direct {
						t.Errorf("%v with %v: %v", p.A, p.B, v)
					}
				}
			}
		}
	}
}

// Two NATs one behind the other are like one that is as strict as the stricter of them.
func TestChainIsAsItsStricterPart(t *testing.T) {
	t.Parallel()
	homes := append(classic(), nat.Open(), nat.SymmetricFirewall(), nat.Behaviour{Mapping: nat.AddressDependent, Ports: nat.Sequential},
		nat.Behaviour{Mapping: nat.AddressAndPortDependent, Filtering: nat.AddressDependent})
	partners := Classes()
	if testing.Short() {
		partners = classic()
	}
	for _, h := range homes {
		for _, c := range classic() {
			chain := Home{NAT: h, Carrier: &c}
			for _, b := range partners {
				got, want := Judge(Pair{A: chain, B: Home{NAT: b}}).Method, Judge(Pair{A: Home{NAT: chain.seen()}, B: Home{NAT: b}}).Method
				if got != want {
					t.Errorf("%v with %v: %v; %v: %v", chain, b, got, chain.seen(), want)
				}
			}
		}
	}
}

// A mapping by IGD at a home behind a carrier's NAT takes the home's own NAT out of the way, at best: it rescues nothing that the carrier's alone
// would let fail.
func TestIGDBehindCarrier(t *testing.T) {
	t.Parallel()
	for _, h := range classic() {
		for _, c := range classic() {
			for _, b := range classic() {
				with := Judge(Pair{A: Home{NAT: h, IGD: true, Carrier: &c}, B: Home{NAT: b}}).Method
				if carrier := Judge(Pair{A: Home{NAT: c}, B: Home{NAT: b}}).Method; with < carrier {
					t.Errorf("%v with IGD behind %v, and %v: %v; %v alone: %v", h, c, b, with, c, carrier)
				}
				if c == nat.Symmetric() && b.Filtering == nat.AddressAndPortDependent && with != Impossible {
					t.Errorf("%v with IGD behind %v, and %v: %v", h, c, b, with)
				}
			}
		}
	}
}
