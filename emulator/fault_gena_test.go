package emulator_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

func TestFaultsOnSubscriptions(t *testing.T) {
	fields := []string{"CALLBACK", "<http://192.168.1.10:5000/>", "NT", "upnp:event", "TIMEOUT", "Second-1800"}
	tests := []struct {
		name       string
		f          emulator.Fault
		want       answer
		subscribed bool
	}{
		{"http-status", emulator.Fault{Do: emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 503}}}, answer{Status: 503}, false},
		{"drop", emulator.Fault{Do: emulator.Deed{Drop: true}}, answer{End: "eof"}, false},
		{"close fin", emulator.Fault{Do: emulator.Deed{Close: emulator.FIN}}, answer{End: "eof"}, false},
		{"close rst", emulator.Fault{Do: emulator.Deed{Close: emulator.RST}}, answer{End: "reset"}, false},
		{"hang", emulator.Fault{Do: emulator.Deed{Hang: true}}, answer{End: "timeout"}, false},
		{"delay", emulator.Fault{Do: emulator.Deed{Delay: span(2 * time.Second)}}, answer{Took: 2 * time.Second}, true},
		{"another path", emulator.Fault{If: emulator.Condition{Path: emulator.Test{Contains: new("Layer3")}}, Do: emulator.Deed{Drop: true}}, answer{}, true},
		{"another method", emulator.Fault{If: emulator.Condition{Method: emulator.Test{Equals: new("UNSUBSCRIBE")}}, Do: emulator.Deed{Drop: true}}, answer{}, true},
		// Technicolor Cobra XH (quirk life-subscribe-412).
		{"header", emulator.Fault{If: emulator.Condition{Header: map[string]emulator.Test{"TIMEOUT": {Equals: new("Second-1800")}}}, Do: emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 412}}}, answer{Status: 412}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.On = "gena.subscribe"
			visit(t, emulator.Options{Faults: []emulator.Fault{tt.f}}, func(v *visitor) {
				if d := cmp.Diff(tt.want, v.subscription("SUBSCRIBE", fields...)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				subscribed := false
				for _, e := range v.g.Journal() {
					subscribed = subscribed || e.Kind == "state.subscribed"
				}
				if subscribed != tt.subscribed {
					t.Errorf("subscribed: %v", subscribed)
				}
			})
		})
	}
}

func TestFaultsOnEvents(t *testing.T) {
	const first = "0 PossibleConnectionTypes=IP_Routed ConnectionStatus=Connected ExternalIPAddress=45.66.77.88 PortMappingNumberOfEntries=0"
	lost := emulator.Condition{Arg: map[string]emulator.Test{"PortMappingNumberOfEntries": {Equals: new("1")}}}
	tests := []struct {
		name string
		f    emulator.Fault
		want []string
	}{
		{"drop", emulator.Fault{If: lost, Do: emulator.Deed{Drop: true}}, []string{first, "2 ExternalIPAddress=198.51.100.9"}},
		{"drop all", emulator.Fault{Do: emulator.Deed{Drop: true}}, nil},
		{"set", emulator.Fault{If: lost, Do: emulator.Deed{Set: settings("PortMappingNumberOfEntries", "0")}}, []string{first, "1 PortMappingNumberOfEntries=0", "2 ExternalIPAddress=198.51.100.9"}},
		{"add", emulator.Fault{If: lost, Do: emulator.Deed{Set: settings("ConnectionStatus", "Up")}}, []string{first, "1 PortMappingNumberOfEntries=1 ConnectionStatus=Up", "2 ExternalIPAddress=198.51.100.9"}},
		{"rename", emulator.Fault{If: lost, Do: emulator.Deed{Rename: map[string]string{"PortMappingNumberOfEntries": "Entries"}}}, []string{first, "1 Entries=1", "2 ExternalIPAddress=198.51.100.9"}},
		{"remove", emulator.Fault{If: lost, Do: emulator.Deed{Remove: []string{"PortMappingNumberOfEntries"}}}, []string{first, "1", "2 ExternalIPAddress=198.51.100.9"}},
		{"duplicate", emulator.Fault{If: lost, Do: emulator.Deed{Duplicate: 2}}, []string{first, "1 PortMappingNumberOfEntries=1", "1 PortMappingNumberOfEntries=1", "1 PortMappingNumberOfEntries=1", "2 ExternalIPAddress=198.51.100.9"}},
		{"second", emulator.Fault{When: emulator.When{Every: 2, Per: "client"}, Do: emulator.Deed{Drop: true}}, []string{first, "2 ExternalIPAddress=198.51.100.9"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.On = "gena.notify"
			visit(t, emulator.Options{Faults: []emulator.Fault{tt.f}}, func(v *visitor) {
				events := v.subscribe()
				v.add("8080")
				if err := v.g.SetExternalIP(netip.MustParseAddr("198.51.100.9")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // fake
				if d := cmp.Diff(tt.want, drain(events)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		})
	}
}

// A late event holds up those behind it, because each subscriber is told in order.
func TestLateEvent(t *testing.T) {
	late := emulator.Fault{On: "gena.notify", When: emulator.When{AfterCount: 1, First: 1}, Do: emulator.Deed{Delay: span(5 * time.Second)}}
	visit(t, emulator.Options{Faults: []emulator.Fault{late}}, func(v *visitor) {
		events := v.subscribe()
		<-events
		start := time.Now()
		v.add("8080")
		v.delete("8080")
		for _, want := range []string{"1 PortMappingNumberOfEntries=1", "2 PortMappingNumberOfEntries=0"} {
			if e, took := <-events, time.Since(start).Truncate(time.Millisecond); e != want || took != 5*time.Second {
				t.Errorf("%s after %v, want %s after 5s", e, took, want)
			}
		}
	})
}

// An event that waits does not keep a gateway from closing.
func TestLateEventAtTheEnd(t *testing.T) {
	late := emulator.Fault{On: "gena.notify", Do: emulator.Deed{Delay: span(10 * time.Minute)}}
	visit(t, emulator.Options{Faults: []emulator.Fault{late}}, func(v *visitor) {
		events := v.subscribe()
		start := time.Now()
		if err := v.g.Close(); err != nil {
			t.Error(err)
		}
		if time.Since(start) > time.Second || len(events) > 0 {
			t.Errorf("closed after %v; events %q", time.Since(start), drain(events))
		}
	})
}
