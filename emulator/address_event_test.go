package emulator

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An address that is given while it cannot be seen is told when it can; one that only went and came back is not told again.
func TestAddressToldWhenSeen(t *testing.T) {
	first, second := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
	for name, tt := range map[string]struct {
		acts []Action
		want []string
	}{
		"link":        {[]Action{{Link: linkDown}, {WANAddress: &second}, {Link: linkUp}}, []string{"", "198.51.100.2"}},
		"status":      {[]Action{{Status: disconnected}, {WANAddress: &second}, {Status: connected}}, []string{"", "198.51.100.2"}},
		"reboot":      {[]Action{{Status: disconnected}, {WANAddress: &second}, {Reboot: &Reboot{}}}, []string{"", "198.51.100.2"}},
		"the same":    {[]Action{{Link: linkDown}, {Link: linkUp}}, nil},
		"while it is": {[]Action{{WANAddress: &second}, {Link: linkDown}, {Link: linkUp}}, []string{"198.51.100.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			g := Start(t, Options{SSDP: "off", ExternalIP: first, OnEvent: func(e Event) {
				if e.Event == ExternalIPSet {
					got = append(got, *e.ExternalIP)
				}
			}})
			for _, a := range tt.acts {
				if err := g.Act(a); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}
