package e2e

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/netns"
)

// The second address of the host on the WAN, by which a STUN server there tells how a NAT behaves.
var wanSecond = netip.MustParseAddr("203.0.113.101")

// kernelNATs are NATs by rules of nftables, and what they are by RFC 4787 and RFC 3489. The kernel maps by address and port, but keeps
// ports where it can, so that to a host alone behind it masquerade looks endpoint-independent (§4.2.1: overloading).
func kernelNATs() map[string]struct {
	rules string
	want  behaviour
} {
	const filter = `
table ip filter {
	chain forward { type filter hook forward priority filter; policy accept; ct state established,related accept; iifname "wan0" %s; }
}
`
	const source = `
table ip nat {
	chain prerouting { type nat hook prerouting priority dstnat; policy accept; %s
	}
	chain postrouting { type nat hook postrouting priority srcnat; policy accept; oifname "wan0" %s; }
}
`
	drop := fmt.Sprintf(filter, "drop")
	type kind = struct {
		rules string
		want  behaviour
	}
	return map[string]kind{
		"masquerade": {drop + fmt.Sprintf(source, "", "masquerade"), behaviour{"endpoint-independent", "address-and-port-dependent", "port-restricted"}},
		"random":     {drop + fmt.Sprintf(source, "", "masquerade fully-random"), behaviour{"address-and-port-dependent", "address-and-port-dependent", "symmetric"}},
		"exposed": {fmt.Sprintf(filter, "accept") + fmt.Sprintf(source, fmt.Sprintf(`iifname "wan0" meta l4proto udp dnat to %v`, lanHost), "masquerade"),
			behaviour{"endpoint-independent", "endpoint-independent", "full-cone"}},
		"firewall": {drop, behaviour{"endpoint-independent", "address-and-port-dependent", "symmetric-firewall"}},
	}
}

// behaviour is what igdctl nat --json says.
type behaviour struct {
	Mapping   string
	Filtering string
	RFC3489   string
}

// TestNATOfTheKernel has igdctl, pion's stun-nat-behaviour and coturn's turnutils_natdiscovery look at NATs that the kernel makes, with coturn and with our STUN
// server on the Internet: all say the same, which is what the NATs are.
func TestNATOfTheKernel(t *testing.T) {
	t.Parallel()
	need(t, "nft", "turnserver", "turnutils_natdiscovery")
	commandsOnPath(t)
	for name, kind := range kernelNATs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labtest.Host(t, lab.Options{}, func(t *testing.T) {
				h := natHouse(t, kind.rules)
				for server, start := range map[string]func(*testing.T, *netns.Namespace){"coturn": startCoturn, "ours": startOurSTUN} {
					t.Run(server, func(t *testing.T) {
						start(t, h.wan)
						at := agree(t, h.run, wanHost, kind.want)
						if (at.Addr() == wanGateway) != (kind.want.RFC3489 != "symmetric-firewall") {
							t.Errorf("mapped at %v", at)
						}
					})
				}
			})
		})
	}
}

