package client_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// program is one program, whose mappings are on port 8080 all of them.
type program struct {
	*home
	t *testing.T
	c *client.Client
}

func eachProgram(t *testing.T, name string, f func(s program)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, emulator.Options{Version: 1})
			f(program{h, t, client.New(client.Options{Net: h.pc})})
		})
	})
}

func (s program) open(req client.Request) *client.Mapping {
	s.t.Helper()
	req.InternalPort = 8080
	m, err := s.c.Map(s.t.Context(), req)
	if err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(time.Second)
	return m
}

func (s program) keep(req client.Request) *client.Mapping {
	s.t.Helper()
	req.InternalPort = 8080
	m := s.c.Keep(s.t.Context(), req)
	s.t.Cleanup(func() { m.Close(context.Background()) })
	if err := m.Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(time.Second)
	return m
}

func (s program) close(all ...*client.Mapping) {
	s.t.Helper()
	for _, m := range all {
		if err := m.Close(s.t.Context()); err != nil {
			s.t.Error(err)
		}
		if e := m.Entries(); len(e) > 0 {
			s.t.Errorf("closed, and lists %v", e)
		}
	}
}

// want tells how long the rows on the gateway last at least.
func (s program) want(when string, rows int, least, most time.Duration) {
	s.t.Helper()
	synctest.Wait()
	all := s.Mappings()
	if len(all) != rows {
		s.t.Errorf("%s: %v, want %d", when, all, rows)
	}
	for _, m := range all {
		if left := time.Until(m.Expires); left < least || left > most {
			s.t.Errorf("%s: %v stays %v, want %v to %v", when, m, left, least, most)
		}
	}
}

// gone tells how often a row has gone so far.
func (s program) gone() int {
	n := s.counts()
	return n[emulator.MappingDeleted] + n[emulator.MappingExpired]
}

// shares tells which entries of m are shared.
func shares(m *client.Mapping) (all []bool) {
	for _, e := range m.Entries() {
		all = append(all, e.Shared)
	}
	return all
}

