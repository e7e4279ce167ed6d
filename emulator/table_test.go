package emulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// model is the mapping table written down naively.
type model []Mapping

func (m model) find(k key) int {
	return slices.IndexFunc(m, func(x Mapping) bool { return x.key() == k })
}

func (m *model) put(x Mapping) {
	if i := m.find(x.key()); i >= 0 {
		(*m)[i] = x
		return
	}
	*m = append(*m, x)
}

// The table must be indistinguishable from a list, whatever is done to it.
func TestTableIsAList(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		table, list := newTable(), model{}
		now := time.Unix(0, 0)
		for step := range 2000 {
			m := Mapping{
				Protocol: []string{"TCP", "UDP"}[r.IntN(2)], ExternalPort: uint16(r.IntN(300)), Description: fmt.Sprint(step),
				InternalClient: netip.AddrFrom4([4]byte{192, 168, 1, 10}),
			}
			if r.IntN(10) == 0 {
				m.RemoteHost = "198.51.100.1"
			}
			if r.IntN(3) > 0 {
				m.Expires = now.Add(time.Duration(1+r.IntN(400)) * time.Second)
			}
			// Some times grow the list, some times shrink it, so that it is compacted too.
			if growing := step/400%2 == 0; r.IntN(4) > 0 == growing {
				table.put(m)
				list.put(m)
			} else if i := list.find(m.key()); i >= 0 {
				table.remove(table.get(m.key()))
				list = slices.Delete(list, i, i+1)
			}
			now = now.Add(time.Duration(r.IntN(3)) * time.Second)
			for e := table.due(now); e != nil; e = table.due(now) {
				i := list.find(e.key())
				first := slices.MinFunc(list, func(a, b Mapping) int { return cmp.Compare(expiry(a), expiry(b)) })
				if !first.Expires.Equal(e.Expires) {
					t.Fatalf("seed %d, step %d: %v expires before %v", seed, step, e.Mapping, first)
				}
				table.remove(e)
				list = slices.Delete(list, i, i+1)
			}
			if i := slices.IndexFunc(list, func(m Mapping) bool { return expiry(m) <= now.Unix() }); i >= 0 {
				t.Fatalf("seed %d, step %d: %v outlived its lease", seed, step, list[i])
			}
			if table.len() != len(list) {
				t.Fatalf("seed %d, step %d: %d entries, want %d", seed, step, table.len(), len(list))
			}
			i := r.IntN(len(list) + 1)
			switch e := table.order.at(i); {
			case i == len(list):
				if e != nil {
					t.Fatalf("seed %d, step %d: an entry past the end", seed, step)
				}
			case e == nil || e.Mapping != list[i]:
				t.Fatalf("seed %d, step %d: entry %d is %v, want %v", seed, step, i, e, list[i])
			}
		}
		var all []Mapping
		for e := range table.order.all {
			all = append(all, e.Mapping)
		}
		if !slices.Equal(all, list) {
			t.Fatalf("seed %d: order differs", seed)
		}
		for _, m := range list {
			n := 0
			for _, x := range list {
				if x.ExternalPort == m.ExternalPort && x.Protocol == m.Protocol {
					n++
				}
			}
			if use := table.ports[portKey{m.ExternalPort, m.Protocol}]; use.entries != n || use.client != m.InternalClient {
				t.Fatalf("seed %d: port of %v is used by %+v, want %d", seed, m, use, n)
			}
		}
	}
}

// expiry in seconds, for ever last.
func expiry(m Mapping) int64 {
	if m.Expires.IsZero() {
		return 1 << 62
	}
	return m.Expires.Unix()
}

func TestAddAnyFindsTheLastFreePort(t *testing.T) {
	o := defaulted(t, Options{})
	s := newState(o, newTree(o, newSite(o, "127.0.0.1:80", generation{})))
	client := netip.MustParseAddr(us)
	for port := 1024; port <= 65535; port++ {
		if port != 40000 {
			s.connections[0].mappings.put(Mapping{Protocol: "TCP", ExternalPort: uint16(port), InternalClient: client})
		}
	}
	if port, ok := s.freePort(s.connections[0], "TCP"); !ok || port != 40000 {
		t.Errorf("found %d, %v; want 40000", port, ok)
	}
	s.connections[0].mappings.put(Mapping{Protocol: "TCP", ExternalPort: 40000, InternalClient: client})
	if port, ok := s.freePort(s.connections[0], "TCP"); ok {
		t.Errorf("found %d in a full table", port)
	}
	if _, ok := s.freePort(s.connections[0], "UDP"); !ok {
		t.Error("no port for the other protocol")
	}
}

func TestTableDoesNotGrowWithUse(t *testing.T) {
	table := newTable()
	m := Mapping{Protocol: "TCP", ExternalPort: 8080}
	for range 10_000 {
		table.put(m)
		table.remove(table.get(m.key()))
	}
	if n := len(table.order.slots); n > 64 {
		t.Errorf("%d slots for an empty table", n)
	}
}

func defaulted(t *testing.T, o Options) Options {
	t.Helper()
	o, err := o.defaults()
	if err != nil {
		t.Fatal(err)
	}
	return o
}
