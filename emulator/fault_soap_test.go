package emulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
)

// settings makes values to set of names and texts.
func settings(pairs ...string) map[string]emulator.Setting {
	all := map[string]emulator.Setting{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = emulator.Setting{Text: &pairs[i+1]}
	}
	return all
}

func span(d time.Duration) emulator.Span { return emulator.Span{Min: d, Max: d} }

func upnp(code int) *emulator.ErrorReply { return &emulator.ErrorReply{Code: code} }

// What a fault on soap.AddPortMapping does to the answer, and to the table.
func TestFaultsOnActions(t *testing.T) {
	const usual = `TCP 8080 → 192.168.1.10:80 "web" 1h0m0s`
	done := answer{Out: map[string]string{}}
	tests := []struct {
		name   string
		do     emulator.Deed
		want   answer
		stored string // "": nothing is
	}{
		{"upnp-error", emulator.Deed{UPnPError: upnp(725)}, answer{Status: 500, Code: 725}, ""},
		// TP-Link CPE210 and others have their own words (quirk soap-fault-odd-text).
		{"upnp-error in its own words", emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 402, Text: new("No RemoteHost")}}, answer{Status: 500, Code: 402, Text: "No RemoteHost"}, ""},
		{"http-status", emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 404}}, answer{Status: 404}, ""},
		{"http-status with a page", emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 501, Reason: "Nope", Body: "<html>no</html>"}}, answer{Status: 501, Body: "<html>no</html>"}, ""},
		{"drop", emulator.Deed{Drop: true}, answer{End: "eof"}, ""},
		{"close fin", emulator.Deed{Close: emulator.FIN}, answer{End: "eof"}, ""},
		{"close rst", emulator.Deed{Close: emulator.RST}, answer{End: "reset"}, ""},
		{"hang", emulator.Deed{Hang: true}, answer{End: "timeout"}, ""},
		{"delay", emulator.Deed{Delay: span(3 * time.Second)}, answer{Out: done.Out, Took: 3 * time.Second}, usual},
		{"delay of a verb", emulator.Deed{Delay: span(3 * time.Second), Close: emulator.RST}, answer{End: "reset", Took: 3 * time.Second}, ""},
		{"set", emulator.Deed{Set: settings("NewLeaseDuration", "60", "NewPortMappingDescription", "<&>")}, done, `TCP 8080 → 192.168.1.10:80 "<&>" 1m0s`},
		{"set to another argument", emulator.Deed{Set: map[string]emulator.Setting{"NewInternalPort": {SameAs: "NewExternalPort"}}}, done, `TCP 8080 → 192.168.1.10:8080 "web" 1h0m0s`},
		{"set to what is wrong", emulator.Deed{Set: settings("NewExternalPort", "x")}, answer{Status: 500, Code: 402}, ""},
		{"rename", emulator.Deed{Rename: map[string]string{"NewEnabled": "NewEnable"}}, answer{Status: 500, Code: 402}, ""},
		{"remove", emulator.Deed{Remove: []string{"NewRemoteHost"}}, answer{Status: 500, Code: 402}, ""},
		{"then", emulator.Deed{Then: []emulator.Then{{In: span(time.Hour), Action: emulator.Action{Clear: true}}}}, done, usual},
	}
	for _, on := range []emulator.Layer{"soap.AddPortMapping", "soap.*"} {
		for _, tt := range tests {
			t.Run(string(on)+" "+tt.name, func(t *testing.T) {
				visit(t, emulator.Options{Faults: []emulator.Fault{{Name: "it", On: on, Do: tt.do}}}, func(v *visitor) {
					if d := cmp.Diff(tt.want, v.add("8080")); d != "" {
						t.Errorf("answer (-want +got)\n%s", d)
					}
					var want []string
					if tt.stored != "" {
						want = []string{tt.stored}
					}
					if d := cmp.Diff(want, v.stored()); d != "" {
						t.Errorf("stored (-want +got)\n%s", d)
					}
					if d := cmp.Diff([]string{"it"}, v.faults()); d != "" {
						t.Errorf("faults that acted (-want +got)\n%s", d)
					}
				})
			})
		}
	}
}

// A fault on one action leaves the others alone; one on soap.unknown those that there are.
func TestFaultsOnOtherActions(t *testing.T) {
	faults := []emulator.Fault{
		// The Ubee EVW32C-0S resets the connection of a call that it does not know (quirk soap-unknown-action-rst).
		{Name: "rst", On: "soap.unknown", Do: emulator.Deed{Close: emulator.RST}},
		{Name: "low", On: "soap.AddPortMapping", If: emulator.Condition{Arg: map[string]emulator.Test{"NewExternalPort": {Below: new(int64(1024))}}}, Do: emulator.Deed{UPnPError: upnp(606)}},
	}
	visit(t, emulator.Options{Faults: faults}, func(v *visitor) {
		for _, tt := range []struct {
			name string
			got  answer
			want answer
		}{
			{"unknown", v.call("AddAnyPortMapping"), answer{End: "reset"}},
			{"known", v.call("GetExternalIPAddress"), answer{Out: map[string]string{"NewExternalIPAddress": "45.66.77.88"}}},
			{"known with wrong arguments", v.call("DeletePortMapping"), answer{Status: 500, Code: 402}},
			{"low port", v.add("1023"), answer{Status: 500, Code: 606}},
			{"high port", v.add("1024"), answer{Out: map[string]string{}}},
		} {
			if d := cmp.Diff(tt.want, tt.got); d != "" {
				t.Errorf("%s (-want +got)\n%s", tt.name, d)
			}
		}
		if d := cmp.Diff([]string{"rst", "low"}, v.faults()); d != "" {
			t.Errorf("faults that acted (-want +got)\n%s", d)
		}
	})
}

// The fault stands in the journal before what it does, and the call says what was answered.
func TestFaultsInTheJournal(t *testing.T) {
	faults := []emulator.Fault{
		{Name: "hang", On: "soap.GetStatusInfo", Do: emulator.Deed{Hang: true}},
		{Name: "full", On: "table.add", Do: emulator.Deed{UPnPError: upnp(501)}},
		{Name: "page", On: "soap.DeletePortMapping", Do: emulator.Deed{HTTPStatus: &emulator.StatusReply{Status: 503}, Then: []emulator.Then{{In: span(time.Second), Action: emulator.Action{Clear: true}}}}},
	}
	visit(t, emulator.Options{Faults: faults}, func(v *visitor) {
		v.call("GetStatusInfo")
		v.add("8080")
		v.delete("8080")
		time.Sleep(time.Minute) // fake
		type line struct {
			Kind, Name   string
			Status, Code int
			Layer, Do    string
			Mapping, By  string
		}
		var got []line
		for _, e := range v.g.Journal() {
			got = append(got, line{e.Kind, e.Name, e.Status, e.Code, e.Details.Get("layer"), e.Details.Get("do"), e.Details.Get("mapping"), e.Details.Get("by")})
		}
		want := []line{
			{"fault", "hang", 0, 0, "soap.GetStatusInfo", "hang", "", ""},
			{"soap.call", "GetStatusInfo", 0, 0, "", "", "", ""},
			{"fault", "full", 0, 501, "table.add", "upnp-error 501", "TCP 8080 → 192.168.1.10:80", ""},
			{"soap.call", "AddPortMapping", 500, 501, "", "", "", ""},
			{"fault", "page", 503, 0, "soap.DeletePortMapping", "http-status 503 Service Unavailable, then", "", ""},
			{"soap.call", "DeletePortMapping", 503, 0, "", "", "", ""},
			{"state.planned", "clear", 0, 0, "", "", "", "page"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}
