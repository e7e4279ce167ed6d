package nat

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// model is RFC 4787 told plainly: lists that are searched from end to end, and nothing that is kept up to date. It says all that a
// table is to answer but for which port a new mapping gets, which it takes from the table once it has seen that the port may be had.
type model struct {
	b        Behaviour
	now      time.Time
	mappings []*modelMapping
	sent     []*modelSent
	static   map[uint16]netip.AddrPort
	entered  []*modelSent
}

type modelMapping struct {
	internal, remote, external netip.AddrPort
	used                       time.Time
}

// modelSent is that something was sent to remote by a mapping, or that something came in from there by a static one.
type modelSent struct {
	by                         *modelMapping
	internal, external, remote netip.AddrPort
	used                       time.Time
}

func (m *model) alive(used time.Time) bool { return m.now.Sub(used) < m.b.Lasts() }

// same tells whether two remote ends are the same to somebody who looks at that much.
func same(d Dependence, a, b netip.AddrPort) bool {
	return d == EndpointIndependent || a.Addr() == b.Addr() && (d == AddressDependent || a.Port() == b.Port())
}

func (m *model) mapping(src, dst netip.AddrPort) *modelMapping {
	for _, x := range m.mappings {
		if m.alive(x.used) && x.internal == src && same(m.b.Mapping, x.remote, dst) {
			return x
		}
	}
	return nil
}

// out checks what the table said of a packet.
func (m *model) out(p, got Packet, v Verdict) error {
	if v != Passed || got.Dst != p.Dst {
		return fmt.Errorf("%v, %v", v, got)
	}
	out := m.b.Refresh != Inbound
	for _, f := range m.entered {
		if m.alive(f.used) && f.internal == p.Src && f.remote == p.Dst {
			if got.Src != f.external {
				return fmt.Errorf("it answers what came in by %v, and leaves from %v", f.external, got.Src)
			}
			if out {
				f.used = m.now
			}
			return nil
		}
	}
	x := m.mapping(p.Src, p.Dst)
	switch {
	case x == nil:
		for _, o := range m.mappings {
			if m.alive(o.used) && o.external == got.Src {
				return fmt.Errorf("%v has %v already", o.internal, got.Src)
			}
		}
		if to, ok := m.static[got.Src.Port()]; ok && to != p.Src {
			return fmt.Errorf("a static mapping to %v has %v", to, got.Src)
		}
		if m.b.Ports == Preserve && got.Src.Port() != p.Src.Port() {
			if _, static := m.static[p.Src.Port()]; !static && !m.taken(p.Src.Port()) {
				return fmt.Errorf("%d is free, and not preserved", p.Src.Port())
			}
		}
		x = &modelMapping{p.Src, p.Dst, got.Src, m.now}
		m.mappings = append(m.mappings, x)
	case x.external != got.Src:
		return fmt.Errorf("its mapping is %v, and it leaves from %v", x.external, got.Src)
	case out:
		x.used = m.now
	}
	for _, s := range m.sent {
		if m.alive(s.used) && s.by == x && same(m.b.Filtering, s.remote, p.Dst) {
			if out {
				s.used = m.now
			}
			return nil
		}
	}
	m.sent = append(m.sent, &modelSent{by: x, remote: p.Dst, used: m.now})
	return nil
}

func (m *model) taken(port uint16) bool {
	for _, o := range m.mappings {
		if m.alive(o.used) && o.external.Port() == port {
			return true
		}
	}
	return false
}

// in checks what the table said of a packet.
func (m *model) in(p, got Packet, v Verdict) error {
	want, why := m.enter(p)
	if v != why || v == Passed && got != (Packet{p.Src, want}) {
		return fmt.Errorf("%v, %v; want %v, to %v", v, got, why, want)
	}
	return nil
}

func (m *model) enter(p Packet) (netip.AddrPort, Verdict) {
	in := m.b.Refresh != Outbound
	if to, ok := m.static[p.Dst.Port()]; ok {
		for _, f := range m.entered {
			if m.alive(f.used) && f.internal == to && f.remote == p.Src {
				if f.external != p.Dst {
					f.external, f.used = p.Dst, m.now
				} else if in {
					f.used = m.now
				}
				return to, Passed
			}
		}
		m.entered = append(m.entered, &modelSent{internal: to, external: p.Dst, remote: p.Src, used: m.now})
		return to, Passed
	}
	for _, x := range m.mappings {
		if !m.alive(x.used) || x.external != p.Dst {
			continue
		}
		if m.b.Filtering == EndpointIndependent {
			if in {
				x.used = m.now
			}
			return x.internal, Passed
		}
		for _, s := range m.sent {
			if m.alive(s.used) && s.by == x && same(m.b.Filtering, s.remote, p.Src) {
				if in {
					s.used, x.used = m.now, m.now
				}
				return x.internal, Passed
			}
		}
		return netip.AddrPort{}, Filtered
	}
	return netip.AddrPort{}, NoMapping
}

