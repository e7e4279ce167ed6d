package client_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// spared is a home with a journal for several programs of one user.
type spared struct {
	*home
	t    *testing.T
	path string
}

// program is another program of that user.
func (s spared) program() *client.Client { return client.New(noting(s.t, s.home, s.path)) }

func (s spared) open(d time.Duration, permanent bool) *client.Mapping {
	s.t.Helper()
	time.Sleep(time.Second)
	m, err := s.program().Map(s.t.Context(), client.Request{InternalPort: 8080, Lease: d, Permanent: permanent})
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s spared) keep() *client.Mapping {
	s.t.Helper()
	time.Sleep(time.Second)
	m := s.program().Keep(s.t.Context(), client.Request{InternalPort: 8080, Lease: 2 * time.Hour})
	s.t.Cleanup(func() { m.Close(context.Background()) })
	if err := m.Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s spared) close(m *client.Mapping) {
	s.t.Helper()
	if err := m.Close(s.t.Context()); err != nil {
		s.t.Error(err)
	}
}

// want tells how the one entry stands: how long it lasts, and whether m takes it for its own.
func (s spared) want(when string, m *client.Mapping, shared bool, least, most time.Duration) {
	s.t.Helper()
	synctest.Wait()
	if e := m.Entries(); len(e) != 1 || e[0].Shared != shared {
		s.t.Errorf("%s: %+v, want shared %v", when, e, shared)
	}
	all := s.Mappings()
	if len(all) != 1 {
		s.t.Fatalf("%s: %v", when, all)
	}
	left := time.Duration(0)
	if ends := all[0].Expires; !ends.IsZero() {
		left = time.Until(ends)
	}
	if left < least || left > most {
		s.t.Errorf("%s: it stays %s, want %s to %s", when, left, least, most)
	}
}

func eachSpared(t *testing.T, name string, f func(s spared)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f(spared{newHome(t, emulator.Options{Version: 1}), t, filepath.Join(t.TempDir(), "ports.json")})
		})
	})
}

