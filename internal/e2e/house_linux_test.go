package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/emulator"
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
	log               *logged // what miniupnpd says
}

// wiring is what differs from house to house. The zero value is a gateway with a public address in secure mode.
type wiring struct {
	conf     []string // more lines for miniupnpd.conf
	reserved bool     // the gateway knows that its address is reserved: it stands behind another NAT
}

// inHouse runs body as a test in a new house. Everything in it ends with the body, as it happens in a lab.
func inHouse(t *testing.T, w wiring, body func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	need(t, "miniupnpd", "nft", "upnpc")
	commandsOnPath(t)
	labtest.Host(t, lab.Options{}, func(t *testing.T) { body(t, build(t, w)) })
}

func build(t testing.TB, w wiring) *house {
	t.Helper()
	// Where no syslog runs, miniupnpd logs to the machine's console, and waits there for a serial line of 115200 baud.
	if err := unix.Mount("/dev/null", "/dev/console", "", unix.MS_BIND, ""); err != nil {
		t.Logf("miniupnpd may be slow: %v", err)
	}
	h := &house{lan: namespace(t), gateway: namespace(t), wan: namespace(t)}
	for _, cable := range []struct{ a, b netns.End }{
		{end(h.gateway, "lan0", lanGateway), end(h.lan, "eth0", lanHost)},
		{end(h.gateway, "wan0", wanGateway), end(h.wan, "eth0", wanHost)},
	} {
		if err := netns.Connect(t.Context(), cable.a, cable.b); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.lan.AddDefaultRoute(lanGateway); err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"net/ipv4/ip_forward": "1", "net/ipv4/icmp_ratelimit": "0"} {
		if err := h.gateway.Sysctl(path, value); err != nil {
			t.Fatal(err)
		}
	}
	rules := exec.Command("nft", "-f", "testdata/gateway.nft")
	rules.Stderr = os.Stderr
	if err := h.gateway.Do(rules.Run); err != nil {
		t.Fatalf("nft: %v", err)
	}
	h.start(t, w)
	return h
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

// start starts miniupnpd and returns when its announcement has reached the LAN: then it answers.
func (h *house) start(t testing.TB, w wiring) {
	t.Helper()
	conf, err := os.ReadFile("testdata/miniupnpd.conf")
	if err != nil {
		t.Fatal(err)
	}
	if !w.reserved {
		conf = fmt.Appendf(conf, "ext_ip=%v\n", claimed)
	}
	for _, line := range w.conf {
		conf = fmt.Appendln(conf, line)
	}
	conf = append(conf, "allow 1024-65535 0.0.0.0/0 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n"...)
	dir := t.TempDir()
	file := filepath.Join(dir, "miniupnpd.conf")
	if err := os.WriteFile(file, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	var news net.PacketConn
	err = h.lan.Do(func() (err error) {
		group := netip.MustParseAddrPort("239.255.255.250:1900")
		news, err = emulator.SystemNet().ListenGroup(t.Context(), lanHost, group)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()

	h.log = new(logged)
	// The test's own context ends before its cleanups run, and miniupnpd is to say goodbye after them.
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	daemon := exec.CommandContext(ctx, "miniupnpd", "-d", "-P", filepath.Join(dir, "pid"), "-f", file)
	daemon.Stdout, daemon.Stderr = h.log, h.log
	daemon.Cancel = func() error { return daemon.Process.Signal(syscall.SIGTERM) }
	daemon.WaitDelay = 5 * time.Second
	if err := h.gateway.Do(daemon.Start); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = daemon.Wait()
		if t.Failed() {
			t.Logf("miniupnpd said:\n%s", h.log)
		}
	})
	if err := news.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 2048); ; {
		n, _, err := news.ReadFrom(b)
		if err != nil {
			t.Fatalf("miniupnpd did not announce itself: %v\n%s", err, h.log)
		}
		if bytes.Contains(b[:n], []byte("ssdp:alive")) && bytes.Contains(b[:n], []byte("InternetGatewayDevice")) {
			return
		}
	}
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

// environ gives every house a home of its own: igdctl remembers gateways in the user's cache directory.
func (h *house) environ(t testing.TB) []string {
	return append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir(), "NO_COLOR=1")
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