// play lets bytes choose a NAT and what happens to it, and holds each answer of the table against the model.
func play(t *testing.T, script []byte) {
	next := func(n int) int {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return int(b) % n
	}
	m := &model{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), static: map[uint16]netip.AddrPort{}, b: Behaviour{
		Mapping: Dependence(next(3)), Filtering: Dependence(next(3)), Ports: Ports(next(3)), Parity: next(2) == 1, Refresh: Refresh(next(3)),
		Timeout: time.Minute,
	}}
	external := netip.MustParseAddr(wan)
	table, err := New(Options{Behaviour: m.b, External: []netip.Addr{external}, FirstPort: 4990, LastPort: 5300, Seed: uint64(next(256))})
	if err != nil {
		t.Fatal(err)
	}
	inner := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, 1, byte(10 + next(3))}), uint16(5000+next(3)))
	}
	outer := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + next(2))}), uint16(3478+next(2)))
	}
	seen := []uint16{5000}
	for step := 0; len(script) > 0; step++ {
		var what string
		var err error
		switch next(8) {
		case 0, 1, 2:
			p := Packet{inner(), outer()}
			got, v := table.Out(m.now, p)
			what, err = "out "+p.String(), m.out(p, got, v)
			seen = append(seen, got.Src.Port())
		case 3, 4, 5:
			p := Packet{outer(), netip.AddrPortFrom(external, seen[next(len(seen))])}
			got, v := table.In(m.now, p)
			what, err = "in "+p.String(), m.in(p, got, v)
		case 6:
			m.now = m.now.Add(time.Duration(next(40)) * time.Second)
		case 7: // before anything was sent, because it ends mappings
			if len(m.mappings) > 0 {
				break
			}
			s := Static{External: netip.AddrPortFrom(external, uint16(5000+next(2))), Internal: inner()}
			what, err = fmt.Sprint("map ", s), table.Map(m.now, s)
			if _, ok := m.static[s.External.Port()]; ok { // the flows through the one before end with it
				kept := m.entered[:0]
				for _, f := range m.entered {
					if f.external != s.External {
						kept = append(kept, f)
					}
				}
				m.entered = kept
			}
			m.static[s.External.Port()] = s.Internal
			seen = append(seen, s.External.Port())
		}
		if err != nil {
			t.Fatalf("%v, step %d: %s: %v", m.b, step, what, err)
		}
	}
	alive := len(m.static)
	for _, x := range m.mappings {
		if m.alive(x.used) {
			alive++
		}
	}
	table.Expire(m.now)
	if got := len(table.Mappings()); got != alive {
		t.Fatalf("%v: %d mappings at the end, want %d", m.b, got, alive)
	}
	table.Expire(m.now.Add(time.Hour))
	if len(table.flows)+len(table.entered)+len(table.internal)+len(table.external)+len(table.hosts)+len(table.aging) > 0 {
		t.Fatalf("%v: something is left an hour later", m.b)
	}
	for port := uint16(4990); port <= 5300; port++ {
		if _, static := m.static[port]; table.pool(external).taken(port) != static {
			t.Fatalf("%v: port %d is taken: %v, static: %v", m.b, port, !static, static)
		}
	}
}

// Whatever is sent, in any order, the table answers as the RFC told plainly.
func TestTableIsTheModel(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		script := make([]byte, 6+r.IntN(400))
		for i := range script {
			script[i] = byte(r.UintN(256))
		}
		if play(t, script); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzTable(f *testing.F) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 2))
		script := make([]byte, 300)
		for i := range script {
			script[i] = byte(r.UintN(256))
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 4096 {
			script = script[:4096]
		}
		play(t, script)
	})
}

// The same calls with the same seed have the same answers; another seed has other ports.
func TestSameSeedSameAnswers(t *testing.T) {
	run := func(seed uint64) (all string) {
		r := newRig(t, "symmetric", func(o *Options) { o.Seed = seed })
		for i := range 100 {
			all += " " + r.out(x1, fmt.Sprintf("198.51.100.1:%d", 1+i))
		}
		return all
	}
	once, twice, other := run(7), run(7), run(8)
	if once != twice || once == other {
		t.Error("the seed is to be all that decides on ports")
	}
}
