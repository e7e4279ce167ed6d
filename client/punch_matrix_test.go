package client_test

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// Each pair of NATs without any third party: each side knows the public address of the other and the port that its socket has.
func TestPunchAlone(t *testing.T) {
	t.Parallel()
	all := natoracle.Classes()
	for i, a := range all {
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			for j, b := range all[:i+1] {
				if a.Kind == nat.Blocking || b.Kind == nat.Blocking || testing.Short() && (i+3*j)%11 != 0 {
					continue
				}
				p := between(a, b)
				p.Meeting = natoracle.Alone
				synctest.Test(t, func(t *testing.T) {
					x := newPair(t, p)
					var nodes [2]client.Node
					for i, b := range []nat.Behaviour{a, b} {
						at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{45, 66, 77, byte(1 + i)}), uint16(5000+1000*i))
						if b.Kind == nat.Plain {
							at = netip.AddrPortFrom(lanOf(i, true, 10), at.Port())
						}
						nodes[i].Candidates = []client.Candidate{{Kind: client.MappedCandidate, Addr: at}}
					}
					r := x.punch(t.Context(), nodes, nil)
					defer r.close()
					want := natoracle.Judge(p)
					if got := r.open(t); got != (want.Method != natoracle.Impossible) {
						t.Errorf("%v with %v: open %v (%v), want %v", a, b, got, r.errs, want)
					}
				})
			}
		})
	}
}

// Each pair of NATs, twice: with all that the nodes know of each other, and without what lets them guess.
func TestPunchMatrix(t *testing.T) {
	t.Parallel()
	all := natoracle.Classes()
	step := 1
	if testing.Short() {
		step = 4
	}
	for i := 0; i < len(all); i += step {
		t.Run(fmt.Sprint(all[i]), func(t *testing.T) {
			for _, b := range all[:i+1] {
				if all[i].Kind == nat.Blocking || b.Kind == nat.Blocking {
					continue
				}
				p := between(all[i], b)
				want := natoracle.Judge(p)
				for _, guess := range []bool{true, false} {
					synctest.Test(t, func(t *testing.T) { punchAs(t, p, want, guess) })
				}
			}
		})
	}
}

func punchAs(t *testing.T, p natoracle.Pair, want natoracle.Verdict, guess bool) {
	x := newPair(t, p)
	r := x.punch(t.Context(), x.met(t, p), func(i int, o *client.PunchOptions) {
		if !guess {
			o.Guess = -1
		}
	})
	defer r.close()
	opens := want.Method != natoracle.Impossible && (guess || want.Method != natoracle.Guess)
	if got := r.open(t); got != opens {
		t.Errorf("%v with %v, guess %v: open %v (%v), want %v", p.A, p.B, guess, got, r.errs, want)
	}
}
