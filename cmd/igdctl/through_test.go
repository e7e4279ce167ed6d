package main

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
	"github.com/igdkit/igdkit/scenarios"
)

// twoRouters are a computer behind a router behind a router, in memory.
type twoRouters struct {
	t            *testing.T
	net          *emulator.Network
	pc           *emulator.Host
	inner, outer *emulator.Gateway
	journal      string // "": none
}

func newTwoRouters(t *testing.T, outer emulator.Options) *twoRouters {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	s := &twoRouters{t: t, net: n, pc: n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))}
	s.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	s.inner = s.router("inner", "192.168.1.1", emulator.Options{SSDP: "multicast", ExternalIP: netip.MustParseAddr("192.168.178.20")})
	s.outer = s.router("outer", "192.168.178.1", outer)
	return s
}

// router puts a router at lan. One with a private address stands behind the first of that network.
func (s *twoRouters) router(name, lan string, o emulator.Options) *emulator.Gateway {
	h := s.net.Host(name, netip.MustParsePrefix(lan+"/24"))
	if o.ExternalIP.IsPrivate() {
		outside := netip.PrefixFrom(o.ExternalIP, 24)
		h.AddInterface("", outside)
		h.SetDefaultGateway(outside.Masked().Addr().Next())
	}
	o.Name, o.Net, o.LAN, o.Plane = name, h, netip.MustParseAddr(lan), emulator.Plane{NAT: &nat.Behaviour{Filtering: nat.AddressAndPortDependent}}
	return emulator.Start(s.t, o)
}

// run runs igdctl on the computer: its exit code and what it said.
func (s *twoRouters) run(args ...string) (code int, stdout, stderr string) {
	var out, words strings.Builder
	code = run(s.t.Context(), args, env{net: s.pc, stdout: &out, stderr: &words, journal: s.journal})
	return code, out.String(), words.String()
}

func (s *twoRouters) want(inner, outer string) {
	s.t.Helper()
	for g, want := range map[*emulator.Gateway]string{s.inner: inner, s.outer: outer} {
		var rows []string
		for _, m := range g.Mappings() {
			rows = append(rows, m.String())
		}
		if got := strings.Join(rows, ", "); got != want {
			s.t.Errorf("%s has %q, want %q", g.Name(), got, want)
		}
	}
}

func TestThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		code, _, words := s.run("open", "8080", "--require-public")
		if code != exitNotPublic || !strings.Contains(words, "hint: igdctl open --through opens a port on the outer router too") {
			t.Errorf("exit code %d: %s", code, words)
		}
		code, out, words := s.run("open", "8090:8080", "--through", "--require-public")
		if code != 0 || !strings.HasPrefix(out, "45.66.77.88:8090/tcp  leads to 192.168.1.10:8080  until ") || strings.Contains(words, "error") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("TCP 8080 → 192.168.1.10:8080, TCP 8090 → 192.168.1.10:8080", "TCP 8090 → 192.168.178.20:8090")
		code, out, words = s.run("open", "8091:8080", "--through", "--json")
		if code != 0 || !strings.Contains(out, `"external": "45.66.77.88:8091"`) || !strings.Contains(out, `"reach": "public"`) || !strings.Contains(out, `"mine": true`) {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if code, out, words = s.run("close", "--through", "8091:9999"); code != exitRefused || out != "" {
			t.Errorf("another program's port: exit code %d: %s%s", code, out, words)
		}
		code, out, words = s.run("close", "--through", "8090:8080", "8091:8080")
		if code != 0 || out != "8090/tcp is closed\n8091/tcp is closed\n" || words != "" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("TCP 8080 → 192.168.1.10:8080", "")
		code, _, words = s.run("close", "--through", "8080")
		if code != exitRefused || words != "igdctl: error: 8080/tcp: the outer router at 192.168.178.1: the gateway has no such mapping (714 NoSuchEntryInArray)\n"+
			"igdctl: hint: igdctl close 8080/tcp closes it on the router of this network only\n" {
			t.Errorf("exit code %d: %s", code, words)
		}
		if code, _, _ := s.run("close", "--through", "--all"); code != exitUsage {
			t.Errorf("exit code %d", code)
		}
	})
}

