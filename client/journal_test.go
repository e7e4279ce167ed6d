package client_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/statefile"
)

// noting are options with a journal whose warnings fail the test.
func noting(t *testing.T, h *home, path string) client.Options {
	return client.Options{Net: h.pc, Journal: path, Warn: func(err error) { t.Errorf("warned: %v", err) }}
}

// row is an entry of the journal as a test reads it.
type row struct {
	Port       uint16
	Protocol   string
	Kept, Left bool
	Ends       time.Duration // from now
}

// journaled are the entries of the journal.
func journaled(t *testing.T, g *client.Gateway) []client.JournalEntry {
	t.Helper()
	all, err := g.JournalEntries(t.Context())
	if err != nil {
		t.Error(err)
	}
	return all
}

// A journal that cannot be read, or of which nobody knows whose processes live, is an error, and no journal of nothing.
func TestJournalThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "ports.json")
		warnings := 0
		o := client.Options{Net: h.pc, Journal: path, Warn: func(error) { warnings++ }}
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 8000}, o); err != nil {
			t.Fatal(err)
		}
		crash(t, path)
		g, err := client.Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := statefile.TryLock(path + ".lock")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second one does not wait
			if all, err := g.JournalEntries(t.Context()); !errors.Is(err, statefile.ErrLocked) || len(all) != 1 || all[0].Left {
				t.Errorf("locked: %+v, %v", all, err)
			}
		}
		unlock()
		time.Sleep(time.Minute) // it is left alone for a while
		later := `{"igdkit":"ports","version":9,"rows":[]}`
		if err := os.WriteFile(path, []byte(later), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := g.JournalEntries(t.Context()); !errors.Is(err, statefile.ErrNewer) || len(all) > 0 {
			t.Errorf("of a later version: %+v, %v", all, err)
		}
		if warnings > 0 {
			t.Errorf("%d warnings beside the errors", warnings)
		}
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if all := journaled(t, g); len(all) > 0 || warnings == 0 {
			t.Errorf("corrupt: %+v, %d warnings", all, warnings)
		}
	})
}

// rows reads the journal as another program would.
func rows(t *testing.T, h *home, path string) (all []row) {
	t.Helper()
	g, err := client.Find(t.Context(), noting(t, h, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range journaled(t, g) {
		r := row{Port: e.ExternalPort, Protocol: e.Protocol, Kept: e.Kept, Left: e.Left}
		if !e.Ends.IsZero() {
			r.Ends = time.Until(e.Ends).Round(time.Minute)
		}
		if e.PID != os.Getpid() || e.InternalClient != "192.168.1.10" {
			t.Errorf("%+v", e)
		}
		all = append(all, r)
	}
	return all
}

// The journal has what is open, from before it is until it is closed, and who keeps it.
func TestJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "igdkit", "ports.json")
		c := client.New(noting(t, h, path))
		want := func(when string, all ...row) {
			t.Helper()
			if diff := cmp.Diff(all, rows(t, h, path)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", when, diff)
			}
		}
		want("at first")

		early := 0
		h.onMap = func() {
			if _, err := os.Stat(path); err == nil {
				early++
			}
		}
		once, err := c.Map(t.Context(), client.Request{InternalPort: 1000, Protocol: "both"})
		if err != nil {
			t.Fatal(err)
		}
		if early != 2 {
			t.Errorf("%d of 2 entries were written down before they were opened", early)
		}
		h.onMap = nil
		day := 24 * time.Hour
		want("opened", row{1000, "TCP", false, false, day}, row{1000, "UDP", false, false, day})

		ctx, stop := context.WithCancel(t.Context())
		kept := c.Keep(ctx, client.Request{InternalPort: 2000})
		forever := c.Keep(t.Context(), client.Request{InternalPort: 3000, Permanent: true})
		for _, m := range []*client.Mapping{kept, forever} {
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		want("kept", row{1000, "TCP", false, false, day}, row{1000, "UDP", false, false, day},
			row{2000, "TCP", true, false, 2 * time.Hour}, row{3000, "TCP", true, false, 0})
		time.Sleep(70 * time.Minute)
		synctest.Wait()
		if r := rows(t, h, path)[2]; r.Ends < time.Hour {
			t.Errorf("renewed: %+v", r)
		}

		// A program that stops keeping a port and does not close it has not crashed.
		stop()
		synctest.Wait()
		if r := rows(t, h, path)[2]; r.Kept || r.Left {
			t.Errorf("let go: %+v", r)
		}
		for _, m := range []*client.Mapping{once, kept, forever} {
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		want("closed")
		if left, _ := filepath.Glob(path + ".*.alive"); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// What is refused is not in the journal; AddAnyPortMapping is under the port that it gave.
func TestJournalOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 2, Policy: emulator.Policy{Ports: emulator.PortPolicy{Lowest: 2000}}})
		path := filepath.Join(t.TempDir(), "ports.json")
		c := client.New(noting(t, h, path))
		if m, err := c.Map(t.Context(), client.Request{InternalPort: 1000}); err == nil {
			t.Errorf("opened %v", m.Entries())
		}
		if all := rows(t, h, path); len(all) > 0 {
			t.Errorf("refused: %v", all)
		}
		m, err := c.Map(t.Context(), client.Request{InternalPort: 3000, ExternalPort: 1000, AnyPort: true})
		if err != nil {
			t.Fatal(err)
		}
		if m.External().Port() == 1000 {
			t.Error("the gateway opened a port that it keeps to itself")
		}
		if all := rows(t, h, path); len(all) != 1 || all[0].Port != m.External().Port() {
			t.Errorf("%v, open on %v", all, m.External())
		}
	})
}