// natHouse is a LAN and the Internet with a gateway between them that has these rules and nothing else.
func natHouse(t *testing.T, rules string) *house {
	t.Helper()
	h := &house{lan: namespace(t), gateway: namespace(t), wan: namespace(t)}
	far := end(h.wan, "eth0", wanHost)
	far.Addrs = append(far.Addrs, netip.PrefixFrom(wanSecond, 24))
	for _, cable := range [][2]netns.End{
		{end(h.gateway, "lan0", lanGateway), end(h.lan, "eth0", lanHost)},
		{end(h.gateway, "wan0", wanGateway), far},
	} {
		if err := netns.Connect(t.Context(), cable[0], cable[1]); err != nil {
			t.Fatal(err)
		}
	}
	for n, by := range map[*netns.Namespace]netip.Addr{h.lan: lanGateway, h.wan: wanGateway} {
		if err := n.AddDefaultRoute(by); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.gateway.Sysctl("net/ipv4/ip_forward", "1"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	var out logged
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := h.gateway.Do(cmd.Run); err != nil {
		t.Fatalf("nft: %v\n%s\n%s", err, &out, rules)
	}
	return h
}

// agree has three clients ask a server, by run, and gives where it sees igdctl.
func agree(t *testing.T, run func(t testing.TB, name string, args ...string) said, server netip.Addr, want behaviour) (mapped netip.AddrPort) {
	t.Helper()
	ask := map[string][]string{
		command(t, "igdctl"):             {"nat", "--server", server.String(), "--json"},
		command(t, "stun-nat-behaviour"): {"-server", server.String() + ":3478", "-timeout", "2"},
		"turnutils_natdiscovery":         {"-m", "-f", server.String()},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]said{}
	for name, args := range ask { // at once: they wait most of the time
		wg.Go(func() {
			got := run(t, name, args...)
			mu.Lock()
			defer mu.Unlock()
			answers[filepath.Base(name)] = got
		})
	}
	wg.Wait()
	var ours struct {
		behaviour
		Mapped  netip.AddrPort
		Unknown map[string]string
	}
	answers["igdctl"].decode(t, &ours)
	if ours.behaviour != want {
		t.Errorf("igdctl says %+v, want %+v; unknown: %q", ours.behaviour, want, ours.Unknown)
	}
	others := behaviour{want.Mapping, want.Filtering, ""}
	if got := pionSays(answers["stun-nat-behaviour"].stdout); got != others {
		t.Errorf("pion says %+v, want %+v", got, others)
	}
	// coturn's tool takes the alternate address anew from each answer, so that its third question goes to the first address again: it cannot see
	// a mapping that depends on the address alone.
	if others.Mapping == "address-dependent" {
		others.Mapping = "address-and-port-dependent"
	}
	if got := coturnSays(answers["turnutils_natdiscovery"].stdout); got != others {
		t.Errorf("coturn says %+v, want %+v", got, others)
	}
	return ours.Mapped
}

// TestNATOfTheEmulator has them look at the nine combinations of RFC 4787 that a lab's gateway plays.
func TestNATOfTheEmulator(t *testing.T) {
	t.Parallel()
	need(t, "turnutils_natdiscovery")
	commandsOnPath(t)
	for is, want := range map[string]behaviour{
		"full-cone":       {"endpoint-independent", "endpoint-independent", "full-cone"},
		"restricted":      {"endpoint-independent", "address-dependent", "restricted"},
		"port-restricted": {"endpoint-independent", "address-and-port-dependent", "port-restricted"},
		"adm/eif":         {"address-dependent", "endpoint-independent", "symmetric"},
		"adm/adf":         {"address-dependent", "address-dependent", "symmetric"},
		"adm/apdf":        {"address-dependent", "address-and-port-dependent", "symmetric"},
		"apdm/eif":        {"address-and-port-dependent", "endpoint-independent", "symmetric"},
		"apdm/adf":        {"address-and-port-dependent", "address-dependent", "symmetric"},
		"symmetric":       {"address-and-port-dependent", "address-and-port-dependent", "symmetric"},
	} {
		if testing.Short() && want.RFC3489 == "symmetric" && is != "symmetric" {
			continue // the four of RFC 3489 are enough for a short run
		}
		t.Run(strings.ReplaceAll(is, "/", "-"), func(t *testing.T) {
			t.Parallel()
			s := spec{Version: 2, ExternalIP: claimed, NAT: is}
			labtest.Host(t, lab.Options{Spec: s.json(t)}, func(t *testing.T) {
				if at := agree(t, local, lab.STUN(), want); at.Addr() != claimed {
					t.Errorf("mapped at %v", at)
				}
			})
		})
	}
}

// pionSays reads what pion's stun-nat-behaviour prints.
func pionSays(out string) (b behaviour) {
	for line := range strings.Lines(out) {
		_, verdict, _ := strings.Cut(strings.TrimSpace(line), "=> NAT ")
		words, _, _ := strings.Cut(verdict, " (")
		if is, ok := strings.CutPrefix(words, "mapping behavior: "); ok {
			b.Mapping = strings.ReplaceAll(is, " ", "-")
		}
		if is, ok := strings.CutPrefix(words, "filtering behavior: "); ok {
			b.Filtering = strings.ReplaceAll(is, " ", "-")
		}
	}
	return b
}

// coturnSays reads what turnutils_natdiscovery prints.
func coturnSays(out string) (b behaviour) {
	for line := range strings.Lines(out) {
		words, of := strings.CutPrefix(strings.TrimSpace(line), "NAT with ")
		words = strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(words, "!")), " ", "-")
		if !of {
			continue
		}
		if is, ok := strings.CutSuffix(words, "-mapping"); ok {
			b.Mapping = is
		}
		if is, ok := strings.CutSuffix(words, "-filtering"); ok {
			b.Filtering = is
		}
	}
	return b
}

// startCoturn runs coturn as a STUN server on both addresses of the namespace, until the test ends.
func startCoturn(t *testing.T, n *netns.Namespace) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("turnserver", "-n", "--stun-only", "--listening-ip", wanHost.String(), "--listening-ip", wanSecond.String(),
		"--no-tls", "--no-dtls", "--no-cli", "--log-file", "stdout", "--simple-log", "--pidfile", filepath.Join(dir, "pid"), "--userdb", filepath.Join(dir, "db"))
	var out logged
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := n.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("coturn:\n%s", &out)
		}
	})
	answering(t, n)
}

// startOurSTUN runs the emulator's STUN server there.
func startOurSTUN(t *testing.T, n *netns.Namespace) {
	t.Helper()
	var s *emulator.STUNServer
	err := n.Do(func() (err error) {
		s, err = emulator.StartSTUN(context.Background(), emulator.STUNOptions{Addrs: []netip.Addr{wanHost, wanSecond}, Ports: [2]uint16{3478, 3479}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, e := range s.Journal() {
				t.Log(e)
			}
		}
	})
	answering(t, n)
}

// answering returns when a STUN server answers at each of its four places.
func answering(t *testing.T, n *netns.Namespace) {
	t.Helper()
	var conn net.PacketConn
	err := n.Do(func() (err error) {
		conn, err = net.ListenPacket("udp4", "0.0.0.0:0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b := make([]byte, 1500)
	for _, at := range []netip.AddrPort{
		netip.AddrPortFrom(wanHost, 3478), netip.AddrPortFrom(wanHost, 3479), netip.AddrPortFrom(wanSecond, 3478), netip.AddrPortFrom(wanSecond, 3479),
	} {
		for deadline := time.Now().Add(20 * time.Second); ; {
			if time.Now().After(deadline) {
				t.Fatalf("no STUN server answers at %v", at)
			}
			_, _ = conn.WriteTo(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw, net.UDPAddrFromAddrPort(at))
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if _, from, err := conn.ReadFrom(b); err == nil && from.String() == at.String() {
				break
			}
		}
	}
}
