package client_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

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
