package emulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFaultsAtRunTime(t *testing.T) {
	g := Start(t, Options{SSDP: "off", Faults: []Fault{{Name: "first", On: "soap.AddPortMapping", Do: Deed{UPnPError: &ErrorReply{Code: 501}}}}})
	names := func() (all []string) {
		for _, f := range g.Faults() {
			all = append(all, f.Name)
		}
		return all
	}
	second := Fault{Name: "second", On: "soap.DeletePortMapping", Do: Deed{UPnPError: &ErrorReply{Code: 714}}}
	bad := Fault{On: "ssdp.search", Do: Deed{UPnPError: &ErrorReply{Code: 714}}}
	err := g.AddFault(second, bad)
	if err == nil || !cmp.Equal(names(), []string{"first"}) {
		t.Fatalf("a fault that makes no sense: %v; there are %v", err, names())
	}
	if want := "emulator: faults[1].do.upnp-error: "; len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("%v, want %s…", err, want)
	}
	if err := g.AddFault(second); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"first", "second"}, names()); diff != "" {
		t.Errorf("after AddFault (-want +got):\n%s", diff)
	}
	if !g.RemoveFault("first") || g.RemoveFault("third") {
		t.Error("RemoveFault does not tell whether there was one")
	}
	if diff := cmp.Diff([]string{"second"}, names()); diff != "" {
		t.Errorf("after RemoveFault (-want +got):\n%s", diff)
	}
}
