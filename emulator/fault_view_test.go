package emulator_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

func TestFaultsOnViews(t *testing.T) {
	entry := func(change ...string) answer {
		out := map[string]string{
			"NewInternalPort": "80", "NewInternalClient": "192.168.1.10", "NewEnabled": "1", "NewPortMappingDescription": "web", "NewLeaseDuration": "3600",
		}
		for i := 0; i < len(change); i += 2 {
			if out[change[i]] = change[i+1]; change[i+1] == "-" {
				delete(out, change[i])
			}
		}
		return answer{Out: out}
	}
	const view = "view.GetSpecificPortMappingEntry"
	tests := []struct {
		name string
		f    emulator.Fault
		want answer
	}{
		// miniupnpd with nftables 2.3.0 (quirk list-internal-port-zero).
		{"set", emulator.Fault{On: view, Do: emulator.Deed{Set: settings("NewInternalPort", "0")}}, entry("NewInternalPort", "0")},
		{"add", emulator.Fault{On: view, Do: emulator.Deed{Set: settings("X_Owner", "me")}}, entry("X_Owner", "me")},
		{"set to what was asked", emulator.Fault{On: view, Do: emulator.Deed{Set: map[string]emulator.Setting{"NewInternalPort": {SameAs: "NewExternalPort"}}}}, entry("NewInternalPort", "8080")},
		{"rename", emulator.Fault{On: view, Do: emulator.Deed{Rename: map[string]string{"NewLeaseDuration": "NewLeaseTime"}}}, entry("NewLeaseDuration", "-", "NewLeaseTime", "3600")},
		{"remove", emulator.Fault{On: view, Do: emulator.Deed{Remove: []string{"NewEnabled", "NewInternalClient"}}}, entry("NewEnabled", "-", "NewInternalClient", "-")},
		{"upnp-error", emulator.Fault{On: view, Do: emulator.Deed{UPnPError: upnp(501)}}, answer{Status: 500, Code: 501}},
		{"another action's", emulator.Fault{On: "view.GetGenericPortMappingEntry", Do: emulator.Deed{UPnPError: upnp(501)}}, entry()},
		{"own entry", emulator.Fault{On: view, If: emulator.Condition{Existing: "own"}, Do: emulator.Deed{UPnPError: upnp(501)}}, answer{Status: 500, Code: 501}},
		{"other's entry", emulator.Fault{On: view, If: emulator.Condition{Existing: "other"}, Do: emulator.Deed{UPnPError: upnp(501)}}, entry()},
		{"argument", emulator.Fault{On: view, If: emulator.Condition{Arg: map[string]emulator.Test{"NewExternalPort": {Above: new(int64(8000))}}}, Do: emulator.Deed{Set: settings("NewEnabled", "0")}}, entry("NewEnabled", "0")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			visit(t, emulator.Options{Faults: []emulator.Fault{tt.f}}, func(v *visitor) {
				v.add("8080")
				if d := cmp.Diff(tt.want, v.specific("8080")); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				if d := cmp.Diff(answer{Status: 500, Code: 714}, v.specific("7")); d != "" {
					t.Errorf("a view of nothing (-want +got)\n%s", d)
				}
				if d := cmp.Diff([]string{`TCP 8080 → 192.168.1.10:80 "web" 1h0m0s`}, v.stored()); d != "" {
					t.Errorf("stored (-want +got)\n%s", d)
				}
			})
		})
	}
}

// list-views-differ: one way to read the table names another client than the two others.
func TestListViewsDiffer(t *testing.T) {
	fault := emulator.Fault{On: "view.GetGenericPortMappingEntry", Do: emulator.Deed{Set: settings("NewInternalClient", "0.0.0.0")}}
	visit(t, emulator.Options{Version: 2, Faults: []emulator.Fault{fault}}, func(v *visitor) {
		v.add("8080")
		v.add("8081")
		for _, index := range []string{"0", "1"} {
			if got := v.call("GetGenericPortMappingEntry", "NewPortMappingIndex", index).Out["NewInternalClient"]; got != "0.0.0.0" {
				t.Errorf("entry %s is of %s", index, got)
			}
		}
		if got := v.specific("8080").Out["NewInternalClient"]; got != "192.168.1.10" {
			t.Errorf("8080 is of %s", got)
		}
		for _, e := range v.listing() {
			if e.InternalClient != "192.168.1.10" {
				t.Errorf("%d is of %s in the list", e.ExternalPort, e.InternalClient)
			}
		}
	})
}

// listing is what GetListOfPortMappings gives of TCP.
func (v *visitor) listing() []soap.PortListingEntry {
	v.t.Helper()
	a := v.call("GetListOfPortMappings", "NewStartPort", "1", "NewEndPort", "65535", "NewProtocol", "TCP", "NewManage", "0", "NewNumberOfPorts", "0")
	all, _, err := soap.ParsePortListing(a.Out["NewPortListing"])
	if err != nil {
		v.t.Fatalf("%v in %+v", err, a)
	}
	return all
}

