package client_test

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/internal/natoracle"
)

// met are the nodes as they know each other after a rendezvous.
func (x *pair) met(t *testing.T, p natoracle.Pair) (nodes [2]client.Node) {
	t.Helper()
	for i, h := range []natoracle.Home{p.A, p.B} {
		if p.Place == natoracle.SameHome {
			h = p.A
		}
		nodes[i] = client.Node{NAT: traitsOf(h.NAT), Candidates: []client.Candidate{{Kind: client.MappedCandidate, Addr: x.seen(t, i)}}}
	}
	return nodes
}

func between(a, b nat.Behaviour) natoracle.Pair {
	return natoracle.Pair{A: natoracle.Home{NAT: a}, B: natoracle.Home{NAT: b}}
}

func TestPunch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := between(nat.PortRestricted(), nat.Restricted())
		x := newPair(t, p)
		nodes := x.met(t, p)
		began := time.Now()
		r := x.punch(t.Context(), nodes, nil)
		defer r.close()
		if !r.open(t) {
			t.Fatal(r.errs)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
		for i, path := range r.paths {
			if path.Remote() != nodes[1-i].Candidates[0].Addr || path.Seen() != nodes[i].Candidates[0].Addr || path.Method() != client.PunchMethod {
				t.Errorf("%d: to %v, seen as %v, %v", i, path.Remote(), path.Seen(), path.Method())
			}
		}
	})
}

// Two computers of one home need no relay, whatever its NAT is like: the other one is not there.
func TestPunchAtHomeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := between(nat.Symmetric(), nat.Symmetric())
		p.Place = natoracle.SameHome
		x := newPair(t, p)
		nodes := x.met(t, p)
		nodes[1].Candidates = append(nodes[1].Candidates, client.Candidate{Kind: client.HostCandidate, Addr: netip.MustParseAddrPort("192.168.1.20:6000")})
		_, err := client.Punch(t.Context(), x.conns[0], nodes[1], client.PunchOptions{Self: nodes[0], Net: x.hosts[0]})
		if e, ok := errors.AsType[*client.PunchError](err); !ok || e.Reason != client.Unanswered {
			t.Error(err)
		}
	})
}

// Two symmetric NATs let nothing through, and that is said.
func TestPunchNeedsRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := between(nat.Symmetric(), nat.PortRestricted())
		x := newPair(t, p)
		r := x.punch(t.Context(), x.met(t, p), nil)
		for i, err := range r.errs {
			if e, ok := errors.AsType[*client.PunchError](err); !ok || e.Reason != client.NeedsRelay {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}
