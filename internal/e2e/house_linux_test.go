package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/netns"
)

// The addresses of a house with a real gateway.
var (
	lanHost    = netip.MustParseAddr("192.168.77.10")
	lanGateway = netip.MustParseAddr("192.168.77.1")
	wanGateway = netip.MustParseAddr("203.0.113.7")
	wanHost    = netip.MustParseAddr("203.0.113.100")

	// claimed is what miniupnpd takes for its external address: it knows that TEST-NET-3 is reserved and would refuse to
	// work behind the address that its interface has.
	claimed = netip.MustParseAddr("45.66.77.88")
)

// description is where miniupnpd describes itself.
const description = "http://192.168.77.1:5000/rootDesc.xml"

// house is a LAN, a gateway with a real miniupnpd, and the Internet: three network namespaces and nobody's root.
type house struct {
	lan, gateway, wan *netns.Namespace
	daemon            *daemon
	home              string // where igdctl keeps its files; "": every command has a new one
}

// wiring is what differs from house to house. The zero value is a gateway with a public address in secure mode.
type wiring struct {
	conf     []string // more lines for miniupnpd.conf
	v6       bool     // with IPv6 on both sides, behind the gateway's firewall
	reserved bool     // the gateway knows that its address is reserved: it stands behind another NAT
}

// lines are those of its miniupnpd.conf that are not the same for all.
func (w wiring) lines() []string {
	if w.reserved {
		return w.conf
	}
	return append([]string{fmt.Sprintf("ext_ip=%v", claimed)}, w.conf...)
}

// inHouse runs body as a test in a new house. Everything in it ends with the body, as it happens in a lab.
func inHouse(t *testing.T, w wiring, body func(t *testing.T, h *house)) {
	t.Helper()
	inNamespaces(t, func(t *testing.T) { body(t, build(t, w)) })
}

// inNamespaces runs body where it may make networks of its own, for real gateways in them.
func inNamespaces(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	need(t, "miniupnpd", "nft", "upnpc")
	commandsOnPath(t)
	labtest.Host(t, lab.Options{}, body)
}

func build(t testing.TB, w wiring) *house {
	t.Helper()
	h := &house{lan: namespace(t), gateway: namespace(t), wan: namespace(t)}
	h.wire(t, end(h.gateway, "lan0", lanGateway), end(h.lan, "eth0", lanHost))
	h.wire(t, end(h.gateway, "wan0", wanGateway), end(h.wan, "eth0", wanHost))
	if err := h.lan.AddDefaultRoute(lanGateway); err != nil {
		t.Fatal(err)
	}
	if w.v6 {
		h.wireSix(t)
	}
	route(t, h.gateway)
	h.daemon = startDaemon(t, h.place(), w.lines()...)
	return h
}

func (h *house) wire(t testing.TB, a, b netns.End) {
	t.Helper()
	if err := netns.Connect(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
}

// route makes a namespace a router with the rules that miniupnpd needs.
func route(t testing.TB, gateway *netns.Namespace) {
	t.Helper()
	for path, value := range map[string]string{"net/ipv4/ip_forward": "1", "net/ipv4/icmp_ratelimit": "0"} {
		if err := gateway.Sysctl(path, value); err != nil {
			t.Fatal(err)
		}
	}
	nft(t, gateway, "-f", "testdata/gateway.nft")
}

func (h *house) place() place { return place{gateway: h.gateway, lan: h.lan, at: lanHost} }

// reboot is a power cut on the gateway, which comes back as w says: without a goodbye, and with nothing in its tables.
func (h *house) reboot(t testing.TB, w wiring) {
	t.Helper()
	h.daemon.kill(t)
	for _, chain := range [][]string{{"filter", "opened"}, {"nat", "opened"}, {"nat", "opened_out"}} {
		nft(t, h.gateway, "flush", "chain", "inet", chain[0], chain[1])
	}
	h.daemon = startDaemon(t, h.place(), w.lines()...)
}

// nft runs nft on a gateway.
func nft(t testing.TB, gateway *netns.Namespace, args ...string) string {
	t.Helper()
	cmd := exec.Command("nft", args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := gateway.Do(cmd.Run); err != nil {
		t.Fatalf("nft %s: %v\n%s", strings.Join(args, " "), err, &out)
	}
	return out.String()
}

func namespace(t testing.TB) *netns.Namespace {
	t.Helper()
	n, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func end(n *netns.Namespace, name string, addr netip.Addr) netns.End {
	return netns.End{Namespace: n, Name: name, Addrs: []netip.Prefix{netip.PrefixFrom(addr, 24)}}
}

// logged keeps what a process says.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// said is the outcome of a command.
type said struct {
	code           int
	stdout, stderr string
}

// run runs a command on the LAN's host to its end.
func (h *house) run(t testing.TB, name string, args ...string) said {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = h.environ(t)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := h.lan.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code says it
	t.Logf("%s %s: exit code %d\n%s%s", filepath.Base(name), strings.Join(args, " "), cmd.ProcessState.ExitCode(), &stdout, &stderr)
	return said{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// igdctl runs igdctl on the LAN's host.
func (h *house) igdctl(t testing.TB, args ...string) said {
	t.Helper()
	return h.run(t, command(t, "igdctl"), args...)
}

// environ gives every command a home of its own, unless the house has one: igdctl remembers gateways in the user's cache directory.
func (h *house) environ(t testing.TB) []string {
	home := h.home
	if home == "" {
		home = t.TempDir()
	}
	return append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "XDG_STATE_HOME="+filepath.Join(home, "state"), "NO_COLOR=1")
}

// running is a command on the LAN's host that has not ended.
type running struct {
	*exec.Cmd
	lines  *bufio.Reader // of its stdout
	stderr *logged
}

// begin starts a command whose stdin stays open until the second result is closed.
func (h *house) begin(t testing.TB, name string, args ...string) (*running, io.Closer) {
	t.Helper()
	r := &running{Cmd: exec.Command(name, args...), stderr: new(logged)}
	r.Env, r.Stderr = h.environ(t), r.stderr
	r.WaitDelay = 5 * time.Second // what it has started may outlive it
	stdin, err := r.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.lines = bufio.NewReader(stdout)
	if err := h.lan.Do(r.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Process.Kill()
		_ = r.Wait()
	})
	return r, stdin
}

// line is the next line of its stdout.
func (r *running) line(t testing.TB) string {
	t.Helper()
	line, err := r.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v, stdout %q, stderr:\n%s", filepath.Base(r.Path), err, line, r.stderr)
	}
	return strings.TrimSuffix(line, "\n")
}

// end is its exit code, once it ends.
func (r *running) end(t testing.TB) int {
	t.Helper()
	rest, err := io.ReadAll(r.lines)
	_ = r.Wait()
	t.Logf("%s: exit code %d, %v\n%s%s", filepath.Base(r.Path), r.ProcessState.ExitCode(), err, rest, r.stderr)
	return r.ProcessState.ExitCode()
}

// crash ends it as kill -9 does.
func (r *running) crash(t testing.TB) {
	t.Helper()
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.end(t)
}
