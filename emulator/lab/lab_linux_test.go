package lab_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

func TestMain(m *testing.M) {
	switch {
	case lab.IsChild():
		os.Exit(lab.Child(lab.Ready(start)))
	case len(os.Args) > 1 && tools()[os.Args[1]] != nil:
		if err := tools()[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	case os.Getenv(roleVariable) != "":
		os.Exit(play(os.Getenv(roleVariable)))
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // for the processes that the tests start: a second each
	}
	os.Exit(m.Run())
}

// start runs what the tests put on a gateway: a server that greets with the spec, on the LAN's port 80 and the WAN's.
func start(ctx context.Context, s lab.Site) (io.Closer, error) {
	if string(s.Spec) == "broken" {
		return nil, errors.New("no such scenario")
	}
	if string(s.Spec) == "addresses" {
		return closers{}, loseAddresses(s)
	}
	if words, ok := strings.CutPrefix(string(s.Spec), "nat:"); ok {
		return startNAT(ctx, s, words)
	}
	var servers closers
	for _, addr := range []netip.Addr{s.LAN.Addr(), s.WAN} {
		if !addr.IsValid() {
			continue
		}
		l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 80).String())
		if err != nil {
			return servers, err
		}
		servers = append(servers, l)
		go greet(l, s.Spec)
	}
	return servers, s.Report(map[string]string{"event": "ready", "spec": string(s.Spec)})
}

type closers []io.Closer

func (all closers) Close() error {
	var errs []error
	for _, c := range all {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func greet(l net.Listener, greeting []byte) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Write(greeting)
		c.Close()
	}
}

var check = sync.OnceValue(lab.Check)

// available skips a test that needs labs where there are none.
func available(t testing.TB) {
	t.Helper()
	if e, ok := errors.AsType[*lab.UnavailableError](check()); ok {
		labtest.Skip(t, e.Error()+"; "+e.Hint())
	}
}

func TestExitCode(t *testing.T) {
	available(t)
	for _, tt := range []struct {
		script string
		want   int
	}{
		{"exit 0", 0},
		{"exit 7", 7},
		{"kill -TERM $$", 128 + 15},
		{"kill -KILL $$", 128 + 9},
		// What the command leaves running ends with it.
		{"sleep 1000 & setsid sleep 1000 & exit 3", 3},
	} {
		code, err := lab.Run(t.Context(), lab.Options{}, []string{"sh", "-c", tt.script})
		if err != nil {
			t.Fatalf("%s: %v", tt.script, err)
		}
		if code != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.script, code, tt.want)
		}
	}
}

