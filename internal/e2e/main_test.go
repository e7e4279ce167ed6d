package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/emulator/lab/labtest"
)

func TestMain(m *testing.M) {
	if lab.IsChild() {
		os.Exit(lab.Child(lab.Ready(startGateway)))
	}
	forget, err := ownHome()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := errors.Join(commands.remove(), forget()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// ownHome gives all that is started here a home of its own, as igdctl remembers in the user's which gateways it met and what it opened there. A test
// that is about that has one for itself. What go keeps stays where the user has it.
func ownHome() (forget func() error, err error) {
	if labtest.Inside() { // it has the one of the process outside
		return func() error { return nil }, nil
	}
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOENV", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var vars map[string]string
	if err := json.Unmarshal(out, &vars); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	dir, err := os.MkdirTemp("", "igdkit-home-")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"HOME", "LocalAppData"} {
		vars[name] = dir
	}
	for name, below := range map[string]string{"XDG_CACHE_HOME": ".cache", "XDG_STATE_HOME": ".local/state", "XDG_CONFIG_HOME": ".config"} {
		vars[name] = filepath.Join(dir, filepath.FromSlash(below))
	}
	for name, value := range vars {
		if err := os.Setenv(name, value); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	return func() error { return os.RemoveAll(dir) }, nil
}

// commandsVariable tells a test's process inside a lab where igdctl and fakeigd have been built.
const commandsVariable = "IGDKIT_E2E_COMMANDS"

// commands are igdctl, fakeigd, the measuring sticks of the benchmarks, what runs and asks strangers, and the tool of pion that tells NATs, built once per test run, when first
// needed.
var commands built

type built struct {
	once sync.Once
	dir  string
	mine bool
	err  error
}

func (b *built) build() {
	if b.dir = os.Getenv(commandsVariable); b.dir != "" {
		return
	}
	if b.dir, b.err = os.MkdirTemp("", "igdkit-e2e-"); b.err != nil {
		return
	}
	b.mine = true
	args := []string{"build", "-o", b.dir + string(filepath.Separator), "../../cmd/igdctl", "../../cmd/fakeigd", "../../examples/voice",
		"./minimal", "./discover", "./stranger", "./guide", "./leech", "github.com/pion/stun/v3/cmd/stun-nat-behaviour"}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		b.err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		return
	}
	b.err = os.Setenv(commandsVariable, b.dir)
}

func (b *built) remove() error {
	if !b.mine {
		return nil
	}
	return os.RemoveAll(b.dir)
}

// commandsOnPath is the directory of the built commands.
func commandsOnPath(t testing.TB) string {
	t.Helper()
	commands.once.Do(commands.build)
	if commands.err != nil {
		t.Fatal(commands.err)
	}
	return commands.dir
}

// command is the path of one of them.
func command(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(commandsOnPath(t), name)
}

var checkLab = sync.OnceValue(lab.Check)

// needLab skips a test that needs namespaces where there are none.
func needLab(t testing.TB) {
	t.Helper()
	err := checkLab()
	if e, ok := errors.AsType[*lab.UnavailableError](err); ok {
		labtest.Skip(t, e.Error()+"; "+e.Hint())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// need skips a test that needs other people's programs where they are not installed.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			labtest.Skip(t, fmt.Sprintf("%v (.ci/run names the packages of Debian)", err))
		}
	}
}
