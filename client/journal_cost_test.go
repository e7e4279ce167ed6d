package client

import (
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/statefile"
)

// countedJournal are options with a journal that counts how often its file, or its lock, is opened.
func countedJournal(t *testing.T, n Net) (Options, *atomic.Int64) {
	opened := new(atomic.Int64)
	o := Options{Net: n, Journal: filepath.Join(t.TempDir(), "ports.json"), Warn: func(err error) { t.Errorf("warned: %v", err) }}
	o.ports = o.journalTable()
	o.ports.Opened = func() { opened.Add(1) }
	return o, opened
}

// journalRouter is a gateway and a computer behind it.
func journalRouter(t *testing.T, n *emulator.Network) (router *emulator.Gateway, pc *emulator.Host) {
	host := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
	pc = n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))
	pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	return emulator.Start(t, emulator.Options{Net: host, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", ExternalIP: netip.MustParseAddr("45.66.77.88")}), pc
}

// journaled are the entries of the journal.
func journaled(t *testing.T, g *Gateway) []JournalEntry {
	t.Helper()
	all, err := g.JournalEntries(t.Context())
	if err != nil {
		t.Error(err)
	}
	return all
}

// keepJournaled keeps n mappings, and gives their presence in the journal.
func keepJournaled(t *testing.T, c *Client, n int) (all []*Mapping) {
	t.Helper()
	for i := range n {
		m := c.Keep(t.Context(), Request{InternalPort: uint16(10000 + i), Lease: 24 * time.Hour})
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// With a journal, to open a mapping costs as much whatever is open already, and a look at all of them reads the journal once. What is not as it was written
// is mended by the next look.
func TestManyMappingsAreJournaled(t *testing.T) {
	const n = 300
	inNetwork(t, func(t *testing.T, net *emulator.Network) {
		router, pc := journalRouter(t, net)
		o, opened := countedJournal(t, pc)
		count := func() int { return int(opened.Swap(0)) }
		c := New(o)
		all := keepJournaled(t, c, n)
		if got := count(); got < 3*n || got > 5*n+10 { // what was opened before, that it is to be opened, and who keeps it; two of them under the lock
			t.Errorf("to open %d mappings the journal was opened %d times", n, got)
		}
		time.Sleep(20 * time.Minute)
		count()
		for range 3 {
			time.Sleep(15 * time.Minute)
			synctest.Wait()
			if got := count(); got < 1 || got > 4 {
				t.Errorf("with a look at %d mappings the journal was opened %d times", n, got)
			}
		}

		g, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lose := func(rows []journalRow) ([]journalRow, bool) {
			rows[n/2].Keeper = ""
			return rows[1:], true
		}
		if err := statefile.Change(t.Context(), o.ports.File, lose); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute) // a look sees it
		time.Sleep(15 * time.Minute) // and the next one, before it reads the journal anew
		synctest.Wait()
		noted := journaled(t, g)
		for _, e := range noted {
			if !e.Kept {
				t.Errorf("%+v", e)
			}
		}
		if len(noted) != n || len(router.Mappings()) != n {
			t.Errorf("%d entries in the journal, %d open", len(noted), len(router.Mappings()))
		}
		count()
		for _, m := range all {
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if got := count(); got > 4*n+10 { // who else has it, that it is there still, and that it is not; one of them under the lock
			t.Errorf("to close %d mappings the journal was opened %d times", n, got)
		}
		if left := journaled(t, g); len(left) > 0 {
			t.Errorf("%d are left", len(left))
		}
	})
}

// A process that is stopped and holds the journal's lock keeps the mappings of the others from nothing for long.
func TestJournalLockedForLong(t *testing.T) {
	inNetwork(t, func(t *testing.T, net *emulator.Network) {
		const n = 30
		router, pc := journalRouter(t, net)
		o, _ := countedJournal(t, pc)
		warned := 0
		o.Warn = func(error) { warned++ }
		c := New(o)
		before := keepJournaled(t, c, n)
		unlock, err := statefile.TryLock(o.Journal + ".lock")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for i := range n {
			m := c.Keep(t.Context(), Request{InternalPort: uint16(20000 + i)})
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			before = append(before, m)
		}
		if took := time.Since(began); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("opened in %v", took)
		}
		time.Sleep(time.Hour)
		unlock()
		time.Sleep(31 * time.Minute) // two looks
		synctest.Wait()
		g, err := c.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if noted := journaled(t, g); len(noted) != 2*n {
			t.Errorf("%d of %d entries are in the journal", len(noted), 2*n)
		}
		if len(router.Mappings()) != 2*n {
			t.Errorf("%d are open", len(router.Mappings()))
		}
		if unlock, err = statefile.TryLock(o.Journal + ".lock"); err != nil {
			t.Fatal(err)
		}
		defer unlock()
		began = time.Now()
		for _, m := range before {
			if err := m.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("closed in %v", took)
		}
		if warned == 0 || warned > 100 {
			t.Errorf("%d warnings", warned)
		}
	})
}