func TestPassedThrough(t *testing.T) {
	available(t)
	dir := t.TempDir()
	stdin, err := os.Open(writeFile(t, "some input\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	var stdout, stderr bytes.Buffer
	code, err := lab.Run(t.Context(), lab.Options{
		Dir:    dir,
		Env:    []string{"PATH=" + os.Getenv("PATH"), "WORD=spoken", "IGD_LOCATION=http://192.0.2.1/", "IGD_SSDP=192.0.2.1:1900"},
		Stdin:  stdin,
		Stdout: &stdout,
		Stderr: &stderr,
	}, []string{"sh", "-c", `cat; echo "$WORD $IGD_LOCATION$IGD_SSDP"; pwd -P; cat /etc/resolv.conf; echo words >&2`})
	if code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stderr %q", code, err, &stderr)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "some input\nspoken \n" + real + "\nnameserver 192.168.1.1\n"
	if got := stdout.String(); got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
	if got := stderr.String(); got != "words\n" {
		t.Errorf("stderr %q, want %q", got, "words\n")
	}
}

func TestErrors(t *testing.T) {
	available(t)
	ran := filepath.Join(t.TempDir(), "ran")
	for _, tt := range []struct {
		name string
		spec string
		dir  string
		argv []string
		is   error
		want string
	}{
		{name: "no command", want: "lab: no command"},
		{name: "no such name", argv: []string{"no-such-program"}, is: exec.ErrNotFound,
			want: `exec: "no-such-program": executable file not found in $PATH`},
		{name: "no such file", argv: []string{"./no-such-program"}, is: os.ErrNotExist,
			want: `exec: "./no-such-program": stat ./no-such-program: no such file or directory`},
		{name: "not a program", argv: []string{writeFile(t, "text")}, is: os.ErrPermission},
		{name: "no such directory", argv: []string{"touch", ran}, dir: "/nowhere/at/all", is: os.ErrNotExist,
			want: "lab: stat /nowhere/at/all: no such file or directory"},
		{name: "gateway does not start", spec: "broken", argv: []string{"touch", ran},
			want: "lab: gateway: no such scenario"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := lab.Run(t.Context(), lab.Options{Spec: []byte(tt.spec), Dir: tt.dir}, tt.argv)
			if err == nil {
				t.Fatal("no error")
			}
			if tt.want != "" && err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
			if _, err := os.Stat(ran); err == nil {
				t.Error("the command ran")
			}
		})
	}
}

// A program without a name that execve understands fails only in the lab, and is told apart from a lab that fails.
func TestCommandFailsToStart(t *testing.T) {
	available(t)
	file := writeFile(t, "\x7fELF and nothing else")
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := lab.Run(t.Context(), lab.Options{}, []string{file})
	if e, ok := errors.AsType[*exec.Error](err); !ok || e.Name != file || !errors.Is(err, syscall.ENOEXEC) {
		t.Errorf("error %v, want an *exec.Error of %s with ENOEXEC", err, file)
	}
}

func TestContextEnds(t *testing.T) {
	available(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The command ignores SIGTERM, so that it takes the end of the grace time to end it.
	out := writerFunc(func(p []byte) { cancel() })
	code, err := lab.Run(ctx, lab.Options{Stdout: out, Grace: 1}, []string{"sh", "-c", "trap '' TERM; echo up; while :; do sleep 10; done"})
	if !errors.Is(err, context.Canceled) || code != 128+9 {
		t.Errorf("exit code %d and %v, want 137 and context canceled", code, err)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestReports(t *testing.T) {
	available(t)
	var got []string
	code, err := lab.Run(t.Context(), lab.Options{
		Spec:     []byte("hello"),
		OnReport: func(r json.RawMessage) { got = append(got, string(r)) },
	}, []string{"true"})
	if code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if want := []string{`{"event":"ready","spec":"hello"}`}; !slices.Equal(got, want) {
		t.Errorf("reports %q, want %q", got, want)
	}
}

func TestCheck(t *testing.T) {
	err := lab.Check()
	if e, ok := errors.AsType[*lab.UnavailableError](err); ok {
		if e.Reason == "" || e.Hint() == "" {
			t.Errorf("%#v lacks its reason", e)
		}
		labtest.Skip(t, e.Error()+"; "+e.Hint())
	}
	if err != nil {
		t.Error(err)
	}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNetwork looks at the lab with the eyes of a program in it.
func TestNetwork(t *testing.T) {
	labtest.Host(t, lab.Options{Spec: []byte("hello")}, func(t *testing.T) {
		var got []string
		ifaces, err := net.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		for _, ifi := range ifaces {
			if ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagRunning == 0 {
				t.Errorf("%s is %v", ifi.Name, ifi.Flags)
			}
			addrs, err := ifi.Addrs()
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range addrs {
				if netip.MustParsePrefix(a.String()).Addr().Is4() {
					got = append(got, ifi.Name+" "+a.String())
				}
			}
		}
		if want := []string{"lo 127.0.0.1/8", "eth0 192.168.1.10/24"}; !slices.Equal(got, want) {
			t.Errorf("addresses %q, want %q", got, want)
		}
		for _, addr := range []string{"192.168.1.1:80", "45.66.77.88:80"} {
			if text, err := dial(addr); text != "hello" || err != nil {
				t.Errorf("%s says %q, %v", addr, text, err)
			}
		}
		// The Internet is there, and what is not in it says so at once.
		if _, err := dial(lab.STUN().String() + ":80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial a closed port of the Internet: %v, want ECONNREFUSED", err)
		}
		if _, err := dial("198.51.100.77:80"); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("dial nobody: %v, want ENETUNREACH", err)
		}
		if _, err := net.LookupHost("example.com"); err == nil {
			t.Error("a name was resolved")
		}
		comm, err := os.ReadFile("/proc/1/comm")
		if err != nil {
			t.Fatal(err)
		}
		if own, _ := os.ReadFile("/proc/self/comm"); cmp.Compare(string(own), string(comm)) != 0 {
			t.Errorf("init is %q, want the lab's gateway %q", comm, own)
		}
	})
}

func dial(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	return string(b), err
}

func TestHostSubtest(t *testing.T) {
	for _, name := range []string{"one", "two (with) [marks]"} {
		t.Run(name, func(t *testing.T) {
			labtest.Host(t, lab.Options{}, func(t *testing.T) {
				if !strings.HasSuffix(t.Name(), strings.ReplaceAll(name, " ", "_")) {
					t.Errorf("runs %s", t.Name())
				}
			})
		})
	}
}
