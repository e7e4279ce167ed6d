package scenarios

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What Resolved writes is the same scenario, and needs no other file.
func TestResolved(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.Resolved()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse("resolved.yaml", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			opts := cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.IgnoreUnexported(Scenario{})}
			if diff := cmp.Diff(s.Options(), again.Options(), opts); diff != "" {
				t.Errorf("options differ (-first +resolved)\n%s\n%s", diff, text)
			}
			if diff := cmp.Diff(s.Expect, again.Expect, opts); diff != "" {
				t.Errorf("expectations differ (-first +resolved)\n%s\n%s", diff, text)
			}
			for _, d := range again.Devices {
				if d.Profile != "" || len(d.Quirks) > 0 {
					t.Errorf("names others:\n%s", text)
				}
			}
		})
	}
}