// What was opened and has ended, or belongs to somebody else now, is forgotten and not deleted.
func TestReleaseLooksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "ports.json")
		c := client.New(noting(t, h, path))
		for port := uint16(1000); port < 1003; port++ {
			if _, err := c.Map(t.Context(), client.Request{InternalPort: port + 7000, ExternalPort: port + 7000, Lease: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}
		g, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Another program of this computer has one of the ports by now, and one has ended.
		all := journaled(t, g)
		taken := all[0].PortMapping
		if err := g.DeletePortMapping(t.Context(), taken.Key()); err != nil {
			t.Fatal(err)
		}
		taken.Description = "somebody else"
		if err := g.AddPortMapping(t.Context(), taken); err != nil {
			t.Fatal(err)
		}
		if err := g.DeletePortMapping(t.Context(), all[1].Key()); err != nil {
			t.Fatal(err)
		}
		var got []bool
		for _, e := range all {
			deleted, err := g.Release(t.Context(), e)
			if err != nil {
				t.Error(err)
			}
			got = append(got, deleted)
		}
		if diff := cmp.Diff([]bool{false, false, true}, got); diff != "" {
			t.Errorf("deleted (-want +got)\n%s", diff)
		}
		if table := h.table(); len(table) != 1 || len(rows(t, h, path)) != 0 {
			t.Errorf("the gateway has %v, the journal %v", table, rows(t, h, path))
		}
	})
}

// Without a place for it ports open all the same.
func TestJournalThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		warnings := 0
		o := client.Options{Net: h.pc, Journal: filepath.Join(file, "ports.json"), Warn: func(error) { warnings++ }}
		m := client.Keep(t.Context(), client.Request{InternalPort: 8000}, o)
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(t.Context()); err != nil || warnings == 0 {
			t.Errorf("%v, %d warnings", err, warnings)
		}
		if table := h.table(); len(table) > 0 {
			t.Errorf("left %v", table)
		}
	})
}

// crash makes of what is in the journal what a crashed process left behind.
func crash(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.ReplaceAll(b, []byte(`"pid":`), []byte(`"keeper":"1-deadbeef","pid":`))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a crashed process left is taken up by who wants it, gives way to who wants its port for something else, and is removed by whoever keeps a port,
// ten seconds later.
func TestLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, emulator.Options{Version: 1})
		path := filepath.Join(t.TempDir(), "ports.json")
		crashes, c := client.New(noting(t, h, path)), client.New(noting(t, h, path))
		for port := uint16(8000); port < 8003; port++ {
			if _, err := crashes.Map(t.Context(), client.Request{InternalPort: port, Description: "before"}); err != nil {
				t.Fatal(err)
			}
		}
		crash(t, path)
		if all := rows(t, h, path); !all[0].Left || all[0].Kept {
			t.Fatalf("%+v", all)
		}
		adopts := c.Keep(t.Context(), client.Request{InternalPort: 8000, Description: "after"})
		takes := c.Keep(t.Context(), client.Request{InternalPort: 9001, ExternalPort: 8001})
		for _, m := range []*client.Mapping{adopts, takes} {
			defer m.Close(t.Context())
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.table()); n != 3 || adopts.Entries()[0].Shared {
			t.Errorf("%v, shared %v", h.table(), adopts.Entries()[0].Shared)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		want := []string{"TCP 8000 → 192.168.1.10:8000", "TCP 8001 → 192.168.1.10:9001"}
		if diff := cmp.Diff(want, h.table()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		for _, r := range rows(t, h, path) {
			if !r.Kept || r.Left {
				t.Errorf("%+v", r)
			}
		}
	})
}
