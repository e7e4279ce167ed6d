package nat

import (
	"net/netip"
	"testing"
	"time"
)

// The ends of these tests: two hosts behind the NAT, and remote ones that share an address or do not.
const (
	x1  = "192.168.1.10:5000"
	x2  = "192.168.1.20:5000"
	y1  = "198.51.100.1:3478"
	y1b = "198.51.100.1:3479"
	y2  = "198.51.100.2:3478"
	wan = "203.0.113.1"
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// rig is a table with a clock that a test moves.
type rig struct {
	*Table
	t      testing.TB
	now    time.Time
	events []Event
}

func newRig(t testing.TB, behaviour string, change ...func(*Options)) *rig {
	t.Helper()
	b, err := Parse(behaviour)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	o := Options{Behaviour: b, Seed: 1, Observe: func(e Event) { r.events = append(r.events, e) }}
	if b.Kind != Plain {
		o.External = []netip.Addr{netip.MustParseAddr(wan)}
	}
	for _, c := range change {
		c(&o)
	}
	if r.Table, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) wait(d time.Duration) { r.now = r.now.Add(d) }

// out sends, and returns the source that is seen outside.
func (r *rig) out(src, dst string) string {
	r.t.Helper()
	p, v := r.Out(r.now, Packet{ap(src), ap(dst)})
	if v != Passed {
		r.t.Fatalf("%v → %v: %v", src, dst, v)
	}
	if p.Dst != ap(dst) {
		r.t.Fatalf("%v → %v goes to %v", src, dst, p.Dst)
	}
	return p.Src.String()
}

// in receives, and returns where it got to, or the verdict.
func (r *rig) in(src, dst string) string {
	r.t.Helper()
	p, v := r.In(r.now, Packet{ap(src), ap(dst)})
	if v != Passed {
		if p != (Packet{}) {
			r.t.Fatalf("%v with packet %v", v, p)
		}
		return string(v)
	}
	if p.Src != ap(src) {
		r.t.Fatalf("%v → %v comes from %v", src, dst, p.Src)
	}
	return p.Dst.String()
}

// check compares what was got by name.
func (r *rig) check(what string, got, want any) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// differ fails when the two are the same.
func (r *rig) differ(what string, a, b string) {
	r.t.Helper()
	if a == b {
		r.t.Errorf("%s: %v for both", what, a)
	}
}

// portOf is the port of an end.
func portOf(s string) uint16 { return ap(s).Port() }

// count is how many events of a kind there were.
func (r *rig) count(kind EventKind) (n int) {
	for _, e := range r.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
