package inputrules

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"
)

// replay takes messages that were recorded: of each its kind, its length in four bytes, and itself.
func replay(b []byte) *Ruleset {
	d := newDecoder()
	for len(b) >= 5 {
		n := int(min(binary.BigEndian.Uint32(b[1:]), uint32(len(b)-5)))
		d.take(b[0], b[5:5+n])
		b = b[5+n:]
	}
	return d.complete()
}

// recorded is what a kernel once told; see testdata/README.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".rules")
	if err != nil {
		t.Fatal(err)
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("it was recorded on a machine of the other byte order")
	}
	return b
}

var (
	fromAnybody = netip.AddrPort{}
	fromGateway = netip.MustParseAddrPort("192.168.77.1:1900")
)

// Rulesets that programs have written, on any system.
func TestRecorded(t *testing.T) {
	input := Place{Family: "ip", Table: "filter", Base: "INPUT", Hook: "input", Chain: "INPUT", Policy: true}
	rejects := input
	rejects.Chain, rejects.Policy = "ufw-user-input", false
	for _, tt := range []struct {
		file     string
		protocol uint8
		from     netip.AddrPort
		port     uint16
		want     Ruling
	}{
		{"ufw", TCP, fromAnybody, 22, Ruling{Verdict: Accept}},
		{"ufw", TCP, fromAnybody, 8080, Ruling{Verdict: Drop, Place: input}},
		{"ufw", UDP, fromAnybody, 22, Ruling{Verdict: Accept}},
		{"ufw", TCP, fromAnybody, 6000, Ruling{Verdict: Reject, Place: rejects}},
		{"ufw", UDP, fromGateway, 45000, Ruling{Verdict: Drop, Place: input}},
		{"ufw-ssdp", UDP, fromGateway, 45000, Ruling{Verdict: Accept}},
		{"ufw-ssdp", TCP, fromAnybody, 8080, Ruling{Verdict: Drop, Place: input}},
	} {
		p := Packet{Interface: "eth0", Index: 2, Protocol: tt.protocol, From: tt.from, To: netip.AddrPortFrom(netip.MustParseAddr("192.168.77.10"), tt.port)}
		if got := replay(recorded(t, tt.file)).Judge(p); got != tt.want {
			t.Errorf("%s: %d/%d from %v: %+v, want %+v", tt.file, tt.protocol, tt.port, tt.from, got, tt.want)
		}
	}
}

// Whatever a message is, it is taken and judged in time, and nobody falls over it.
func FuzzRuleset(f *testing.F) {
	for _, name := range []string{"ufw", "ufw-ssdp", "sets"} {
		f.Add(recorded(f, name), uint16(8080))
	}
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		r := replay(b)
		for _, protocol := range []uint8{TCP, UDP} {
			for _, from := range []netip.AddrPort{fromAnybody, fromGateway} {
				got := r.Judge(Packet{Interface: "eth0", Index: 2, Protocol: protocol, From: from, To: netip.AddrPortFrom(netip.MustParseAddr("192.168.77.10"), port)})
				if (got.Verdict == Unknown) != (got.Doubt != "") {
					t.Errorf("%+v", got)
				}
			}
		}
		if strings.Join(r.Tables(), "") == "" && len(r.bases) > 0 {
			t.Error("chains of no table")
		}
	})
}
