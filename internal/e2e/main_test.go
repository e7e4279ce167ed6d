package e2e

import (
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
	code := m.Run()
	if err := commands.remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
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