// What several mappings of one program lead through stays open until the last of them is closed, whichever that is, and is shortened by none.
func TestHolders(t *testing.T) {
	const day = 24 * time.Hour
	eachProgram(t, "not kept", func(s program) {
		first, second := s.open(client.Request{}), s.open(client.Request{Lease: time.Hour})
		s.want("both", 1, day-time.Minute, day)
		if !slices.Equal(shares(second), []bool{true}) {
			s.t.Errorf("the second: %+v", second.Entries())
		}
		s.close(second)
		s.want("the second is closed", 1, day-time.Minute, day)
		third := s.open(client.Request{})
		s.close(first)
		s.want("the first is closed", 1, day-time.Minute, day)
		s.close(third)
		s.want("all are closed", 0, 0, 0)
	})
	eachProgram(t, "for longer", func(s program) {
		first, second := s.open(client.Request{Lease: time.Hour}), s.open(client.Request{})
		s.want("both", 1, day-time.Minute, day)
		s.close(first)
		s.want("the first is closed", 1, day-time.Minute, day)
		s.close(second)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "for less, as is asked for", func(s program) {
		first, second := s.open(client.Request{}), s.open(client.Request{Lease: time.Hour, Shorten: true})
		s.want("both", 1, time.Hour-time.Minute, time.Hour)
		s.close(second)
		s.want("the second is closed", 1, time.Hour-time.Minute, time.Hour)
		s.close(first)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "the first one goes", func(s program) {
		first, second := s.keep(client.Request{Lease: 4 * time.Hour}), s.keep(client.Request{Lease: time.Hour})
		s.want("both", 1, 3*time.Hour, 4*time.Hour)
		time.Sleep(6 * time.Hour)
		s.want("six hours later", 1, time.Hour, 4*time.Hour)
		if got := [][]bool{shares(first), shares(second)}; got[0][0] || !got[1][0] {
			s.t.Errorf("shared %v", got)
		}
		s.close(first)
		s.want("the first is closed", 1, 59*time.Minute, time.Hour) // at once, as the second would have it
		if shares(second)[0] {
			s.t.Error("the second is not taken to have it")
		}
		time.Sleep(12 * time.Hour)
		s.want("12 hours later", 1, 20*time.Minute, time.Hour)
		if n := s.gone(); n > 0 {
			s.t.Errorf("it had gone %d times", n)
		}
		s.close(second)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "the second one goes", func(s program) {
		first, second := s.keep(client.Request{}), s.keep(client.Request{})
		s.close(second)
		s.want("the second is closed", 1, time.Hour, 2*time.Hour)
		time.Sleep(12 * time.Hour)
		s.want("12 hours later", 1, time.Hour-10*time.Minute, 2*time.Hour)
		if n := s.gone(); n > 0 || shares(first)[0] {
			s.t.Errorf("it had gone %d times, %v", n, first.Entries())
		}
		s.close(first)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "three", func(s program) {
		all := []*client.Mapping{s.keep(client.Request{}), s.keep(client.Request{}), s.keep(client.Request{})}
		for len(all) > 0 {
			s.close(all[0])
			all = all[1:]
			time.Sleep(5 * time.Hour)
			s.want("one less", min(len(all), 1), time.Hour-10*time.Minute, 2*time.Hour)
		}
		if n := s.gone(); n != 1 {
			s.t.Errorf("it had gone %d times", n)
		}
	})
	eachProgram(t, "one that is not kept takes over", func(s program) {
		first, second := s.keep(client.Request{}), s.open(client.Request{Lease: time.Hour})
		s.close(first)
		s.want("the first is closed", 1, time.Hour, 2*time.Hour)
		if e := second.Entries(); len(e) != 1 || e[0].Shared || time.Until(e[0].Expires) < time.Hour {
			s.t.Errorf("%+v", e)
		}
		second.Keep(s.t.Context())
		time.Sleep(12 * time.Hour)
		s.want("kept", 1, 20*time.Minute, time.Hour)
		s.close(second)
		s.want("both are closed", 0, 0, 0)
		if n := s.gone(); n != 1 {
			s.t.Errorf("it had gone %d times", n)
		}
	})
	eachProgram(t, "kept later, both", func(s program) {
		first, second := s.open(client.Request{Lease: time.Hour}), s.open(client.Request{Lease: 2 * time.Hour})
		second.Keep(s.t.Context())
		first.Keep(s.t.Context())
		time.Sleep(12 * time.Hour)
		if s.gone() > 0 || shares(first)[0] == shares(second)[0] {
			s.t.Errorf("it had gone %d times; %v, %v", s.gone(), first.Entries(), second.Entries())
		}
		s.close(second)
		time.Sleep(12 * time.Hour)
		s.want("the second is closed", 1, 20*time.Minute, time.Hour)
		s.close(first)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "the first one is let go", func(s program) {
		ctx, stop := context.WithCancel(s.t.Context())
		first := s.c.Keep(ctx, client.Request{InternalPort: 8080})
		if err := first.Wait(ctx); err != nil {
			s.t.Fatal(err)
		}
		second := s.keep(client.Request{})
		stop()
		time.Sleep(time.Second)
		if shares(second)[0] {
			s.t.Error("the second does not have it")
		}
		time.Sleep(12 * time.Hour)
		s.close(first)
		s.want("the first is closed", 1, time.Hour-10*time.Minute, 2*time.Hour)
		s.close(second)
		s.want("both are closed", 0, 0, 0)
		if n := s.gone(); n != 1 {
			s.t.Errorf("it had gone %d times", n)
		}
	})
	eachProgram(t, "a pair and one half of it", func(s program) {
		half, pair := s.keep(client.Request{}), s.keep(client.Request{Protocol: "both"})
		if !slices.Equal(shares(pair), []bool{true, false}) {
			s.t.Errorf("%+v", pair.Entries())
		}
		s.close(half)
		s.want("the pair", 2, time.Hour, 2*time.Hour)
		half = s.keep(client.Request{Protocol: "udp"})
		s.close(pair)
		s.want("the other half", 1, time.Hour, 2*time.Hour)
		s.close(half)
		s.want("none", 0, 0, 0)
	})
	eachProgram(t, "of the gateway", func(s program) {
		g, err := s.c.Gateway(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		first := s.open(client.Request{}) // by the Client that has found it
		second, err := g.Map(s.t.Context(), client.Request{InternalPort: 8080})
		if err != nil {
			s.t.Fatal(err)
		}
		s.close(first)
		s.want("the first is closed", 1, day-time.Minute, day)
		s.close(second)
		s.want("both are closed", 0, 0, 0)
	})
	eachProgram(t, "what has ended is nobody's", func(s program) {
		first := s.open(client.Request{Lease: time.Hour})
		time.Sleep(2 * time.Hour)
		second := s.open(client.Request{Lease: 30 * time.Minute})
		if shares(second)[0] {
			s.t.Errorf("%+v", second.Entries())
		}
		s.close(second)
		s.want("the second is closed", 0, 0, 0)
		s.close(first)
	})
}

// A Close that fails leaves nothing that others take for somebody's, and can be done again without harm to them.
func TestHoldersFailedClose(t *testing.T) {
	eachProgram(t, "", func(s program) {
		first := s.open(client.Request{})
		s.router.Blackhole(true)
		if err := first.Close(s.t.Context()); err == nil {
			s.t.Fatal("closed by a gateway that is not there")
		}
		s.router.Blackhole(false)
		second := s.open(client.Request{Lease: time.Hour})
		if shares(second)[0] {
			s.t.Errorf("it is shared with one that is closed: %+v", second.Entries())
		}
		s.want("the second has it", 1, time.Hour-time.Minute, time.Hour)
		s.close(first)
		s.want("the first is closed", 1, time.Hour-time.Minute, time.Hour)
		s.close(second)
		s.want("both are closed", 0, 0, 0)
	})
}

// Whatever comes first, Close or Map, what is open in the end is what is held.
func TestHoldersRace(t *testing.T) {
	eachProgram(t, "", func(s program) {
		held := s.open(client.Request{})
		for range 50 {
			closed := make(chan error)
			go func() { closed <- held.Close(s.t.Context()) }()
			next := s.open(client.Request{})
			if err := <-closed; err != nil {
				s.t.Fatal(err)
			}
			if n, e := len(s.Mappings()), next.Entries(); n != 1 || len(e) != 1 || e[0].Shared {
				s.t.Fatalf("%d rows, and %+v", n, e)
			}
			held = next
		}
		s.close(held)
		s.want("closed", 0, 0, 0)
	})
}

// Many that come and go at once, kept and not, leave what is held open all the time, and nothing in the end.
func TestHoldersCrowd(t *testing.T) {
	eachProgram(t, "", func(s program) {
		anchor := s.open(client.Request{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 10 {
					m := s.c.Keep(s.t.Context(), client.Request{InternalPort: 8080, Lease: time.Duration(i+1) * time.Hour})
					if err := m.Wait(s.t.Context()); err != nil {
						s.t.Error(err)
					}
					time.Sleep(time.Duration(i) * 7 * time.Second)
					if err := m.Close(s.t.Context()); err != nil {
						s.t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		s.want("the first one is left", 1, time.Minute, 25*time.Hour)
		if n := s.gone(); n > 0 {
			s.t.Errorf("it had gone %d times", n)
		}
		s.close(anchor)
		s.want("all are closed", 0, 0, 0)
	})
}
