package scenarios

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/igdkit/igdkit/emulator"
)

// Whatever the bytes: a scenario that can be played, or an error with a message and a place; never both, never a panic.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		text, err := Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"schema: 1\ndevices: [{igd: 2, name: a, external-ip: 192.0.2.1}]\nverdict: refused:606\n",
		"schema: 1\ndevices: {profile: igd2, quirks: [{add-table-full-silent-32: {limit: 3}}, list-views-differ]}\n",
		"schema: 1\nparameters: {a: {sets: [faults.do.delay, 'faults[0].do.set[\"X.Y\"]']}}\nquirk: {faults: {on: http.head, do: {delay: 1s, set: {X.Y: 1s}}}}\n",
		"a: &a [*a, *a]\n",
		"? [1]\n: !!int two\n<<: {schema: 1}\n",
		"{\"schema\": 1, \"devices\": {\"igd\": 1, \"name\": \"\\ud83d\\ude00\"}}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("f.yaml", text)
		if err != nil {
			checkInvalid(t, s == nil, err)
			return
		}
		all := s.Options()
		if n := len(all); n == 0 || n > maxDevices {
			t.Fatalf("%d devices", n)
		}
		for _, o := range all {
			if checkName(o.Name) != nil || o.Version != 1 && o.Version != 2 || len(o.Problems()) > 0 {
				t.Fatalf("device that cannot be played: %+v", o)
			}
		}
		resolved, err := s.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f.yaml", resolved)
		if err != nil {
			t.Fatalf("%v\n%s", err, resolved)
		}
		if diff := cmp.Diff(all, again.Options(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Fatalf("resolved it is another (-first +again)\n%s\n%s", diff, resolved)
		}
	})
}

// The same of the bodies of the control API.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"on": "soap.AddPortMapping", "if": {"arg": {"NewInternalPort": {"below": 1024}}}, "do": {"upnp-error": 606, "set": {"a": "b"}}}`))
	f.Add([]byte(`{"on": "ssdp.search", "do": {"drop": true, "then": [{"announce": "alive", "in": "5s..10s"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fault, err := Decode[emulator.Fault]("body", body)
		if err != nil {
			checkInvalid(t, fault.On == "", err)
		}
	})
}

func checkInvalid(t *testing.T, empty bool, err error) {
	t.Helper()
	invalid, ok := errors.AsType[*InvalidError](err)
	if !empty || !ok || len(invalid.Problems) == 0 {
		t.Fatalf("empty %v, error %#v", empty, err)
	}
	for _, p := range invalid.Problems {
		if p.Message == "" || p.File == "" {
			t.Fatalf("problem without words or place: %+v", p)
		}
	}
}
