package emulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A slip of the pen is found, also where nothing is expected to happen.
func TestExpectationAgainst(t *testing.T) {
	never := new(0)
	gateway := Options{Version: 1, Faults: []Fault{{Name: "flaky", On: "soap.*", Do: Deed{Drop: true}}, {On: "xml", Do: Deed{Remove: []string{"UDN"}}}}}
	for _, tt := range []struct {
		name   string
		expect Expectation
		want   []string
	}{
		{"an action", Expectation{Calls: "AddPortMaping", Exactly: never}, []string{`calls: there is no action AddPortMaping; did you mean "AddPortMapping"?`}},
		{"a pattern", Expectation{Calls: "*Maping", Exactly: never}, []string{`calls: there is no action *Maping`}},
		{"what the gateway does not have can be called", Expectation{Calls: "AddAnyPortMapping", Exactly: never}, nil},
		{"of the vendor", Expectation{Calls: "X_Reboot", With: map[string]Test{"When": Equals("now")}, Exactly: never}, nil},
		{"an argument", Expectation{Calls: "Add*", With: map[string]Test{"NewLease": Equals("0")}, Exactly: never}, []string{`with.NewLease: Add* has no NewLease; did you mean "NewLeaseDuration"?`}},
		{"in and out", Expectation{Calls: "GetGenericPortMappingEntry", With: map[string]Test{"NewPortMappingIndex": Equals("0"), "NewLeaseDuration": Equals("0")}}, nil},
		{"a change", Expectation{Changes: "mapping-deletd", Exactly: never}, []string{`changes: there is no change mapping-deletd; did you mean "mapping-deleted"?`}},
		{"a fault", Expectation{Faults: "flakey", Exactly: never}, []string{`faults: there is no fault flakey; did you mean "flaky"?`}},
		{"a fault without a name", Expectation{Faults: "faults[1]", Exactly: never}, nil},
		{"a service", Expectation{Subscribes: "*WANIPConection*", Exactly: never}, []string{`subscribes: there is no service *WANIPConection*`}},
		{"a service that is there", Expectation{Subscribes: "*:WANIPConnection:1"}, nil},
		{"after", Expectation{Calls: "*", After: Occurrence{What: "rebot"}, Exactly: never}, []string{`after: there is no action, change or fault rebot; did you mean "reboot"?`}},
		{"a code", Expectation{Calls: "*", Code: new(99), Exactly: never}, []string{`code: 99 is no error code from 400 to 999; 0 is success`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range tt.expect.Against(gateway) {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
