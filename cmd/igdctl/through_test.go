package main

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/nat"
)

// twoRouters are a computer behind a router behind a router, in memory.
type twoRouters struct {
	t            *testing.T
	pc           *emulator.Host
	inner, outer *emulator.Gateway
}

func newTwoRouters(t *testing.T, outer emulator.Options) *twoRouters {
	t.Helper()
	n := emulator.NewNetwork()
	t.Cleanup(func() { n.Close() })
	plane := emulator.Plane{NAT: &nat.Behaviour{Filtering: nat.AddressAndPortDependent}}
	h := n.Host("inner", netip.MustParsePrefix("192.168.1.1/24"), netip.MustParsePrefix("192.168.178.20/24"))
	h.SetDefaultGateway(netip.MustParseAddr("192.168.178.1"))
	s := &twoRouters{t: t, pc: n.Host("pc", netip.MustParsePrefix("192.168.1.10/24"))}
	s.pc.SetDefaultGateway(netip.MustParseAddr("192.168.1.1"))
	s.inner = emulator.Start(t, emulator.Options{Name: "inner", Net: h, LAN: netip.MustParseAddr("192.168.1.1"), SSDP: "multicast",
		ExternalIP: netip.MustParseAddr("192.168.178.20"), Plane: plane})
	outer.Name, outer.Net, outer.LAN, outer.Plane = "outer", n.Host("outer", netip.MustParsePrefix("192.168.178.1/24")), netip.MustParseAddr("192.168.178.1"), plane
	s.outer = emulator.Start(t, outer)
	return s
}

// run runs igdctl on the computer: its exit code and what it said.
func (s *twoRouters) run(args ...string) (code int, stdout, stderr string) {
	var out, words strings.Builder
	code = run(s.t.Context(), args, env{net: s.pc, stdout: &out, stderr: &words})
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
