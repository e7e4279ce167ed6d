package client

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/soap"
)

func TestCompare(t *testing.T) {
	tests := []struct {
		external, seen string
		want           AddressVerdict
	}{
		{"45.66.77.88", "", Public},
		{"45.66.77.88", "45.66.77.88", Public},
		{"45.66.77.88", "::ffff:45.66.77.88", Public},
		{"45.66.77.88", "45.1.1.1", Mismatch},
		{"45.66.77.88", "192.168.1.10", Public}, // the server is no further away than we
		{"45.66.77.88", "100.64.1.1", Public},
		{"192.168.178.2", "45.1.1.1", Private},
		{"100.64.1.1", "45.1.1.1", CGNAT},
		{"203.0.113.9", "45.1.1.1", Reserved},
		{"0.0.0.0", "45.1.1.1", None},
		{"", "45.1.1.1", None},
		{"", "", None},
	}
	for _, tt := range tests {
		external, _ := netip.ParseAddr(tt.external)
		seen, _ := netip.ParseAddr(tt.seen)
		if got := Compare(external, seen); got != tt.want {
			t.Errorf("Compare(%q, %q) = %s, want %s", tt.external, tt.seen, got, tt.want)
		}
	}
}

func TestTruth(t *testing.T) {
	fault := emulator.Fault{On: "soap.GetExternalIPAddress", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: 501}}}
	tests := []struct {
		name    string
		faults  []emulator.Fault
		stun    string // address that is seen; "silent", "": none is asked
		verdict AddressVerdict
		seen    string
		took    time.Duration
	}{
		{"nobody is asked", nil, "", Public, "", 0},
		{"agreed", nil, "45.66.77.88", Public, "45.66.77.88", 0},
		{"another", nil, "45.1.1.1", Mismatch, "45.1.1.1", 0},
		{"the gateway does not tell", []emulator.Fault{fault}, "45.1.1.1", Unknown, "45.1.1.1", 0},
		{"nobody answers", nil, "silent", Public, "", stunPatience},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *emulator.Network) {
				router := n.Host("router", netip.MustParsePrefix("192.168.1.1/24"))
				emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast", Faults: tt.faults})
				o := Options{Net: newPC(n)}
				if tt.stun != "" {
					o.STUN = "192.168.1.53:3478"
					at, _ := netip.ParseAddr(tt.stun)
					responder(t, n.Host("server", netip.MustParsePrefix("192.168.1.53/24")), o.STUN, func(_ int, m *stun.Message, _ netip.AddrPort) [][]byte {
						if !at.IsValid() {
							return nil
						}
						return [][]byte{xored(m, netip.AddrPortFrom(at, 4321))}
					})
				}
				g, err := Find(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				got := g.Truth(t.Context())
				if seen, _ := netip.ParseAddr(tt.seen); got.Verdict != tt.verdict || got.Seen != seen || time.Since(began) != tt.took {
					t.Errorf("got %+v after %v", got, time.Since(began))
				}
				_, silent := errors.AsType[*STUNError](got.STUNErr)
				_, refused := errors.AsType[*soap.Error](got.Err)
				if silent != (tt.stun == "silent") || refused != (tt.faults != nil) {
					t.Errorf("errors %v, %v", got.Err, got.STUNErr)
				}
			})
		})
	}
}