// Of four routers in a row three are asked, and it is said that the Internet does not come as far as the last of them.
func TestThroughFourRouters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast", ExternalIP: netip.MustParseAddr("10.1.3.20")})
		s.router("third", "10.1.3.1", emulator.Options{SSDP: "multicast", ExternalIP: netip.MustParseAddr("10.1.4.20")})
		s.router("fourth", "10.1.4.1", emulator.Options{SSDP: "multicast"})
		code, out, words := s.run("open", "8080", "--through", "--require-public")
		if code != exitNotPublic || !strings.HasPrefix(out, "10.1.4.20:8080/tcp  leads to 192.168.1.10:8080  ") || !strings.Contains(words,
			"igdctl: error: 8080/tcp: 10.1.4.20 is a private address: the last of the routers on which the port is open stands behind one more, and the Internet does not reach it\n"+
				"igdctl: hint: --through opens a port on three routers at most: forward it to 10.1.4.20 in the settings of the next one\n"+
				"igdctl: hint: or switch one of the routers to bridge mode\n") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if code, out, words = s.run("close", "--through", "8080"); code != 0 || out != "8080/tcp is closed\n" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("", "")
	})
}

func TestThroughRefused(t *testing.T) {
	refuse := func(code int) emulator.Options {
		return emulator.Options{SSDP: "multicast", Faults: []emulator.Fault{{On: "soap.AddPortMapping", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: code}}}}}
	}
	secure := "igdctl: hint: many routers open ports only for the computer that asks, and not through another router\n" +
		"igdctl: hint: forward the port to 192.168.178.20 in the settings of the router at 192.168.178.1, or switch it to bridge mode\n"
	tests := []struct {
		name  string
		outer emulator.Options
		code  int
		words string
	}{
		{"606", refuse(606), exitRefused,
			"igdctl: error: 8080/tcp: the outer router at 192.168.178.1: the gateway does not allow this computer to do that (606 Action not authorized)\n" + secure},
		{"718", refuse(718), exitRefused,
			"igdctl: error: 8080/tcp: the outer router at 192.168.178.1: the port is taken, and the gateway does not say by whom (718 ConflictInMappingEntry)\n" + secure},
		{"taken", emulator.Options{SSDP: "multicast", Mappings: []emulator.InitialMapping{
			{Protocol: "TCP", ExternalPort: 8080, InternalClient: netip.MustParseAddr("192.168.178.9"), InternalPort: 80, Description: "Plex"}}}, exitRefused,
			"igdctl: error: 8080/tcp: the outer router at 192.168.178.1: the port already leads to 192.168.178.9:80 (\"Plex\")\n" +
				"igdctl: hint: igdctl open --through --any 8080/tcp takes another port\n" +
				"igdctl: hint: igdctl list shows who has which port\n"},
		{"nobody", emulator.Options{SSDP: "off"}, exitNoGateway,
			"igdctl: error: 8080/tcp: the gateway stands behind another router (its address is 192.168.178.20), and no router there answers at 192.168.178.1 or 192.168.178.254\n" +
				"igdctl: hint: UPnP may be switched off there: look for \"UPnP\" in the settings of the outer router\n" +
				"igdctl: hint: or forward the port to 192.168.178.20 in its settings; without --through it is opened here only\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTwoRouters(t, tt.outer)
				before := len(s.outer.Mappings())
				code, out, words := s.run("open", "8080", "--through")
				words = strings.ReplaceAll(words, "igdctl: asking Emulated gateway inner…\n", "") // after a second
				if code != tt.code || out != "" || words != tt.words {
					t.Errorf("exit code %d: %s%s", code, out, words)
				}
				if len(s.inner.Mappings()) != 0 || len(s.outer.Mappings()) != before {
					t.Errorf("left %v, %v", s.inner.Mappings(), s.outer.Mappings())
				}
			})
		})
	}
}

// doctor looks for the router beyond, and says what it is good for.
func TestDoctorBeyond(t *testing.T) {
	for _, tt := range []struct {
		name  string
		outer emulator.Options
		says  []string
	}{
		{"public", emulator.Options{SSDP: "multicast"}, []string{
			"\nok    beyond       the router beyond is Emulated gateway outer at 192.168.178.1: 45.66.77.88 is a public address\n",
			"→ igdctl open --through opens a port on both\n",
			"; the router beyond is public and speaks UPnP: igdctl open --through asks both\n"}},
		{"behind another one too", emulator.Options{SSDP: "multicast", ExternalIP: netip.MustParseAddr("100.64.1.2")}, []string{
			"\nnote  beyond       the router beyond is Emulated gateway outer at 192.168.178.1: 100.64.1.2 is shared by many customers (CGNAT): ",
			"→ ask the provider for a public IPv4 address, or use IPv6\n"}},
		{"silent", emulator.Options{SSDP: "off"}, []string{
			"\nnote  beyond       the gateway stands behind another router (its address is 192.168.178.20), and no router there answers at 192.168.178.1 or 192.168.178.254\n",
			"→ UPnP may be switched off there: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTwoRouters(t, tt.outer)
				code, out, words := s.run("doctor", "--read-only")
				if code != 0 {
					t.Errorf("exit code %d: %s", code, words)
				}
				for _, want := range tt.says {
					if !strings.Contains(out, want) {
						t.Errorf("it does not say %q:\n%s", want, out)
					}
				}
				s.want("", "")
			})
		})
	}
}