// What this user has opened for longer, or keeps by another program, is neither shortened nor closed by who wants it for less.
func TestSpares(t *testing.T) {
	const day = 24 * time.Hour
	eachSpared(t, "opened for longer", func(s spared) {
		s.open(7*day, false)
		once := s.open(time.Hour, false)
		s.want("asked for an hour", once, true, 7*day-time.Minute, 7*day)
		m := s.keep()
		time.Sleep(day)
		s.want("kept", m, true, 6*day-time.Minute, 6*day)
		for _, m := range []*client.Mapping{once, m} {
			if err := m.Close(s.t.Context()); err != nil {
				s.t.Error(err)
			}
		}
		if got := len(s.table()); got != 1 {
			s.t.Errorf("%d entries after close", got)
		}
	})
	eachSpared(t, "the user's own word", func(s spared) {
		s.open(7*day, false)
		time.Sleep(time.Second)
		req := client.Request{InternalPort: 8080, Lease: 2 * time.Hour, Shorten: true}
		m, err := s.program().Map(s.t.Context(), req)
		if err != nil {
			s.t.Fatal(err)
		}
		s.want("shortened", m, false, 2*time.Hour-time.Minute, 2*time.Hour)
		kept := s.keep()
		time.Sleep(time.Second)
		req.Lease = time.Minute
		if m, err = s.program().Map(s.t.Context(), req); err != nil {
			s.t.Fatal(err)
		}
		s.want("what is kept", m, true, 2*time.Hour-time.Minute, 2*time.Hour)
		s.close(m)
		s.close(kept)
		if len(s.table()) > 0 {
			s.t.Errorf("left %v", s.table())
		}
	})
	eachSpared(t, "until it ends earlier", func(s spared) {
		s.open(5*time.Hour, false)
		m := s.keep()
		for range 12 {
			time.Sleep(time.Hour)
			synctest.Wait()
			if got := len(s.table()); got != 1 {
				s.t.Fatalf("%d entries", got)
			}
		}
		s.want("renewed", m, false, time.Hour-10*time.Minute, 2*time.Hour)
		if err := m.Close(s.t.Context()); err != nil || len(s.table()) > 0 {
			s.t.Errorf("close gave %v and left %v", err, s.table())
		}
	})
	eachSpared(t, "opened for less", func(s spared) {
		s.open(time.Hour, false)
		s.want("renewed", s.open(2*time.Hour, false), false, 2*time.Hour-time.Minute, 2*time.Hour)
		s.want("as long again", s.open(2*time.Hour, false), false, 2*time.Hour-time.Minute, 2*time.Hour)
		s.want("kept", s.keep(), false, 2*time.Hour-time.Minute, 2*time.Hour)
	})
	eachSpared(t, "opened for good", func(s spared) {
		s.open(0, true)
		s.want("asked for a day", s.open(day, false), true, 0, 0)
		s.want("asked for good", s.open(0, true), false, 0, 0)
	})
	eachSpared(t, "kept twice", func(s spared) {
		first, second := s.keep(), s.keep()
		time.Sleep(3 * time.Hour)
		s.want("both", first, false, time.Hour-10*time.Minute, 2*time.Hour)
		s.want("both", second, true, time.Hour-10*time.Minute, 2*time.Hour)
		if err := second.Close(s.t.Context()); err != nil {
			s.t.Error(err)
		}
		s.want("the second has ended", first, false, time.Hour-10*time.Minute, 2*time.Hour)

		third, fourth := s.keep(), s.keep()
		s.close(first)
		s.want("the first has ended", third, true, time.Hour-10*time.Minute, 2*time.Hour)
		for range 12 {
			time.Sleep(time.Hour)
			s.want("the third has it", third, false, time.Hour-10*time.Minute, 2*time.Hour)
		}
		s.want("the fourth shares it", fourth, true, time.Hour-10*time.Minute, 2*time.Hour)
		s.close(fourth)
		s.want("the fourth has ended", third, false, time.Hour-10*time.Minute, 2*time.Hour)
		s.close(third)
		if n := s.counts(); len(s.table()) > 0 || n[emulator.MappingAdded] != 1 || n[emulator.MappingDeleted] != 1 {
			s.t.Errorf("left %v after %v", s.table(), n)
		}
	})
	eachSpared(t, "kept after it was opened", func(s spared) {
		once := s.open(time.Hour, false)
		m := s.keep()
		s.close(once)
		s.want("what another keeps", m, false, 2*time.Hour-time.Minute, 2*time.Hour)
		s.close(m)
		if len(s.table()) > 0 {
			s.t.Errorf("left %v", s.table())
		}
	})
	eachSpared(t, "opened again for longer", func(s spared) {
		once := s.open(time.Hour, false)
		again := s.open(2*time.Hour, false)
		s.close(once)
		s.want("the last one has the word", again, false, 2*time.Hour-time.Minute, 2*time.Hour)
		s.close(again)
		if len(s.table()) > 0 {
			s.t.Errorf("left %v", s.table())
		}
	})
	eachSpared(t, "its keeper crashes", func(s spared) {
		s.open(7*day, false)
		m := s.keep()
		crash(s.t, s.path) // as if the first had been kept
		g, err := client.Find(s.t.Context(), noting(s.t, s.home, s.path))
		if err != nil {
			s.t.Fatal(err)
		}
		if removed, err := g.RemoveLeftovers(s.t.Context()); err != nil || len(removed) > 0 {
			s.t.Errorf("removed %v, %v", removed, err)
		}
		time.Sleep(3 * time.Hour)
		s.want("taken up", m, false, time.Hour-10*time.Minute, 2*time.Hour)
	})
	eachSpared(t, "let go", func(s spared) {
		ctx, stop := context.WithCancel(s.t.Context())
		first := s.program().Keep(ctx, client.Request{InternalPort: 8080, Lease: 2 * time.Hour})
		if err := first.Wait(ctx); err != nil {
			s.t.Fatal(err)
		}
		m := s.keep()
		s.want("both", m, true, time.Hour, 2*time.Hour)
		time.Sleep(30 * time.Minute)
		stop()
		for range 12 {
			time.Sleep(time.Hour)
			synctest.Wait()
			if got := len(s.table()); got != 1 {
				s.t.Fatalf("%d entries", got)
			}
		}
		s.want("taken over", m, false, time.Hour-10*time.Minute, 2*time.Hour)
	})
}
