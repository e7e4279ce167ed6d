package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/internal/netns"
)

// place is where a miniupnpd works: between the interfaces lan0 and wan0 of a namespace.
type place struct {
	gateway *netns.Namespace
	lan     *netns.Namespace // behind it
	at      netip.Addr       // an address there, where its announcements are heard
	program string           // "": miniupnpd
}

// daemon is a real miniupnpd.
type daemon struct {
	log     *logged // what it says
	started time.Time
	alive   time.Time // when its first announcement was heard
	lines   []string  // of its configuration
	cmd     *exec.Cmd
	dead    bool
}

// startDaemon starts miniupnpd with more lines for its configuration, and returns when it has announced a gateway to the LAN: then it answers.
func startDaemon(t testing.TB, p place, lines ...string) *daemon {
	t.Helper()
	// Where no syslog runs, miniupnpd logs to the machine's console, and waits there for a serial line of 115200 baud.
	if err := unix.Mount("/dev/null", "/dev/console", "", unix.MS_BIND, ""); err != nil {
		t.Logf("miniupnpd may be slow: %v", err)
	}
	conf, err := os.ReadFile("testdata/miniupnpd.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		conf = fmt.Appendln(conf, line)
	}
	conf = append(conf, "allow 1024-65535 0.0.0.0/0 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n"...)
	dir := t.TempDir()
	file := filepath.Join(dir, "miniupnpd.conf")
	if err := os.WriteFile(file, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	var news net.PacketConn
	err = p.lan.Do(func() (err error) {
		group := netip.MustParseAddrPort("239.255.255.250:1900")
		news, err = emulator.SystemNet().ListenGroup(t.Context(), p.at, group)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()

	if p.program == "" {
		p.program = "miniupnpd"
	}
	d := &daemon{log: new(logged), lines: lines}
	// The test's own context ends before its cleanups run, and miniupnpd is to say goodbye after them.
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	d.cmd = exec.CommandContext(ctx, p.program, "-d", "-P", filepath.Join(dir, "pid"), "-f", file)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.Cancel = func() error { return d.cmd.Process.Signal(syscall.SIGTERM) }
	d.cmd.WaitDelay = 5 * time.Second
	d.started = time.Now()
	if err := p.gateway.Do(d.cmd.Start); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if !d.dead {
			_ = d.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("miniupnpd said:\n%s", d.log)
		}
	})
	if err := news.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 2048); ; {
		n, _, err := news.ReadFrom(b)
		if err != nil {
			t.Fatalf("miniupnpd did not announce itself: %v\n%s", err, d.log)
		}
		if !bytes.Contains(b[:n], []byte("ssdp:alive")) {
			continue
		}
		if d.alive.IsZero() {
			d.alive = time.Now()
		}
		if bytes.Contains(b[:n], []byte("InternetGatewayDevice")) {
			return d
		}
	}
}

// description is where the one of a house describes itself.
func (d *daemon) description() string {
	if slices.Contains(d.lines, otherPort) {
		return strings.Replace(description, ":5000/", ":5001/", 1)
	}
	return description
}

// kill ends it as a power cut does: it closes nothing and says goodbye to nobody.
func (d *daemon) kill(t testing.TB) {
	t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait()
	d.dead = true
}
