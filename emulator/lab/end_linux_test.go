package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/emulator/lab"
)

// roleVariable makes the test binary a program that uses labs: it runs the script in the variable on a host.
const roleVariable = "LAB_TEST_SCRIPT"

func play(script string) int {
	os.Unsetenv(roleVariable)
	o := lab.Options{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	if script, ok := strings.CutPrefix(script, networkScript); ok {
		return playNetwork(o, script)
	}
	code, err := lab.Run(context.Background(), o, []string{"sh", "-c", script})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// networkScript begins a script that is run on one of several hosts.
const networkScript = "network: "

func playNetwork(o lab.Options, script string) int {
	all, err := lab.RunNetwork(context.Background(), o, lab.Network{
		Gateways: []lab.Gateway{{Name: "left"}, {Name: "right"}},
		Hosts: []lab.Host{
			{Name: "daemon", Gateway: "left", Command: &lab.Command{Argv: []string{"sh", "-c", "setsid sleep 1000 & sleep 1000"}, Background: true}},
			{Name: "outer", Command: &lab.Command{Argv: []string{"sleep", "1000"}, Background: true}},
			{Name: "here", Gateway: "right", Command: &lab.Command{Argv: []string{"sh", "-c", script}, Interactive: true, After: []string{"daemon", "outer"}}},
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return all[2].Exit
}

// program is a running program that uses a lab, in a process group of its own as a shell would start it.
type program struct {
	*exec.Cmd
	out *bufio.Reader
	tag string // marks every process of the lab in its environment

	members map[string]*os.File // the program's processes when it was up
	mounts  string              // of this process, before
}

// run starts a program with script on its host and waits until the script says "up".
func run(t *testing.T, script string) *program {
	t.Helper()
	available(t)
	p := &program{Cmd: exec.Command(os.Args[0]), mounts: mounts(t), tag: "LAB_TEST_TAG=" + t.Name() + t.TempDir()}
	p.Env = append(os.Environ(), roleVariable+"="+script, p.tag)
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Stderr = os.Stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	p.out = bufio.NewReader(stdout)
	p.expect(t, "up")
	// A process within execve has no environment to be found by: look again.
	for deadline := time.Now().Add(5 * time.Second); len(p.members) < 3 && time.Now().Before(deadline); {
		p.members = p.processes(t)
	}
	if len(p.members) < 3 {
		t.Fatalf("processes %v, want at least program, gateway and script", slices.Collect(maps.Keys(p.members)))
	}
	return p
}

func (p *program) expect(t *testing.T, want string) {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil || line != want+"\n" {
		t.Fatalf("script said %q, %v; want %q", line, err, want)
	}
}

// end waits for the program's end and gives its exit code.
func (p *program) end(t *testing.T) int {
	t.Helper()
	begin := time.Now()
	// The pipe is at its end when every process that could write to it is gone, and not only the program.
	if _, err := p.out.Peek(1); err == nil {
		rest, _ := p.out.ReadString('\n')
		t.Fatalf("script said %q", rest)
	}
	_ = p.Wait()
	t.Logf("ended after %v", time.Since(begin))
	return p.ProcessState.ExitCode()
}

// processes opens a handle on every process of a program and its lab, found by the mark in their environments.
func (p *program) processes(t *testing.T) map[string]*os.File {
	t.Helper()
	all := map[string]*os.File{}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || !strings.Contains("\x00"+string(env), "\x00"+p.tag+"\x00") {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue // ended meanwhile
		}
		handle := os.NewFile(uintptr(fd), dir)
		t.Cleanup(func() { handle.Close() })
		all[fmt.Sprintf("%d %s", pid, strings.ReplaceAll(string(cmdline), "\x00", " "))] = handle
	}
	return all
}

// gone fails the test unless every process of the program ends within a second, none newly found.
func (p *program) gone(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(time.Second)
	for name, handle := range p.members {
		fds := []unix.PollFd{{Fd: int32(handle.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(max(time.Until(deadline), 0).Milliseconds()))
		if err != nil || n == 0 {
			t.Errorf("left behind: %s (%v)", name, err)
		}
	}
	for name := range p.processes(t) {
		t.Errorf("left behind: %s", name)
	}
	// A namespace without processes lives on in mounts alone, and a lab that did not make its mounts private would leave some.
	if now := mounts(t); now != p.mounts {
		t.Errorf("mounts left behind: before\n%s\nand now\n%s", p.mounts, now)
	}
}

func mounts(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSignals(t *testing.T) {
	const obedient = `trap 'echo got; exit 5' INT TERM HUP; echo up; while :; do sleep 10 & wait $!; done`
	for _, tt := range []struct {
		name   string
		script string
		send   func(p *program) error
		said   string
		code   int
	}{
		{"SIGTERM to the program", obedient, one(syscall.SIGTERM), "got", 5},
		{"SIGINT to the program", obedient, one(syscall.SIGINT), "got", 5},
		{"SIGHUP to the program", obedient, one(syscall.SIGHUP), "got", 5},
		{"no handler", "echo up; exec sleep 1000", one(syscall.SIGTERM), "", 128 + 15},
		{"no handler for SIGINT", "echo up; exec sleep 1000", one(syscall.SIGINT), "", 128 + 2},
		{"SIGTERM ignored", `trap '' TERM; echo up; while :; do sleep 10; done`, one(syscall.SIGTERM), "", 128 + 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := run(t, tt.script)
			if err := tt.send(p); err != nil {
				t.Fatal(err)
			}
			if tt.said != "" {
				p.expect(t, tt.said)
			}
			if code := p.end(t); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			p.gone(t)
		})
	}
}

func one(sig syscall.Signal) func(*program) error {
	return func(p *program) error { return p.Process.Signal(sig) }
}

// A terminal sends its interrupt to the whole group: the command must not hear of it twice.
func TestInterruptFromTerminal(t *testing.T) {
	p := run(t, `trap 'n=$((n+1)); echo $n' INT; trap 'echo "after $n"; exit 0' TERM; echo up; while :; do sleep 10 & wait $!; done`)
	if err := syscall.Kill(-p.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.expect(t, "1")
	// Orders to the lab keep their order, so a second interrupt would be counted before this.
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.expect(t, "after 1")
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Whatever is killed, nothing stays: neither the script nor what it put into a session of its own.
func TestKilled(t *testing.T) {
	for _, script := range []string{
		`setsid sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 & echo up; wait`,
		networkScript + `sleep 1000 & echo up; wait`,
	} {
		p := run(t, script)
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.end(t)
		p.gone(t)
	}
}

// What runs in the background of a network ends when the rest has ended, or was told to.
func TestNetworkEnds(t *testing.T) {
	p := run(t, networkScript+`echo up; exec sleep 1000`)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 128+15 {
		t.Errorf("exit code %d", code)
	}
	p.gone(t)
}

// The lab's init reaps what the command orphans, so that a daemon that ended does not look alive.
func TestOrphansAreReaped(t *testing.T) {
	available(t)
	// The subshell orphans a process that writes its number and ends with the pipe; its number must vanish.
	script := `pid=$( (sh -c 'echo $$' &) ); while [ -e /proc/$pid ]; do :; done`
	code, err := lab.Run(t.Context(), lab.Options{}, []string{"sh", "-c", script})
	if code != 0 || err != nil {
		t.Error(code, err)
	}
}

// A program that forgot IsChild gets an error instead of starting itself again and again.
func TestNotAChild(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Args = []string{"igdkit-lab"}
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("a gateway started by hand: %v\n%s", err, out)
	}
}
