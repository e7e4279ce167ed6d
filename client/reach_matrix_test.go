package client_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// Each pair of NATs, with IGD on neither side, on one and on both: Reach on both sides, each told the other's node, then Punch. Each opens a path, or does not,
// as the exhaustive search says.
func TestReachAndPunchMatrix(t *testing.T) {
	t.Parallel()
	for i, a := range natoracle.Classes() {
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			for j, b := range natoracle.Classes()[:i+1] {
				if testing.Short() && (i+3*j)%31 != 0 {
					continue
				}
				for _, igd := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
					if igd[0] && a.Kind == nat.Blocking || igd[1] && b.Kind == nat.Blocking {
						continue
					}
					reachAndPunch(t, natoracle.Pair{A: natoracle.Home{NAT: a, IGD: igd[0]}, B: natoracle.Home{NAT: b, IGD: igd[1]}})
				}
			}
		})
	}
}

// The same for two hosts of one home, and behind carriers' NATs: of their own, and one for both.
func TestReachAndPunchPlaces(t *testing.T) {
	t.Parallel()
	hairpins := func(b nat.Behaviour) []nat.Behaviour {
		none, internal, external := b, b, b
		internal.Hairpin, external.Hairpin = nat.InternalSource, nat.ExternalSource
		return []nat.Behaviour{none, internal, external}
	}
	classic := []nat.Behaviour{nat.FullCone(), nat.Restricted(), nat.PortRestricted(), nat.Symmetric()}
	type home = natoracle.Home
	t.Run("one home", func(t *testing.T) {
		for _, b := range slices.Concat(classic, natoracle.Classes()) {
			if b.Kind == nat.Blocking {
				continue
			}
			all := []nat.Behaviour{b}
			if b.Kind != nat.Plain {
				all = hairpins(b)
			}
			for _, b := range all {
				for _, igd := range []bool{false, true} {
					reachAndPunch(t, natoracle.Pair{A: home{NAT: b, IGD: igd}, Place: natoracle.SameHome, Inside: true})
				}
			}
		}
	})
	for _, c := range classic {
		for _, a := range append(classic, nat.Open()) {
			if testing.Short() && a.Filtering != c.Filtering {
				continue
			}
			t.Run(fmt.Sprintf("%v behind %v", a, c), func(t *testing.T) {
				for _, b := range classic {
					for _, igd := range []bool{false, true} {
						reachAndPunch(t, natoracle.Pair{A: home{NAT: a, IGD: igd && a.Kind != nat.Plain, Carrier: &c}, B: home{NAT: b}})
						reachAndPunch(t, natoracle.Pair{A: home{NAT: a, IGD: igd && a.Kind != nat.Plain, Carrier: &c}, B: home{NAT: b, Carrier: &c}})
						for _, c := range hairpins(c) {
							reachAndPunch(t, natoracle.Pair{A: home{NAT: a, IGD: igd && a.Kind != nat.Plain, Carrier: &c}, B: home{NAT: b}, Place: natoracle.SameCarrier})
						}
					}
				}
			})
		}
	}
}

// reachAndPunch runs a pair, and compares it with the search.
func reachAndPunch(t *testing.T, p natoracle.Pair) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if p.Place != natoracle.Apart {
			p.B.Carrier = p.A.Carrier
		}
		want := natoracle.Judge(p)
		x := newPair(t, p)
		nodes, done := [2]client.Node{}, make(chan struct{})
		for i, h := range []natoracle.Home{p.A, p.B} {
			go func() {
				r := x.reach(t, i, func(o *client.ReachOptions) { o.NoIGD = !h.IGD })
				nodes[i] = r.Node
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		r := x.punch(t.Context(), nodes, func(_ int, o *client.PunchOptions) { o.Key = []byte("between the two") })
		defer r.close()
		opens := r.open(t)
		if opens != (want.Method != natoracle.Impossible) {
			t.Errorf("%v with %v, place %d: open %v (%v), want %v; %v, %v", p.A, p.B, p.Place, opens, r.errs, want, nodes[0], nodes[1])
			return
		}
		checkMethods(t, p, want, r)
	})
}

// checkMethods compares how it was done.
func checkMethods(t *testing.T, p natoracle.Pair, want natoracle.Verdict, r punched) {
	var got []client.Method
	for _, path := range r.paths {
		if path != nil {
			got = append(got, path.Method())
		}
	}
	direct := slices.Contains(got, client.DirectMethod)
	switch {
	case want.Method == natoracle.Guess && !slices.Contains(got, client.GuessMethod):
		t.Errorf("%v with %v: %v, want %v", p.A, p.B, got, want)
	case direct && want.Method != natoracle.Direct:
		t.Errorf("%v with %v, place %d: %v, want %v", p.A, p.B, p.Place, got, want)
	case (p.A.IGD || p.B.IGD) && p.A.Carrier == nil && p.B.Carrier == nil && len(got) > 0 && (got[0] != client.DirectMethod || got[1] != client.DirectMethod):
		t.Errorf("%v with %v: %v, want %v", p.A, p.B, got, want)
	}
}
