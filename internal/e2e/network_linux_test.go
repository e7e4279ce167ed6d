package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// network is the directory of a file for `fakeigd lab -f`, with what its programs read and write.
type network struct {
	t   *testing.T
	dir string
	env []string
}

// newNetwork copies a directory. It needs the programs.
func newNetwork(t *testing.T, from string, programs ...string) *network {
	t.Helper()
	needLab(t)
	need(t, programs...)
	n := &network{t: t, dir: t.TempDir()}
	if err := os.CopyFS(n.dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	path := commandsOnPath(t) + string(os.PathListSeparator) + os.Getenv("PATH")
	n.env = append(os.Environ(), "PATH="+path, "HOME="+n.dir, "XDG_CACHE_HOME=", "XDG_STATE_HOME=", "NO_COLOR=1")
	return n
}

func (n *network) write(name, text string) {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *network) read(name string) string {
	n.t.Helper()
	b, err := os.ReadFile(filepath.Join(n.dir, name))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(b)
}

// run is what `fakeigd lab -f net.yaml` says, and what the commands do that have no log.
func (n *network) run() said {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, command(n.t, "fakeigd"), "lab", "--journal", "journal.ndjson", "-f", "net.yaml")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = n.dir, n.env, &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		n.t.Fatal(err)
	}
	n.t.Logf("exit code %d\n%s%s", cmd.ProcessState.ExitCode(), &stdout, &stderr)
	n.t.Cleanup(func() {
		if !n.t.Failed() {
			return
		}
		for line := range strings.Lines(n.read("journal.ndjson")) {
			if !strings.Contains(line, `"kind":"ssdp.`) {
				n.t.Logf("journal: %s", line)
			}
		}
	})
	return said{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
