package emulator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// What faults on the table leave of three steps: a port is added, deleted, and looked for. A subscriber hears SystemUpdateID too.
func TestFaultsOnTheTable(t *testing.T) {
	done, none := answer{Out: map[string]string{}}, answer{Status: 500, Code: 714}
	const usual = `TCP 8080 → 192.168.1.10:80 "web" 1h0m0s`
	const first = "0 PossibleConnectionTypes=IP_Routed ConnectionStatus=Connected ExternalIPAddress=45.66.77.88 PortMappingNumberOfEntries=0"
	there, gone := "1 PortMappingNumberOfEntries=1", "2 PortMappingNumberOfEntries=0"
	tests := []struct {
		name           string
		on             emulator.Layer
		do             emulator.Deed
		added, deleted answer
		stored         string // between the two
		left           int    // entries in the end
		events         []string
	}{
		{"none", "forward", emulator.Deed{Drop: true}, done, done, usual, 0, []string{first, there, gone}},
		{"add upnp-error", "table.add", emulator.Deed{UPnPError: upnp(402)}, answer{Status: 500, Code: 402}, none, "", 0, []string{first}},
		{"add store", "table.add", emulator.Deed{Store: new(false)}, done, none, "", 0, []string{first}},
		{"add silent", "table.add", emulator.Deed{Silent: true}, done, done, usual, 0, []string{first, "1 PortMappingNumberOfEntries=0"}},
		// Technicolor cable gateway (quirk add-lease-forced-86400).
		{"add set", "table.add", emulator.Deed{Set: settings("NewLeaseDuration", "86400")}, done, done, `TCP 8080 → 192.168.1.10:80 "web" 24h0m0s`, 0, []string{first, there, gone}},
		// Orange FunBox 6 (quirk add-internal-port-forced).
		{"add same-as", "table.add", emulator.Deed{Set: map[string]emulator.Setting{"NewInternalPort": {SameAs: "NewExternalPort"}}}, done, done, `TCP 8080 → 192.168.1.10:8080 "web" 1h0m0s`, 0, []string{first, there, gone}},
		{"add under another key", "table.add", emulator.Deed{Set: settings("NewExternalPort", "9090")}, done, none, `TCP 9090 → 192.168.1.10:80 "web" 1h0m0s`, 1, []string{first, there}},
		{"delete upnp-error", "table.delete", emulator.Deed{UPnPError: upnp(714)}, done, none, usual, 1, []string{first, there}},
		// miniupnpd-nftables 2.3.0 (quirk delete-ok-remains).
		{"delete store", "table.delete", emulator.Deed{Store: new(false)}, done, done, usual, 1, []string{first, there}},
		{"delete silent", "table.delete", emulator.Deed{Silent: true}, done, done, usual, 0, []string{first, there}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			visit(t, emulator.Options{Faults: []emulator.Fault{{On: tt.on, Do: tt.do}}}, func(v *visitor) {
				events := v.subscribe()
				if d := cmp.Diff(tt.added, v.add("8080")); d != "" {
					t.Errorf("add (-want +got)\n%s", d)
				}
				var want []string
				if tt.stored != "" {
					want = []string{tt.stored}
				}
				if d := cmp.Diff(want, v.stored()); d != "" {
					t.Errorf("stored (-want +got)\n%s", d)
				}
				if d := cmp.Diff(tt.deleted, v.delete("8080")); d != "" {
					t.Errorf("delete (-want +got)\n%s", d)
				}
				if n := len(v.stored()); n != tt.left {
					t.Errorf("%d entries are left, want %d", n, tt.left)
				}
				time.Sleep(time.Minute) // fake
				if d := cmp.Diff(tt.events, drain(events)); d != "" {
					t.Errorf("events (-want +got)\n%s", d)
				}
			})
		})
	}
}

func drain(events <-chan string) (all []string) {
	for len(events) > 0 {
		all = append(all, <-events)
	}
	return all
}

// A mapping that outlives its lease is listed with none of it left, can be renewed, and outlives that one too.
func TestMappingOutlivesItsLease(t *testing.T) {
	visit(t, emulator.Options{Faults: []emulator.Fault{{Name: "keeps", On: "table.expire", Do: emulator.Deed{Store: new(false)}}}}, func(v *visitor) {
		lease := func(want string) {
			t.Helper()
			if got := v.specific("8080").Out["NewLeaseDuration"]; got != want {
				t.Errorf("lease of %q s, want %q", got, want)
			}
		}
		v.add("8080")
		v.add("8081", "NewLeaseDuration", "60")
		time.Sleep(time.Hour) // fake
		lease("0")
		time.Sleep(48 * time.Hour)
		v.add("8080")
		lease("3600")
		time.Sleep(2 * time.Hour)
		lease("0")
		if d := cmp.Diff([]string{"keeps", "keeps", "keeps"}, v.faults()); d != "" {
			t.Errorf("once per lease (-want +got)\n%s", d)
		}
		v.delete("8080")
		v.delete("8081")
		if left := v.stored(); left != nil {
			t.Errorf("left over: %v", left)
		}
	})
}

func TestMappingExpiresSilently(t *testing.T) {
	visit(t, emulator.Options{Faults: []emulator.Fault{{On: "table.expire", Do: emulator.Deed{Silent: true}}}}, func(v *visitor) {
		v.add("8080", "NewLeaseDuration", "60")
		events := v.subscribe()
		time.Sleep(time.Hour) // fake
		if got := drain(events); len(got) != 1 || len(v.stored()) != 0 {
			t.Errorf("heard %q; stored %q", got, v.stored())
		}
	})
}

// Of mappings that expire together, one is silent: the other tells of both.
func TestOneExpiresSilently(t *testing.T) {
	silent := emulator.Fault{On: "table.expire", When: emulator.When{First: 1}, Do: emulator.Deed{Silent: true}}
	visit(t, emulator.Options{Faults: []emulator.Fault{silent}}, func(v *visitor) {
		v.add("8080", "NewLeaseDuration", "60")
		v.add("8081", "NewLeaseDuration", "60")
		events := v.subscribe()
		time.Sleep(time.Hour) // fake
		all := drain(events)
		if len(all) != 2 || all[1] != "1 PortMappingNumberOfEntries=0" {
			t.Errorf("heard %q", all)
		}
	})
}

// add-table-full-silent-32: the 33rd mapping gets success and is not created.
func TestTableFullSilent32(t *testing.T) {
	full := emulator.Fault{On: "table.add", If: emulator.Condition{Size: emulator.Count{AtLeast: new(32)}}, Do: emulator.Deed{Store: new(false)}}
	visit(t, emulator.Options{Faults: []emulator.Fault{full}}, func(v *visitor) {
		done := answer{Out: map[string]string{}}
		for port := 8001; port <= 8040; port++ {
			if d := cmp.Diff(done, v.add(fmt.Sprint(port))); d != "" {
				t.Errorf("adding %d (-want +got)\n%s", port, d)
			}
		}
		all := v.g.Mappings()
		if len(all) != 32 || all[31].ExternalPort != 8032 {
			t.Fatalf("%d mappings", len(all))
		}
		if d := cmp.Diff(answer{Status: 500, Code: 714}, v.specific("8033")); d != "" {
			t.Errorf("the 33rd (-want +got)\n%s", d)
		}
		v.delete("8001")
		v.add("8033")
		if n := len(v.faults()); n != 8 || len(v.g.Mappings()) != 32 {
			t.Errorf("after one was deleted: %d mappings; the fault acted %d times", len(v.g.Mappings()), n)
		}
	})
}
