package main

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// natServer is a STUN server on loopback; its second address is there on every Linux.
func natServer(t *testing.T) *emulator.STUNServer {
	t.Helper()
	s, err := startNATServer(emulator.STUNFaults{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func startNATServer(f emulator.STUNFaults) (*emulator.STUNServer, error) {
	o := emulator.STUNOptions{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}, Faults: f}
	s, err := emulator.StartSTUN(context.Background(), o)
	if err != nil { // macOS has one address of 127/8
		o.Addrs = o.Addrs[:1]
		s, err = emulator.StartSTUN(context.Background(), o)
	}
	return s, err
}

// rfc5780 starts a STUN server that sees whoever asks as it is, and puts its HOST:PORT into STUN. With a word it does something wrong.
//
//	rfc5780 [no-other]
func cmdRFC5780(ts *testscript.TestScript, neg bool, args []string) {
	s, err := startNATServer(emulator.STUNFaults{NoOther: len(args) > 0 && args[0] == "no-other"})
	ts.Check(err)
	ts.Defer(func() { s.Close() })
	ts.Setenv("STUN", s.Addr().String())
}

// What each kind of NAT is said to be, and to mean.
func TestNATWords(t *testing.T) {
	for _, tt := range []struct {
		is, flags string
		want      string
	}{
		{"full-cone,hairpin=external", "", `
rfc3489    full-cone
mapped     192.168.1.10:49152 is 45.66.77.88:49152 on the Internet, with the same port
mapping    endpoint-independent: all others see the same address and port
filtering  endpoint-independent: anybody gets in
hairpin    external: computers at home reach each other by the address outside
→ whoever is told the address outside reaches a program here, once that has sent anything
→ igdctl open PORT/udp lets everybody in to one port, whatever their NAT is
`},
		{"restricted,ports=sequential", "", `
rfc3489    restricted
mapped     192.168.1.10:49152 is 45.66.77.88:1024 on the Internet
mapping    endpoint-independent: all others see the same address and port
filtering  address-dependent: only computers that were sent to get in
hairpin    none: nothing that is sent to the address outside comes back to this computer
→ a path opens to everybody with whom a rendezvous can be had (hole punching)
→ igdctl open PORT/udp lets everybody in to one port, whatever their NAT is
`},
		{"port-restricted,timeout=1m,hairpin=internal", "--lifetime 5m", `
rfc3489    port-restricted
mapped     192.168.1.10:49152 is 45.66.77.88:49152 on the Internet, with the same port
mapping    endpoint-independent: all others see the same address and port
filtering  address-and-port-dependent: only programs that were sent to get in
hairpin    internal: computers at home reach each other by the address outside, and see the one at home
lifetime   between 57 seconds and 1 minute 20 seconds
→ a path opens to others by hole punching, unless their NAT is symmetric and its ports cannot be guessed
→ igdctl open PORT/udp lets everybody in to one port, whatever their NAT is
`},
		{"symmetric,ports=sequential", "", `
rfc3489    symmetric
mapped     192.168.1.10:49152 is 45.66.77.88:1024 on the Internet
mapping    address-and-port-dependent: each program outside sees another port, one after the other
filtering  address-and-port-dependent: only programs that were sent to get in
hairpin    unknown: nothing comes back, as it would not either when the NAT filters it like what comes from outside
→ a path opens to others by hole punching, by guessing the port here, unless their NAT is symmetric and its ports cannot be guessed
→ igdctl open PORT/udp lets everybody in to one port, whatever their NAT is
`},
		{"symmetric,ports=random", "", `
rfc3489    symmetric
mapped     192.168.1.10:49152 is 45.66.77.88:47819 on the Internet
mapping    address-and-port-dependent: each program outside sees another port
filtering  address-and-port-dependent: only programs that were sent to get in
hairpin    unknown: nothing comes back, as it would not either when the NAT filters it like what comes from outside
→ a path opens only to others whose NAT lets in more than the port that was sent to, such as a full or restricted cone
→ igdctl open PORT/udp lets everybody in to one port, whatever their NAT is
`},
		{"symmetric-firewall", "", `
rfc3489    symmetric-firewall
mapped     45.66.78.10:49152, as here: there is no NAT
mapping    endpoint-independent: all others see the same address and port
filtering  address-and-port-dependent: only programs that were sent to get in
→ a path opens to others by hole punching, unless their NAT is symmetric and its ports cannot be guessed
`},
		{"blocked", "", `
rfc3489  blocked
→ no UDP passes: only TCP is left, or a relay by TCP
`},
	} {
		t.Run(tt.is, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, err := nat.Parse(tt.is)
				if err != nil {
					t.Fatal(err)
				}
				lan := "192.168.1."
				if b.Kind == nat.Plain {
					lan = "45.66.78."
				}
				n := emulator.NewNetwork()
				defer n.Close()
				router := n.Host("router", netip.MustParsePrefix(lan+"1/24"))
				emulator.Start(t, emulator.Options{Net: router, LAN: netip.MustParseAddr(lan + "1"), Mute: true, Plane: emulator.Plane{NAT: &b}, Seed: 1})
				pc := n.Host("pc", netip.MustParsePrefix(lan+"10/24"))
				pc.SetDefaultGateway(netip.MustParseAddr(lan + "1"))
				first, second := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
				host := n.Internet("stun", first)
				s, err := emulator.StartSTUN(t.Context(), emulator.STUNOptions{Net: host, Addrs: []netip.Addr{first, second}, Ports: [2]uint16{3478, 3479}, TCP: true})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				var out, words strings.Builder
				e := env{net: pc, stdout: &out, stderr: &words, patience: time.Hour}
				if code := run(t.Context(), append([]string{"nat", "--server", "198.51.100.1"}, strings.Fields(tt.flags)...), e); code != exitOK {
					t.Errorf("exit code %d: %s", code, words.String())
				}
				if got := "\n" + out.String(); got != tt.want {
					t.Errorf("got %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}
