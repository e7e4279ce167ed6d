package emulator

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A gateway that is late goes on with the address before, when it is asked and in events; packets follow the new one at once.
func TestAddressLate(t *testing.T) {
	const late = 2 * time.Minute
	a := func(n int) *netip.Addr { return new(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)})) }
	move := func(n int) Action { return Action{WANAddress: a(n)} }
	none := Action{WANAddress: new(netip.IPv4Unspecified())}
	for _, tt := range []struct {
		name string
		acts []Action // a minute apart
		want []string // what is told after each minute: by events, and when asked
	}{
		{"moves", []Action{move(2), {}, {}}, []string{"[] 1", "[2] 2", "[] 2"}},
		{"moves twice", []Action{move(2), move(3), {}, {}}, []string{"[] 1", "[] 1", "[3] 3", "[] 3"}},
		{"moves and comes back", []Action{move(2), move(1), {}, {}}, []string{"[] 1", "[] 1", "[] 1", "[] 1"}},
		{"is taken away", []Action{none, move(2)}, []string{"[] -", "[2] 2"}},
		{"is taken away meanwhile", []Action{move(2), none, {}}, []string{"[] 1", "[] -", "[] -"}},
		{"connects again", []Action{{Status: disconnected}, move(2), {Status: connected}, {}}, []string{"[] -", "[] -", "[2] 2", "[] 2"}},
		{"boots meanwhile", []Action{move(2), {Reboot: &Reboot{}}}, []string{"[] 1", "[2] 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			var told []int
			g := Start(t, Options{
				SSDP: "off", ExternalIP: *a(1), Clock: clock, Policy: Policy{ExternalIP: ExternalIPPolicy{Late: Duration(late)}},
				OnEvent: func(e Event) {
					if e.Event == ExternalIPSet && *e.ExternalIP != "" {
						told = append(told, int(netip.MustParseAddr(*e.ExternalIP).As4()[3]))
					}
				},
			})
			var got []string
			for _, act := range tt.acts {
				told = nil
				if act != (Action{}) {
					if err := g.Act(act); err != nil {
						t.Fatal(err)
					}
				}
				clock.Advance(time.Minute)
				asked := "-"
				if ip := g.ExternalIP(); ip.IsValid() {
					asked = fmt.Sprint(ip.As4()[3])
				}
				got = append(got, fmt.Sprint(told, " ", asked))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
