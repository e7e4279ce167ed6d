package lab_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

// inNetwork runs n with what the tests put on gateways for spec, and gives what the commands said.
func inNetwork(t *testing.T, spec string, n lab.Network) (said string, all []lab.Outcome) {
	t.Helper()
	available(t)
	var out bytes.Buffer
	all, err := lab.RunNetwork(t.Context(), lab.Options{Spec: []byte(spec), Stdout: &out, Stderr: &out}, n)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String(), all
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// Each command says which host it is of, and of each is known what has become of it and why.
func TestCommands(t *testing.T) {
	one, three, forever := sh("echo one; echo two >&2; exit 3"), sh("echo three"), []string{"sleep", "1000"}
	name := sh("grep name /etc/resolv.conf")
	said, all := inNetwork(t, "", lab.Network{
		Gateways: []lab.Gateway{{Name: "left"}, {Name: "right"}},
		Hosts: []lab.Host{
			{Name: "first", Gateway: "left", Command: &lab.Command{Argv: one}},
			{Name: "second", Gateway: "right", Command: &lab.Command{Argv: three, After: []string{"first"}}},
			{Name: "forever", Command: &lab.Command{Argv: forever, Background: true}},
			{Name: "idle", Gateway: "left"},
			{Name: "last", Command: &lab.Command{Argv: name, After: []string{"forever"}}},
			{Name: "slow", Command: &lab.Command{Argv: forever, Timeout: 100 * time.Millisecond}},
		},
	})
	lines := slices.Sorted(strings.Lines(said))
	if want := []string{"first   | one\n", "first   | two\n", "last    | nameserver 198.51.100.53\n"}; !slices.Equal(lines, want) {
		t.Errorf("said %q, want %q", lines, want)
	}
	if len(all) > 0 && all[len(all)-1].Took < 100*time.Millisecond {
		t.Errorf("the slow one was ended after %v", all[len(all)-1].Took)
	}
	for i := range all {
		all[i].Took = 0
	}
	want := []lab.Outcome{
		{Host: "first", Argv: one, Exit: 3},
		{Host: "second", Argv: three, Skipped: "first ended with 3"},
		{Host: "forever", Argv: forever, Background: true, Exit: 128 + int(syscall.SIGTERM), Stopped: true},
		{Host: "last", Argv: name},
		{Host: "slow", Argv: forever, Exit: 128 + int(syscall.SIGTERM), TimedOut: true},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("became\n%+v, want\n%+v", all, want)
	}
	for i, failed := range []bool{true, true, false, false, true} {
		if want[i].Failed() != failed {
			t.Errorf("%+v: failed: %v", want[i], !failed)
		}
	}
}

// A LAN has as many hosts as fit on it: the kernel tells more of a hundred cables than it holds for somebody who does not listen.
func TestManyHosts(t *testing.T) {
	n := lab.Network{Gateways: []lab.Gateway{{Name: "home"}}}
	for i := range 100 {
		n.Hosts = append(n.Hosts, lab.Host{Name: fmt.Sprint("host", i), Gateway: "home"})
	}
	n.Hosts[99].Command = &lab.Command{Argv: []string{"true"}}
	_, all := inNetwork(t, "", n)
	if len(all) != 1 || all[0].Failed() {
		t.Errorf("%+v", all)
	}
}

// loseAddresses takes each gateway's address away twice and gives it back, and looks whether there is a way to the Internet.
func loseAddresses(s lab.Site) error {
	for _, p := range s.Places {
		for i, on := range []bool{false, true, false, false} {
			if err := p.Hold(p.WAN, on); err != nil {
				return fmt.Errorf("%s: %v: %w", p.Name, on, err)
			}
			err := p.Do(func() error {
				table, err := os.ReadFile("/proc/thread-self/net/route")
				if leads := strings.Contains(string(table), "wan0\t00000000\t"); err == nil && leads != (on || p.Name == "routed") {
					err = fmt.Errorf("%s: after %d: a way to the Internet: %v", p.Name, i, leads)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// A gateway that loses its address has nothing to say against it, and one that translates nothing keeps its LAN on the Internet.
func TestAddressLost(t *testing.T) {
	available(t)
	_, err := lab.RunNetwork(t.Context(), lab.Options{Spec: []byte("addresses")}, lab.Network{
		Gateways: []lab.Gateway{
			{Name: "home", WAN: wan(1)},
			{Name: "routed", WAN: wan(2), LAN: netip.MustParsePrefix("45.80.1.1/24"), Routed: true},
		},
		Hosts: []lab.Host{{Name: "one", Gateway: "home", Command: &lab.Command{Argv: []string{"true"}}}},
	})
	if err != nil {
		t.Error(err)
	}
}

// A port that nobody ever is bound to is no reason to wait longer than the command that needs it may take, and it is said.
func TestNeverReady(t *testing.T) {
	said, all := inNetwork(t, "", lab.Network{Hosts: []lab.Host{
		{Name: "server", Command: &lab.Command{Argv: []string{"sleep", "1000"}, Background: true, Ready: "tcp/80"}},
		{Name: "client", Command: &lab.Command{Argv: []string{"true"}, After: []string{"server"}, Timeout: 1100 * time.Millisecond}},
	}})
	if o := all[1]; o.Skipped != "server was not ready in time" || !o.TimedOut || !o.Failed() {
		t.Errorf("%+v", o)
	}
	if want := "lab: client waits until somebody on server is bound to tcp/80\n"; said != want {
		t.Errorf("said %q", said)
	}
}

// A command that is too slow is ended with what it has started, and with that which does not listen: a shell's child keeps no port.
func TestTooSlowWithChildren(t *testing.T) {
	for _, child := range []string{"sleep 1000", "sh -c 'trap \"\" TERM; while :; do sleep 1000; done'"} {
		number := filepath.Join(t.TempDir(), "number")
		slow := fmt.Sprintf("%s & echo $! >%s.tmp; mv %[2]s.tmp %[2]s; wait", child, number)
		watch := fmt.Sprintf("until [ -e %s ]; do sleep 0.01; done; while kill -0 $(cat %[1]s); do sleep 0.01; done 2>/dev/null", number)
		_, all := inNetwork(t, "", lab.Network{Hosts: []lab.Host{
			{Name: "slow", Command: &lab.Command{Argv: sh(slow), Timeout: time.Second}},
			{Name: "watch", Command: &lab.Command{Argv: sh(watch), Timeout: 10 * time.Second}},
		}})
		if !all[0].TimedOut || all[1].Failed() {
			t.Errorf("%s: %+v", child, all)
		}
	}
}

// A command that goes on saying what nobody hears is ended as one in a pipeline, and what is lost for another reason is an error.
func TestNobodyHears(t *testing.T) {
	available(t)
	r, gone, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer gone.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		labtest.Skip(t, "this machine has no /dev/full: "+err.Error())
	}
	defer full.Close()
	talk := lab.Network{Hosts: []lab.Host{{Name: "one", Command: &lab.Command{Argv: []string{"yes"}}}}}
	all, err := lab.RunNetwork(t.Context(), lab.Options{Stdout: gone}, talk)
	if err != nil || len(all) != 1 || all[0].Exit != 128+int(syscall.SIGPIPE) {
		t.Errorf("to nobody: %+v, %v", all, err)
	}
	if _, err := lab.RunNetwork(t.Context(), lab.Options{Stdout: full}, talk); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("to a full disk: %v", err)
	}
}

// What a log said before is kept until there is a lab that says something else, and two hosts never share one.
func TestLogs(t *testing.T) {
	available(t)
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	if err := os.WriteFile(old, []byte("said before"), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(spec, first, second string) error {
		_, err := lab.RunNetwork(t.Context(), lab.Options{Spec: []byte(spec), Dir: dir}, lab.Network{Hosts: []lab.Host{
			{Name: "one", Command: &lab.Command{Argv: sh("echo hi"), Log: first}},
			{Name: "two", Command: &lab.Command{Argv: sh("echo ho"), Log: second}},
		}})
		return err
	}
	for _, c := range [][3]string{{"broken", "old", "new"}, {"", "new", "./new"}, {"", old, "old"}} {
		if run(c[0], c[1], c[2]) == nil {
			t.Errorf("%q: no error", c)
		}
		if text, _ := os.ReadFile(old); string(text) != "said before" {
			t.Errorf("%q: the log says %q", c, text)
		}
		if _, err := os.Stat(fresh); err == nil {
			t.Errorf("%q: there is a new log", c)
		}
	}
	// What a command has said stays, though a later one cannot be started.
	none := filepath.Join(dir, "none")
	if err := os.WriteFile(none, []byte("\x7fELF is no program"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := lab.RunNetwork(t.Context(), lab.Options{Dir: dir}, lab.Network{Hosts: []lab.Host{
		{Name: "one", Command: &lab.Command{Argv: sh("echo evidence"), Log: "said"}},
		{Name: "two", Command: &lab.Command{Argv: []string{none}, Log: "unsaid", After: []string{"one"}}},
	}})
	if text, _ := os.ReadFile(filepath.Join(dir, "said")); err == nil || string(text) != "evidence\n" {
		t.Errorf("%v, and the log says %q", err, text)
	}
	if _, err := os.Stat(filepath.Join(dir, "unsaid")); err == nil {
		t.Error("there is a log of what was never started")
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run("", "pipe", "pipe"); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("a pipe that nobody reads: %v", err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := run("", "pipe", "pipe"); err != nil {
		t.Error(err)
	}
	text := make([]byte, len("hi\nho\n"))
	if _, err := io.ReadFull(reader, text); !strings.Contains("hi\nho\nhi\n", string(text)) || err != nil {
		t.Errorf("the pipe says %q, %v", text, err)
	}
	if err := run("", "old", "new"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{old: "hi\n", fresh: "ho\n"} {
		if text, err := os.ReadFile(name); string(text) != want || err != nil {
			t.Errorf("%s says %q, %v", name, text, err)
		}
	}
}
