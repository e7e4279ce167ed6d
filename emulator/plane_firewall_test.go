package emulator

import (
	"net/netip"
	"testing"
	"time"
)

// fakeFirewall lets nobody in, and counts what it is told.
type fakeFirewall struct {
	passed []uint64 // by number, from 1
	asked  int
}

func (f *fakeFirewall) Let(uint8, netip.AddrPort, netip.AddrPort) (uint32, error) {
	f.passed = append(f.passed, 0)
	return uint32(len(f.passed)), nil
}

func (f *fakeFirewall) End(uint32) error { return nil }

func (f *fakeFirewall) Passed(tell func(number uint32, packets uint64)) error {
	f.asked++
	for i, n := range f.passed {
		tell(uint32(i+1), n)
	}
	return nil
}

// The filter is asked once for all pinholes, however many there are: it answers under the gateway's lock.
func TestPinholesAreCountedOnce(t *testing.T) {
	f := &fakeFirewall{}
	g := Start(t, Options{LAN: netip.MustParseAddr("127.0.0.1"), SSDP: "off", Plane: Plane{Mode: PlanePorts, Firewall: f}})
	g.do(func(s *state) {
		for port := range uint16(20) {
			s.openPinhole(Pinhole{InternalClient: netip.MustParseAddr("2001:db8:1::10"), InternalPort: 8000 + port, Protocol: 6, Expires: s.now.Add(time.Hour)})
		}
	})
	for round := range uint64(3) {
		for i := range f.passed {
			f.passed[i] = (round + 1) * uint64(i)
		}
		for i, p := range g.Pinholes() {
			if want := uint32(round+1) * uint32(i); p.Packets != want {
				t.Errorf("pinhole %d: %d packets, want %d", i, p.Packets, want)
			}
		}
		if f.asked != int(round)+1 {
			t.Errorf("listing %d: asked %d times", round, f.asked)
		}
	}
}
