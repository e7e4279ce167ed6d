package natoracle

import (
	"testing"

	"github.com/igdkit/igdkit/emulator/nat"
)

// classic are the NATs of RFC 3489, in its order.
func classic() []nat.Behaviour {
	return []nat.Behaviour{nat.FullCone(), nat.Restricted(), nat.PortRestricted(), nat.Symmetric()}
}

// The textbook: of the NATs of RFC 3489 only a symmetric one fails, with a port-restricted or another symmetric one, and a mapping by
// IGD on either side opens those too. Nothing has to be guessed.
func TestTextbook(t *testing.T) {
	for i, a := range classic() {
		for j, b := range classic() {
			hard := func(k int) bool { return k >= 2 } // port-restricted or symmetric
			fails := i == 3 && hard(j) || j == 3 && hard(i)
			for _, igd := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
				x, y := Home{NAT: a, IGD: igd[A]}, Home{NAT: b, IGD: igd[B]}
				v := Judge(Pair{A: x, B: y})
				want := fails && !igd[A] && !igd[B]
				if v.Method == Guess || (v.Method == Impossible) != want {
					t.Errorf("%v with %v: %v", x, y, v)
				}
			}
		}
	}
}

// What is known of a few pairs, and how it is done.
func TestSchedules(t *testing.T) {
	is := func(s string) Home {
		b, err := nat.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return Home{NAT: b}
	}
	for _, test := range []struct {
		a, b string
		m    Meeting
		want string
	}{
		{"open", "open", Alone, "direct: A sends to the known address"},
		{"full-cone", "symmetric", Rendezvous, "direct: B sends to the known address"},
		{"port-restricted", "port-restricted", Rendezvous, "punch: A sends to the known address, B sends to the known address"},
		{"restricted", "symmetric", Rendezvous, "punch: A sends to the known address, B sends to the known address"},
		{"port-restricted", "symmetric,ports=sequential", Rendezvous, "guess: A sends to the next port, B sends to the known address"},
		{"port-restricted", "symmetric", Rendezvous, "impossible"},
		// chownat: both preserve ports, and nobody else is needed.
		{"port-restricted", "port-restricted", Alone, "punch: A sends to the known address, B sends to the known address"},
		{"symmetric,ports=preserve", "symmetric,ports=preserve", Alone, "punch: A sends to the known address, B sends to the known address"},
		{"port-restricted", "symmetric", Alone, "impossible"},
		// Linux's masquerade looks like a port-restricted cone.
		{"apdm/apdf,ports=overload", "apdm/apdf,ports=overload", Rendezvous, "punch: A sends to the known address, B sends to the known address"},
		{"open", "blocked", Rendezvous, "impossible"},
	} {
		if got := Judge(Pair{A: is(test.a), B: is(test.b), Meeting: test.m}).String(); got != test.want {
			t.Errorf("%s with %s: %s; want %s", test.a, test.b, got, test.want)
		}
	}
}

// A mapping by IGD on either side opens every pair but those that pass no UDP, with a rendezvous and without, by sending to it.
func TestIGDRescuesAll(t *testing.T) {
	for _, a := range Classes() {
		for _, b := range Classes() {
			blocked := a.Kind == nat.Blocking || b.Kind == nat.Blocking
			for _, m := range []Meeting{Rendezvous, Alone} {
				if v := JudgeUpTo(1, Pair{A: Home{NAT: a, IGD: true}, B: Home{NAT: b}, Meeting: m}); (v.Method == Impossible) != blocked || v.Method != Impossible && v.Method != Direct {
					t.Errorf("%v with IGD, %v: %v", a, b, v)
				}
			}
		}
	}
}

// No pair is opened by a schedule of five steps that none of three opens.
func TestLongerSchedulesOpenNothing(t *testing.T) {
	t.Parallel()
	all := Classes()
	if testing.Short() { // the race detector takes too long over all of them
		few := all[:0:0]
		for i := 0; i < len(all); i += 4 {
			few = append(few, all[i])
		}
		all = few
	}
	for i, a := range all {
		for _, b := range all[i:] {
			x, y := Home{NAT: a}, Home{NAT: b}
			if Judge(Pair{A: x, B: y}).Method == Impossible {
				if long := JudgeUpTo(5, Pair{A: x, B: y}); long.Method != Impossible {
					t.Errorf("%v with %v: %v", x, y, long)
				}
			}
		}
	}
}

// Which side is called A makes no difference.
func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	for i, a := range Classes() {
		for _, b := range Classes()[:i] {
			for _, m := range []Meeting{Rendezvous, Alone} {
				there, back := Judge(Pair{A: Home{NAT: a}, B: Home{NAT: b}, Meeting: m}).Method, Judge(Pair{A: Home{NAT: b}, B: Home{NAT: a}, Meeting: m}).Method
				if there != back {
					t.Errorf("%v with %v: %v; the other way round: %v", a, b, there, back)
				}
			}
		}
	}
}
