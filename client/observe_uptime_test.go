package client

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

// A counter that jitters is no connection that was made anew, and one that begins again is, whatever it has come to by then.
func TestObserveUptime(t *testing.T) {
	for name, tt := range map[string]struct {
		uptime func(look int, since time.Duration) time.Duration
		anew   int
	}{
		"off by a second": {func(look int, since time.Duration) time.Duration { return since - time.Duration(look%2*2)*time.Second }, 0},
		"minutes":         {func(look int, since time.Duration) time.Duration { return since.Truncate(time.Minute) }, 0},
		"any number":      {func(look int, since time.Duration) time.Duration { return time.Hour - 10*since }, maxRestarts},
		"began anew": {func(look int, since time.Duration) time.Duration {
			if since > 25*time.Second {
				since -= 24 * time.Second
			}
			return since
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newStub(t, n, "router", "192.168.1.1/24")
				began, look := time.Now(), 0
				answers := connected("45.66.77.88")
				answers["GetStatusInfo"] = func(w http.ResponseWriter, _ *http.Request) {
					look++
					w.Write(soap.WriteResponse("urn:schemas-upnp-org:service:WANIPConnection:1", "GetStatusInfo", []soap.Arg{
						{Name: "NewConnectionStatus", Value: "Connected"}, {Name: "NewLastConnectionError", Value: "ERROR_NONE"},
						{Name: "NewUptime", Value: fmt.Sprint(int(tt.uptime(look, time.Since(began)).Seconds()))}}))
				}
				s.page("/desc.xml", description("uuid:router", "WANIPConnection:1", "/ctl"))
				s.actions("/ctl", answers)
				s.announce(s.url("/desc.xml"))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var kinds []EventKind
				for c := range New(Options{Net: newPC(n)}).Observe(ctx, time.Second) {
					kinds = append(kinds, c.Kind)
				}
				kinds = slices.DeleteFunc(kinds, func(k EventKind) bool { return k != ConnectionChanged })
				if len(kinds) != tt.anew {
					t.Errorf("the connection was made anew %d times, not %d", len(kinds), tt.anew)
				}
			})
		})
	}
}