// In the list the entries' fields go by the names of AddPortMapping's arguments.
func TestFaultsOnTheListing(t *testing.T) {
	port := soap.PortListingEntry{
		ExternalPort: 8080, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true, Description: "web", Lease: time.Hour,
	}
	tests := []struct {
		name   string
		do     emulator.Deed
		change func(*soap.PortListingEntry)
	}{
		{"set", emulator.Deed{Set: settings("NewInternalClient", "0.0.0.0", "NewPortMappingDescription", "a & b", "NewLeaseDuration", "7")}, func(e *soap.PortListingEntry) {
			e.InternalClient, e.Description, e.Lease = "0.0.0.0", "a & b", 7*time.Second
		}},
		{"same-as", emulator.Deed{Set: map[string]emulator.Setting{"NewInternalPort": {SameAs: "NewExternalPort"}}}, func(e *soap.PortListingEntry) { e.InternalPort = e.ExternalPort }},
		{"remove", emulator.Deed{Remove: []string{"NewPortMappingDescription"}}, func(e *soap.PortListingEntry) {
			e.Description, e.Unknown = "", []string{"NewDescription"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			visit(t, emulator.Options{Version: 2, Faults: []emulator.Fault{{On: "view.GetListOfPortMappings", Do: tt.do}}}, func(v *visitor) {
				v.add("8080")
				v.add("8090")
				want := []soap.PortListingEntry{port, port}
				want[1].ExternalPort = 8090
				for i := range want {
					tt.change(&want[i])
				}
				if d := cmp.Diff(want, v.listing()); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		})
	}
	visit(t, emulator.Options{Version: 2, Faults: []emulator.Fault{{On: "view.GetListOfPortMappings", Do: emulator.Deed{Set: settings("NewPortListing", "")}}}}, func(v *visitor) {
		v.add("8080")
		a := v.call("GetListOfPortMappings", "NewStartPort", "1", "NewEndPort", "65535", "NewProtocol", "TCP", "NewManage", "0", "NewNumberOfPorts", "0")
		if d := cmp.Diff(answer{Out: map[string]string{"NewPortListing": ""}}, a); d != "" {
			t.Errorf("the whole list (-want +got)\n%s", d)
		}
	})
}

// extip-intermittent: for a minute at irregular gaps of 13 to 103 minutes the external address cannot be read, and everything else can.
func TestExternalIPIntermittent(t *testing.T) {
	fault := emulator.Fault{
		On: "view.external-ip", When: emulator.When{Windows: &emulator.Windows{Gap: emulator.Span{Min: 13 * time.Minute, Max: 103 * time.Minute}, For: emulator.Duration(time.Minute)}},
		Do: emulator.Deed{UPnPError: upnp(501)},
	}
	halfDay := func(seed uint64, often bool) (gaps []time.Duration) {
		visit(t, emulator.Options{Seed: seed, Faults: []emulator.Fault{fault}}, func(v *visitor) {
			start := time.Now()
			last, was := start, false
			for i := 0; time.Since(start) < 12*time.Hour; i++ {
				a := v.call("GetExternalIPAddress")
				is := a.Code == 501
				if !is && a.Out["NewExternalIPAddress"] != "45.66.77.88" {
					t.Fatalf("%+v", a)
				}
				if often && i%2 == 0 {
					if code := v.call("GetStatusInfo").Code; code != 0 {
						t.Errorf("GetStatusInfo: %d", code)
					}
					v.call("GetExternalIPAddress")
				}
				if is && !was {
					gaps = append(gaps, time.Since(last))
				}
				if was && !is {
					if last = time.Now(); last.Sub(start) < 13*time.Minute {
						t.Errorf("it failed after %v", last.Sub(start))
					}
				}
				was = is
				time.Sleep(30 * time.Second) // fake
			}
		})
		return gaps
	}
	gaps := halfDay(1, false)
	if len(gaps) < 6 || len(gaps) > 50 { // half a day has room for 6 gaps of the longest, and for 51 of the shortest
		t.Errorf("%d failures in half a day", len(gaps))
	}
	for _, gap := range gaps {
		if gap < 13*time.Minute-30*time.Second || gap > 103*time.Minute+30*time.Second {
			t.Errorf("a gap of %v", gap)
		}
	}
	if d := cmp.Diff(gaps, halfDay(1, true)); d != "" {
		t.Errorf("it depends on how often one asks (-seldom +often)\n%s", d)
	}
	if cmp.Equal(gaps, halfDay(2, false)) {
		t.Error("another seed has the same gaps")
	}
}

// What is told of the external address goes through one view, in answers and in events; the truth stays.
func TestExternalIPInEvents(t *testing.T) {
	addr := netip.MustParseAddr("198.51.100.9")
	tests := []struct {
		name        string
		do          emulator.Deed
		answer      answer
		first, then string
	}{
		{"set", emulator.Deed{Set: settings("NewExternalIPAddress", "0.0.0.0")}, answer{Out: map[string]string{"NewExternalIPAddress": "0.0.0.0"}}, "ExternalIPAddress=0.0.0.0", "2 ExternalIPAddress=0.0.0.0"},
		{"upnp-error", emulator.Deed{UPnPError: upnp(501)}, answer{Status: 500, Code: 501}, "ExternalIPAddress= ", "2 ExternalIPAddress="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			visit(t, emulator.Options{Faults: []emulator.Fault{{Name: "it", On: "view.external-ip", Do: tt.do}}}, func(v *visitor) {
				events := v.subscribe()
				if d := cmp.Diff(tt.answer, v.call("GetExternalIPAddress")); d != "" {
					t.Errorf("answer (-want +got)\n%s", d)
				}
				if first := <-events; !strings.Contains(first, tt.first) {
					t.Errorf("first event %s", first)
				}
				v.add("8080") // no event about the address, and so no occasion
				if e := <-events; e != "1 PortMappingNumberOfEntries=1" {
					t.Errorf("event %s", e)
				}
				if err := v.g.SetExternalIP(addr); err != nil {
					t.Fatal(err)
				}
				if e := <-events; e != tt.then {
					t.Errorf("event %s, want %s", e, tt.then)
				}
				if got := v.g.ExternalIP(); got != addr {
					t.Errorf("the truth is %v", got)
				}
				if d := cmp.Diff([]string{"it", "it", "it"}, v.faults()); d != "" {
					t.Errorf("faults that acted (-want +got)\n%s", d)
				}
			})
		})
	}
}
