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

// The table must be indistinguishable from a list, whatever is done to it.
func TestTableIsAList(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		table, list := newTable(), model{}
		now := time.Unix(0, 0)
		for step := range 2000 {
			m := Mapping{
				Protocol: []string{"TCP", "UDP"}[r.IntN(2)], ExternalPort: uint16(r.IntN(300)), Description: fmt.Sprint(step),
				InternalClient: netip.AddrFrom4([4]byte{192, 168, 1, byte(10 + r.IntN(2))}),
			}
			if r.IntN(10) == 0 {
				m.RemoteHost = "198.51.100.1"
			}
			if r.IntN(3) > 0 {
				m.Expires = now.Add(time.Duration(1+r.IntN(400)) * time.Second)
			}
			// Some times grow the list, some times shrink it, so that it is compacted too.
			if growing := step/400%2 == 0; r.IntN(4) > 0 == growing {
				i := list.find(m.key())
				if i < 0 || r.IntN(4) == 0 {
					table.add(m)
					list = append(list, m)
				} else {
					table.replace(table.get(m.key()), m)
					list[i] = m
				}
			} else if len(list) > 0 {
				i := r.IntN(len(list))
				table.remove(table.order.at(i))
				list = slices.Delete(list, i, i+1)
			}
			now = now.Add(time.Duration(r.IntN(3)) * time.Second)
			for e := table.due(now); e != nil; e = table.due(now) {
				i := slices.Index(list, e.Mapping)
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
		duplicates := 0
		for i, m := range list {
			var port []Mapping
			for _, x := range list {
				if x.ExternalPort == m.ExternalPort && x.Protocol == m.Protocol {
					port = append(port, x)
				}
			}
			var got []Mapping
			for e := range table.of(m.ExternalPort, m.Protocol) {
				got = append(got, e.Mapping)
			}
			if !slices.Equal(got, port) {
				t.Fatalf("seed %d: port of %v has %v, want %v", seed, m, got, port)
			}
			first := list.find(m.key())
			if e := table.get(m.key()); e.Mapping != list[first] {
				t.Fatalf("seed %d: the first like %v is %v, want %v", seed, m, e.Mapping, list[first])
			}
			if first < i {
				duplicates++
			}
			own := slices.IndexFunc(list, func(x Mapping) bool { return x.key() == m.key() && x.InternalClient == m.InternalClient })
			if e := table.find(m.key(), m.InternalClient); e.Mapping != list[own] {
				t.Fatalf("seed %d: the client of %v has %v, want %v", seed, m, e.Mapping, list[own])
			}
		}
		if table.duplicates != duplicates {
			t.Fatalf("seed %d: %d duplicates, want %d", seed, table.duplicates, duplicates)
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
	root := newTree(&o, newSite(&o, "127.0.0.1:80", nil, generation{}))
	s := newState(&o, root)
	client := netip.MustParseAddr(us)
	c := call{caller: client, service: &service{definition: defined(ipConnection, 2)}, connection: s.connections[0]}
	table := &c.connection.mappings
	for port := 1024; port <= 65535; port++ {
		if port != 40000 {
			table.add(Mapping{Protocol: "TCP", ExternalPort: uint16(port), InternalClient: client})
		}
	}
	for _, choose := range []PortSearch{"", "random", "neighbours"} {
		s.policy.AnyPort.Choose = choose
		if port, ok := s.freePort(c, Mapping{ExternalPort: 1024, Protocol: "TCP"}); !ok || port != 40000 {
			t.Errorf("%q found %d, %v; want 40000", choose, port, ok)
		}
	}
	table.add(Mapping{Protocol: "TCP", ExternalPort: 40000, InternalClient: client})
	for _, choose := range []PortSearch{"", "random", "neighbours"} {
		s.policy.AnyPort.Choose = choose
		if port, ok := s.freePort(c, Mapping{ExternalPort: 1024, Protocol: "TCP"}); ok {
			t.Errorf("%q found %d in a full table", choose, port)
		}
		if _, ok := s.freePort(c, Mapping{ExternalPort: 1024, Protocol: "UDP"}); !ok {
			t.Errorf("%q found no port for the other protocol", choose)
		}
	}
}

func TestTableDoesNotGrowWithUse(t *testing.T) {
	table := newTable()
	m := Mapping{Protocol: "TCP", ExternalPort: 8080}
	for range 10_000 {
		table.add(m)
		table.remove(table.get(m.key()))
	}
	if n := len(table.order.slots); n > 64 {
		t.Errorf("%d slots for an empty table", n)
	}
}

func defaulted(t testing.TB, o Options) Options {
	t.Helper()
	o, err := o.defaults()
	if err != nil {
		t.Fatal(err)
	}
	return o
}
