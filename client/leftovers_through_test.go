package client_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// From the moment that Keep returns a crash leaves nothing on any gateway of a chain that the next process does not know to close.
func TestKeepThroughIsJournaledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		o := client.Options{Net: s.pc, Journal: filepath.Join(t.TempDir(), "ports.json")}
		m, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Through: true}, o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close(t.Context())
		g, err := client.Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		chain, err := g.JournalGateways(t.Context())
		if err != nil || len(chain) != 2 {
			t.Fatalf("%d gateways in the journal, %v", len(chain), err)
		}
		m.Keep(t.Context())
		b, err := os.ReadFile(o.Journal) // before anybody else has had the time to do anything
		if n := bytes.Count(b, []byte(`"keeper"`)); err != nil || n != 2 {
			t.Errorf("%d of 2 entries have a keeper, %v:\n%s", n, err, b)
		}
		for i, g := range chain {
			if all := journaled(t, g); len(all) != 1 || !all[0].Kept {
				t.Errorf("gateway %d: %+v, want one entry that is kept", i, all)
			}
		}
	})
}

// What a crash left beyond is removed from an outer gateway that does not answer searches any more, at the place where it was.
func TestLeftoversBeyondSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, doubleNAT, nil)
		path := filepath.Join(t.TempDir(), "ports.json")
		o := client.Options{Net: s.pc, Journal: path}
		if _, err := client.Map(t.Context(), client.Request{InternalPort: 8080, Through: true}, o); err != nil {
			t.Fatal(err)
		}
		crash(t, path)
		s.want(t, "TCP 8080 → 192.168.1.10:8080", "TCP 8080 → 192.168.178.20:8080")
		must(t, s.gateways[1].AddFault(emulator.Fault{On: "ssdp.search", Do: emulator.Deed{Drop: true}}))
		g, err := client.Find(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if removed, err := g.RemoveLeftovers(t.Context()); err != nil || len(removed) != 2 {
			t.Errorf("removed %+v, %v", removed, err)
		}
		s.want(t, "", "")
	})
}
