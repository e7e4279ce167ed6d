package client

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// plan is one request to a gateway, and what comes of it.
type plan struct {
	name  string
	gw    fakeGateway
	rows  []PortMapping
	req   Request
	table []string // after
	trace []string // steps with their outcome
	lease string   // granted to the first entry; "": 24h0m0s
	bad   string   // the error
	doubt bool     // the entries are not verified
}

// testPlans carries out each of the requests, and closes what was opened.
func testPlans(t *testing.T, tests []plan) {
	t.Helper()
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &tt.gw
				gw.address = "203.0.113.7"
				gw.put(tt.rows...)
				m := gw.mapping(tt.req)
				err := m.openOnce(t.Context())
				if diff := cmp.Diff(tt.table, gw.table()); diff != "" {
					t.Errorf("table (-want +got):\n%s", diff)
				}
				var steps []string
				for _, s := range m.Trace() {
					s.Err = nil
					steps = append(steps, s.String())
				}
				if diff := cmp.Diff(tt.trace, steps); diff != "" {
					t.Errorf("trace (-want +got):\n%s", diff)
				}
				if tt.bad != "" {
					me, ok := errors.AsType[*MapError](err)
					if !ok || err.Error() != tt.bad {
						t.Fatalf("got %v, want a *MapError %q", err, tt.bad)
					}
					if len(me.Trace) != len(steps) {
						t.Errorf("the error has %d steps of %d", len(me.Trace), len(steps))
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				lease := tt.lease
				if lease == "" {
					lease = "24h0m0s"
				}
				if tt.req.Lease == 0 && lease != m.Entries()[0].Lease.String() {
					t.Errorf("lease %s, want %s", m.Entries()[0].Lease, lease)
				}
				for _, e := range m.Entries() {
					if e.Verified == tt.doubt {
						t.Errorf("%s: verified %v", e, e.Verified)
					}
				}

				// Close leaves exactly what was not ours.
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
				rest := []string{}
				for _, r := range tt.rows {
					if !strings.HasPrefix(r.Description, describer) || r.InternalPort != tt.req.InternalPort {
						rest = append(rest, text(r))
					}
				}
				slices.Sort(rest)
				if diff := cmp.Diff(rest, gw.table()); diff != "" {
					t.Errorf("after close (-want +got):\n%s", diff)
				}
				if err := m.Close(t.Context()); err != nil {
					t.Errorf("second close: %v", err)
				}
			})
		})
	}
}
