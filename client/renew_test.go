package client_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// Renewals go along with looks, which tell what stands there before and what became of it after: each is one request.
func TestRenewalsGoAlong(t *testing.T) {
	const n, hours = 50, 10
	for version, look := range map[int]int{1: n + 1, 2: 2} { // requests of a listing
		t.Run(fmt.Sprint("IGD:", version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := newCallCount()
				h := newHome(t, emulator.Options{Version: version, Journal: calls})
				c := client.New(client.Options{Net: h.pc})
				all := keepMany(t, c, n, client.Request{Lease: 2 * time.Hour, CheckInterval: 15 * time.Minute})
				time.Sleep(20 * time.Minute)
				before := calls.now()
				time.Sleep(hours * time.Hour)
				by, total := calls.since(before)
				if adds := by["AddPortMapping"] + by["AddAnyPortMapping"]; adds < n*hours || adds > n*hours*8/7 {
					t.Errorf("renewed by %v", by)
				}
				if by["GetSpecificPortMappingEntry"] > 0 {
					t.Errorf("looked at one by one: %v", by)
				}
				if looks := hours * 4 * 10 / 9; total > n*hours*8/7+looks*(look+2) {
					t.Errorf("%d requests: %v", total, by)
				}
				if got := len(h.table()); got != n {
					t.Errorf("%d of %d mappings", got, n)
				}
				for _, m := range all {
					m.Close(t.Context())
				}
			})
		})
	}
}

// What another program has put in the place of an entry is never renewed away, whenever it did: not by a gateway that would allow it either.
func TestRenewalOverwritesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		h := newHome(t, emulator.Options{Version: 1, Policy: emulator.Policy{Conflict: emulator.ConflictPolicy{Other: "overwrite"}}})
		c := client.New(client.Options{Net: h.pc})
		all := keepMany(t, c, n, client.Request{Lease: 2 * time.Hour, CheckInterval: 15 * time.Minute})
		tv := client.New(client.Options{Net: h.host("tv", "192.168.1.20/24")})
		g, err := tv.Gateway(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			time.Sleep(5*time.Minute + 7*time.Second)
			theirs := client.PortMapping{ExternalPort: uint16(10000 + i), Protocol: "TCP", InternalPort: 1, InternalClient: "192.168.1.20", Enabled: true, Description: "tv"}
			if err := g.AddPortMapping(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Hour)
		for _, m := range h.Mappings() {
			if m.Description != "tv" {
				t.Errorf("overwritten: %v", m)
			}
		}
		if got := len(h.Mappings()); got != n {
			t.Errorf("%d mappings", got)
		}
		for _, m := range all {
			m.Close(t.Context())
		}
	})
}