// close --mine closes on all routers what led through them, and what a crash has left open there is closed by the next open.
func TestMineThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		s.journal = filepath.Join(t.TempDir(), "ports.json")
		s.run("open", "8080")
		s.run("open", "8090:8081", "--through")
		s.want("TCP 8080 → 192.168.1.10:8080, TCP 8090 → 192.168.1.10:8081", "TCP 8090 → 192.168.178.20:8090")
		code, out, words := s.run("close", "--mine")
		if code != 0 || out != "8080/tcp is closed\n8090/tcp is closed\n" || strings.Contains(words, "warning") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("", "")

		// Where the inner one has forgotten it, the outer one is still asked.
		s.run("open", "8090:8081", "--through")
		journal := s.journal
		s.journal = ""
		s.run("close", "8090:8081")
		s.journal = journal
		s.want("", "TCP 8090 → 192.168.178.20:8090")
		if code, out, words = s.run("close", "--mine"); code != 0 || out != "8090/tcp is closed\n" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("", "")
		if _, _, words = s.run("close", "--mine"); !strings.Contains(words, "nothing that igdctl opened is open") {
			t.Error(words)
		}

		// Where the outer one is silent, that is told.
		s.run("open", "8090:8081", "--through")
		s.outer.Close()
		if code, out, words = s.run("close", "--mine"); code != exitNoGateway || out != "8090/tcp is closed\n" ||
			!strings.Contains(words, "warning: what is open on the router beyond stays open there: the gateway stands behind another router (its address is 192.168.178.20), and no") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if code, out, words = s.run("close", "--mine"); code != exitNoGateway || out != "" || strings.Contains(words, "nothing that igdctl opened is open") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if code, out, _ = s.run("close", "--mine", "--json"); code != exitNoGateway || !strings.Contains(out, `"closed": []`) || !strings.Contains(out, `"error": {`) {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
}

// What open --through has opened is closed on all routers by its SPEC alone, where the journal knows it, and the outer router is asked for nothing else.
func TestCloseKnowsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		s.journal = filepath.Join(t.TempDir(), "ports.json")
		s.run("open", "9000", "9001")
		s.run("open", "8090:8081/both", "8092", "--through")
		if code, out, words := s.run("close", "8090:8081/both", "9000"); code != 0 || out != "8090/tcp is closed\n8090/udp is closed\n9000/tcp is closed\n" || words != "" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("TCP 9001 → 192.168.1.10:9001, TCP 8092 → 192.168.1.10:8092", "TCP 8092 → 192.168.178.20:8092")
		s.outer.Close()
		if code, out, words := s.run("close", "9001"); code != 0 || out != "9001/tcp is closed\n" || words != "" {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		if code, out, words := s.run("close", "8092"); code != exitNoGateway || out != "8092/tcp is closed\n" ||
			!strings.Contains(words, "warning: what is open on the router beyond stays open there: the gateway stands behind another router") {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
	})
}

// What reach leaves open behind two routers is closed on both by the command that it names.
func TestReachNamesWhatClosesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		code, out, words := s.run("reach", "4000")
		if code != 0 || !strings.Contains(out, "; igdctl close --through 4000/udp closes it") {
			t.Fatalf("exit code %d: %s%s", code, out, words)
		}
		s.want("UDP 4000 → 192.168.1.10:4000", "UDP 4000 → 192.168.178.20:4000")
		if code, out, words := s.run("close", "--through", "4000/udp"); code != 0 {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("", "")
	})
}

// A gateway that says that it is not connected, and works: its address is told, and what is open through it is closed.
func TestThroughDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoRouters(t, emulator.Options{SSDP: "multicast"})
		if code, out, words := s.run("open", "8080", "--through"); code != 0 {
			t.Fatalf("exit code %d: %s%s", code, out, words)
		}
		sc, err := scenarios.Load("status-disconnected-works")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.inner.AddFault(sc.Options()[0].Faults...); err != nil {
			t.Fatal(err)
		}
		if _, out, _ := s.run("status"); !strings.Contains(out, "192.168.178.20 (private)") {
			t.Error(out)
		}
		if code, out, words := s.run("close", "--through", "8080"); code != 0 {
			t.Errorf("exit code %d: %s%s", code, out, words)
		}
		s.want("", "")
	})
}
