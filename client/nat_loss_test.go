package client

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// Replies that get lost change no verdict, whichever they are.
func TestNATBehaviourLosses(t *testing.T) {
	for _, is := range []string{"full-cone,hairpin=external", "restricted,hairpin=internal", "port-restricted", "adm/eif", "symmetric", "symmetric-firewall"} {
		b, err := nat.Parse(is)
		if err != nil {
			t.Fatal(err)
		}
		want := right(b)
		var faults []emulator.STUNFaults
		for n := range 12 {
			faults = append(faults, emulator.STUNFaults{Drop: []int{n + 1, n + 2}})
		}
		faults = append(faults, emulator.STUNFaults{DropEach: 2}, emulator.STUNFaults{Delay: 300 * time.Millisecond}, emulator.STUNFaults{Delay: 2 * time.Second})
		for _, f := range faults {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				got := newNATStand(t, n, is, emulator.STUNOptions{Faults: f}).ask(NATQuery{})
				if f.DropEach > 0 { // two of three are lost: silence may say nothing then
					if wrong(want, verdictOf(got)) {
						t.Errorf("%s, %+v: got %+v", is, f, verdictOf(got))
					}
					return
				}
				if diff := cmp.Diff(want, verdictOf(got)); diff != "" {
					t.Errorf("%s, %+v (-want +got)\n%s\n%v", is, f, diff, got.Unknown)
				}
			})
		}
	}
}

// wrong tells whether got says something, and not what is right.
func wrong(right, got verdict) bool {
	return got.Mapping != "" && got.Mapping != right.Mapping || got.Filtering != "" && got.Filtering != right.Filtering ||
		got.Class != "" && got.Class != right.Class || got.Hairpin != "" && got.Hairpin != right.Hairpin
}

// However many replies get lost by chance, what is said is right; the rest is left out, with a reason.
func TestNATBehaviourNeverGuesses(t *testing.T) {
	said := map[float64]int{}
	for _, loss := range []float64{0.2, 0.5, 0.8} {
		for seed := range uint64(40) {
			is := []string{"full-cone", "restricted", "port-restricted", "symmetric", "adm/adf"}[seed%5]
			b, err := nat.Parse(is)
			if err != nil {
				t.Fatal(err)
			}
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				s := newNATStand(t, n, is, emulator.STUNOptions{Seed: seed, Faults: emulator.STUNFaults{Loss: loss}})
				r, err := NATBehaviour(t.Context(), NATQuery{Servers: []string{"198.51.100.1"}}, Options{Net: s.pc})
				if err != nil {
					return // nothing at all is right too
				}
				if wrong(right(b), verdictOf(r)) {
					t.Errorf("%s, loss %v, seed %d: %+v", is, loss, seed, verdictOf(r))
				}
				for part, value := range map[NATPart]string{PartMapping: string(r.Mapping), PartFiltering: string(r.Filtering), PartClass: string(r.Class), PartHairpin: string(r.Hairpin)} {
					if (value == "") != (r.Unknown[part] != "") {
						t.Errorf("%s, loss %v, seed %d: %s is %q, unknown because of %q", is, loss, seed, part, value, r.Unknown[part])
					}
				}
				if r.Class != "" {
					said[loss]++
				}
			})
		}
	}
	if said[0.2] < 36 || said[0.5] < 8 {
		t.Errorf("too little is told: %v of 40", said)
	}
}

// However often the first replies get lost, silence is listened to no longer, and the verdict is the same.
func TestNATBehaviourFirstRepliesLost(t *testing.T) {
	took := map[int]time.Duration{}
	for lost := range 4 {
		inNetwork(t, func(t *testing.T, n *emulator.Network) {
			faults := emulator.STUNFaults{Delay: 20 * time.Millisecond}
			for i := range lost {
				faults.Drop = append(faults.Drop, i+1)
			}
			s := newNATStand(t, n, "port-restricted", emulator.STUNOptions{Faults: faults})
			began := time.Now()
			r := s.ask(NATQuery{})
			took[lost] = time.Since(began) - []time.Duration{0, 500, 1500, 3500}[lost]*time.Millisecond
			if r.Class != "port-restricted" || r.Hairpin != "none" {
				t.Errorf("%d lost: %+v", lost, r)
			}
		})
		if took[lost] > took[0]+time.Second {
			t.Errorf("%d lost: it takes %v beyond the repetitions, with none lost %v", lost, took[lost], took[0])
		}
	}
}

// muteSocket takes nothing.
type muteSocket struct{ net.PacketConn }

func (muteSocket) WriteTo([]byte, net.Addr) (int, error) { return 0, errMute }

var errMute = errors.New("network is unreachable")

// A socket that takes nothing any more is not asked again and again.
func TestRoundTripOffline(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *emulator.Network) {
		conn, err := newPC(n).ListenPacket(t.Context(), netip.MustParseAddrPort("0.0.0.0:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		s := &natSurvey{server: netip.AddrPortFrom(stunFirst, 3478), main: onSTUN(muteSocket{conn}, nil, nil)}
		defer s.main.close()
		began := time.Now()
		if got := s.roundTrip(t.Context(), greeting{sent: 2, took: time.Second}, began.Add(time.Minute)); got != time.Second || time.Since(began) > 0 {
			t.Errorf("%v, after %v", got, time.Since(began))
		}
	})
}
