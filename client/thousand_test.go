package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// callCount counts control requests by action. It is the Journal of a gateway.
type callCount struct {
	mu sync.Mutex
	by map[string]int
}

func (c *callCount) Write(line []byte) (int, error) {
	var e struct{ Kind, Name string }
	if bytes.Contains(line, []byte(`"soap.call"`)) {
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.by[e.Name]++
	}
	return len(line), nil
}

// since gives what was called from before on.
func (c *callCount) since(before map[string]int) (by map[string]int, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by = map[string]int{}
	for action, n := range c.by {
		if n -= before[action]; n > 0 {
			by[action] = n
			total += n
		}
	}
	return by, total
}

// now gives what was called so far.
func (c *callCount) now() map[string]int {
	by, _ := c.since(nil)
	return by
}

func newCallCount() *callCount { return &callCount{by: map[string]int{}} }

// keepMany opens n mappings from port 10000 on.
func keepMany(t *testing.T, c *client.Client, n int, req client.Request) (all []*client.Mapping) {
	t.Helper()
	for i := range n {
		r := req
		r.InternalPort = uint16(10000 + i)
		m := c.Keep(t.Context(), r)
		if err := m.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// A thousand mappings are looked at by one reading of the table, the address and the state, and one of them that is lost is back within the check
// interval.
func TestThousandMappings(t *testing.T) {
	n := 1000
	if testing.Short() || raceDetector {
		n = 100
	}
	for version, perCheck := range map[int]int{
		1: n + 1 + 2, // one request for each row, and one that finds the end
		2: 2 + 2,     // one for each protocol
	} {
		t.Run(fmt.Sprint("IGD:", version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := newCallCount()
				h := newHome(t, emulator.Options{Version: version, Journal: calls})
				c := client.New(client.Options{Net: h.pc})
				all := keepMany(t, c, n, client.Request{Lease: 24 * time.Hour})
				time.Sleep(20 * time.Minute)
				for range 3 {
					before := calls.now()
					time.Sleep(15 * time.Minute)
					synctest.Wait()
					if by, total := calls.since(before); total > perCheck+perCheck/8 || total < perCheck/2 {
						t.Errorf("%d requests in a check interval: %v", total, by)
					}
				}
				g, err := c.Gateway(t.Context())
				if err == nil {
					err = g.DeletePortMapping(t.Context(), client.Key{ExternalPort: uint16(10000 + n/2), Protocol: "TCP"})
				}
				if err != nil {
					t.Fatal(err)
				}
				before := calls.now()
				time.Sleep(15*time.Minute + time.Second)
				synctest.Wait()
				if got := len(h.table()); got != n {
					t.Errorf("%d of %d mappings", got, n)
				}
				if by, _ := calls.since(before); by["AddPortMapping"] != 1 {
					t.Errorf("repaired by %v", by)
				}
				for _, m := range all {
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if left := h.table(); len(left) > 0 {
					t.Errorf("%d are left, %s", len(left), left[0])
				}
			})
		})
	}
}

// A table whose readings differ, or show nothing, is not repaired time and again, and is not read for all when that is of no use.
func TestThousandUnseen(t *testing.T) {
	const n = 50
	for _, tt := range []struct {
		name    string
		version int
	}{{"list-views-differ", 2}, {"list-views-differ", 1}, {"list-empty-always", 2}, {"list-empty-always", 1}, {"getspecific-402", 1}} {
		t.Run(fmt.Sprint(tt.name, " IGD:", tt.version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc, err := scenarios.Load(tt.name)
				if err != nil {
					t.Fatal(err)
				}
				calls := newCallCount()
				o := sc.Options()[0]
				o.Version, o.Journal = tt.version, calls
				h := newHome(t, o)
				c := client.New(client.Options{Net: h.pc})
				all := keepMany(t, c, n, client.Request{Lease: 24 * time.Hour})
				time.Sleep(20 * time.Minute)
				before := calls.now()
				time.Sleep(3 * time.Hour)
				synctest.Wait()
				by, _ := calls.since(before)
				if by["AddPortMapping"]+by["DeletePortMapping"] > 0 {
					t.Errorf("repaired by %v", by)
				}
				if checks := 3 * 4; by["GetGenericPortMappingEntry"] > (checks+3)*(n+1) || by["GetSpecificPortMappingEntry"] > (checks+3)*n {
					t.Errorf("looked at by %v", by)
				}
				if got := len(h.Mappings()); got != n {
					t.Errorf("%d of %d mappings", got, n)
				}
				for _, m := range all {
					m.Close(t.Context())
				}
			})
		})
	}
}

// A restart that shows in the uptime only brings back what the gateway does not show, for all mappings, by one question for each check.
func TestUptimeTellsOfRestart(t *testing.T) {
	for _, n := range []int{1, 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := newCallCount()
				h := newHome(t, emulator.Options{Version: 1, Policy: emulator.Policy{List: emulator.ListPolicy{Hides: "all"}}, Journal: calls})
				c := client.New(client.Options{Net: h.pc})
				all := keepMany(t, c, n, client.Request{Lease: 24 * time.Hour})
				time.Sleep(2 * time.Hour)
				before := calls.now()
				time.Sleep(15 * time.Minute)
				if by, _ := calls.since(before); by["GetStatusInfo"] > 2 || by["AddPortMapping"] > 0 {
					t.Errorf("in a check interval: %v", by)
				}
				quiet := emulator.Reboot{ByeBye: new(false), Alive: new(false), BootID: new(false), Downtime: emulator.Duration(5 * time.Second)}
				if err := h.Reboot(quiet); err != nil {
					t.Fatal(err)
				}
				time.Sleep(15*time.Minute + time.Second)
				synctest.Wait()
				if got := len(h.Mappings()); got != n {
					t.Errorf("%d of %d mappings", got, n)
				}
				before = calls.now()
				time.Sleep(time.Hour)
				if by, _ := calls.since(before); by["AddPortMapping"] > 0 {
					t.Errorf("after an hour: %v", by)
				}
				slices.Reverse(all)
				for _, m := range all {
					m.Close(t.Context())
				}
			})
		})
	}
}
