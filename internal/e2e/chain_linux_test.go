package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/igdkit/igdkit/internal/netns"
)

// The network between the two gateways of a chain: what ours takes for the Internet is the LAN of another.
var (
	innerOutside = netip.MustParseAddr("172.20.178.20")
	outerInside  = netip.MustParseAddr("172.20.178.1")
)

// chained is a house behind a second gateway, with a miniupnpd of its own.
type chained struct {
	*house
	outer       *netns.Namespace
	outerDaemon *daemon
}

// inChain runs body in a house behind two gateways. The WAN of house is that of the outer one.
func inChain(t *testing.T, body func(t *testing.T, c *chained)) {
	t.Helper()
	inNamespaces(t, func(t *testing.T) {
		c := &chained{house: &house{lan: namespace(t), gateway: namespace(t), wan: namespace(t)}, outer: namespace(t)}
		c.wire(t, end(c.gateway, "lan0", lanGateway), end(c.lan, "eth0", lanHost))
		c.wire(t, end(c.outer, "lan0", outerInside), end(c.gateway, "wan0", innerOutside))
		c.wire(t, end(c.outer, "wan0", wanGateway), end(c.wan, "eth0", wanHost))
		for from, via := range map[*netns.Namespace]netip.Addr{c.lan: lanGateway, c.gateway: outerInside} {
			if err := from.AddDefaultRoute(via); err != nil {
				t.Fatal(err)
			}
		}
		route(t, c.gateway)
		route(t, c.outer)
		c.outerDaemon = startDaemon(t, place{gateway: c.outer, lan: c.gateway, at: innerOutside},
			"uuid=4dcf0f36-9c5e-4c0b-8d3a-6f0d5f1c7a22", fmt.Sprintf("ext_ip=%v", claimed), "secure_mode=yes")
		inside := c.place()
		inside.program = behindNAT(t)
		c.daemon = startDaemon(t, inside, "secure_mode=yes", fmt.Sprintf("ext_ip=%v", innerOutside))
		body(t, c)
	})
}

// behindNAT is a miniupnpd that works behind another NAT, as those of many routers do. The one of Debian refuses that up to 2.3.1, and later ones have the
// option ext_allow_private_ipv4 for it; so this is a copy, with 172.16.0.0/12 taken out of its table of reserved addresses.
func behindNAT(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("miniupnpd")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reserved := func(network uint32, bits uint32) []byte {
		return binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, network), 32-bits)
	}
	between := reserved(0xac100000, 12)
	if n := bytes.Count(program, between); n != 1 {
		t.Fatalf("%s has 172.16.0.0/12 in %d tables, want it in one", path, n)
	}
	program = bytes.Replace(program, between, reserved(0xf0000000, 12), 1)
	copied := filepath.Join(t.TempDir(), "miniupnpd")
	if err := os.WriteFile(copied, program, 0o700); err != nil {
		t.Fatal(err)
	}
	return copied
}

// forwarding lists where the two gateways lead what comes from outside, the inner one first.
func (c *chained) forwarding(t *testing.T) (inner, outer string) {
	t.Helper()
	return destinations(nft(t, c.gateway, "list", "chain", "inet", "nat", "opened")), destinations(nft(t, c.outer, "list", "chain", "inet", "nat", "opened"))
}

// destinations are those of the rules of a chain.
func destinations(rules string) string {
	var all []string
	for line := range strings.Lines(rules) {
		if _, to, ok := strings.Cut(line, "dnat ip to "); ok {
			all = append(all, strings.Fields(to)[0])
		}
	}
	return strings.Join(all, " ")
}

func (c *chained) forwards(t *testing.T, wantInner, wantOuter string) {
	t.Helper()
	inner, outer := c.forwarding(t)
	if inner != wantInner || outer != wantOuter {
		t.Errorf("the inner gateway leads to %q, want %q; the outer one to %q, want %q", inner, wantInner, outer, wantOuter)
	}
}

// TestThroughTwoGateways opens a port on a gateway and on the one that it stands behind, both miniupnpd in secure mode.
func TestThroughTwoGateways(t *testing.T) {
	inChain(t, func(t *testing.T, c *chained) {
		c.home = t.TempDir()
		c.serve(t, "tcp", 8080)

		var ip struct {
			ExternalIP string `json:"external_ip"`
			Verdict    string `json:"verdict"`
		}
		c.igdctl(t, "ip", "--json").decode(t, &ip)
		if ip.ExternalIP != innerOutside.String() || ip.Verdict != "private" {
			t.Errorf("ip: %+v, want %v, private", ip, innerOutside)
		}
		if got := c.igdctl(t, "open", "8080/tcp", "--require-public"); got.code != 6 || !strings.Contains(got.stderr, "igdctl open --through") {
			t.Errorf("open --require-public: exit code %d, want 6 and a hint at --through", got.code)
		}
		c.closed(t, "tcp", 8080)
		c.igdctl(t, "close", "8080/tcp")

		var opened struct{ Mappings []mapping }
		c.igdctl(t, "open", "--through", "--json", "8081:8080/tcp").decode(t, &opened)
		if len(opened.Mappings) != 1 || opened.Mappings[0].External != fmt.Sprintf("%v:8081", claimed) || !opened.Mappings[0].Verified {
			t.Errorf("opened %+v", opened.Mappings)
		}
		c.forwards(t, lanHost.String()+":8080", innerOutside.String()+":8081")
		c.open(t, "tcp", 8081)
		if got := c.igdctl(t, "close", "--through", "8081:8080/tcp"); got.code != 0 {
			t.Error("close --through failed")
		}
		c.forwards(t, "", "")
		c.closed(t, "tcp", 8081)

		// close --mine needs no SPEC for both.
		c.igdctl(t, "open", "--through", "8081:8080/tcp")
		c.open(t, "tcp", 8081)
		if got := c.igdctl(t, "close", "--mine"); got.code != 0 || got.stdout != "8081/tcp is closed\n" {
			t.Error("close --mine failed")
		}
		c.forwards(t, "", "")

		// What a crash leaves on both is closed by the next one.
		r, _ := c.begin(t, command(t, "igdctl"), "open", "--keep", "--through", "8081:8080/tcp", "--json")
		r.until(t, "mapped")
		c.open(t, "tcp", 8081)
		r.crash(t)
		c.forwards(t, lanHost.String()+":8080", innerOutside.String()+":8081")
		if got := c.igdctl(t, "open", "8090/tcp"); got.code != 0 || strings.Count(got.stderr, "8081/tcp is closed: process ") != 1 {
			t.Error("what the crash left is not closed")
		}
		c.forwards(t, lanHost.String()+":8090", "")

		var seen struct {
			Checks []struct{ ID, Outcome, Detail string }
		}
		c.igdctl(t, "doctor", "--read-only", "--json").decode(t, &seen)
		beyond := ""
		for _, check := range seen.Checks {
			if check.ID == "beyond" {
				beyond = check.Outcome + ": " + check.Detail
			}
		}
		if want := fmt.Sprintf("sound: the router beyond is Debian router at %v: %v is a public address", outerInside, claimed); beyond != want {
			t.Errorf("doctor says %q of the outer gateway, want %q", beyond, want)
		}
	})
}
