package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// A question that a gateway lets wait costs one probe's time, and is not asked again for each port; the ports are open, and what is lost is found.
func TestDeafQuestion(t *testing.T) {
	for _, action := range []string{"GetExternalIPAddress", "GetSpecificPortMappingEntry", "GetGenericPortMappingEntry"} {
		for name, do := range map[string]emulator.Deed{"hangs": {Hang: true}, "resets": {Close: emulator.RST}} {
			t.Run(action+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHome(t, emulator.Options{Version: 1, Faults: []emulator.Fault{{On: emulator.Layer("soap." + action), Do: do}}})
					began := time.Now()
					c := client.New(client.Options{Net: h.pc})
					var all []*client.Mapping
					for port := range uint16(3) {
						m, err := c.Map(t.Context(), client.Request{InternalPort: 8080 + port, CheckInterval: 15 * time.Minute})
						if err != nil {
							t.Fatal(err)
						}
						all = append(all, m)
					}
					if took := time.Since(began); took > 7*time.Second { // 3 s for the answer, and 200 ms from then on between two requests
						t.Errorf("it took %v", took)
					}
					asked := 0
					for _, e := range h.Journal() {
						if e.Kind == "soap.call" && e.Name == action {
							asked++
						}
					}
					if asked > 2 {
						t.Errorf("asked %d times", asked)
					}
					for _, m := range all {
						m.Keep(t.Context())
						defer m.Close(t.Context())
					}
					time.Sleep(30 * time.Minute)
					g, err := c.Gateway(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if err := g.DeletePortMapping(t.Context(), client.Key{ExternalPort: 8080, Protocol: "TCP"}); err != nil { // behind the keeper's back
						t.Fatal(err)
					}
					time.Sleep(16 * time.Minute)
					if len(h.Mappings()) != 3 || all[0].Err() != nil {
						t.Errorf("%v, %v", h.Mappings(), all[0].Err())
					}
				})
			})
		}
	}
}
