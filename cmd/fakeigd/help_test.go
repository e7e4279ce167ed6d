package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/emulator/lab/labtest"
	"github.com/igdkit/igdkit/internal/cli"
	"github.com/igdkit/igdkit/scenarios"
)

// commands are all that fakeigd has, the root first.
func commands() []*cobra.Command {
	var all []*cobra.Command
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(&ui{}))
	return all
}

// Every command says what it is, shows how it is used, and completes nothing with files that are none.
func TestCommandsAreDescribed(t *testing.T) {
	for _, cmd := range commands() {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short help %q", path, cmd.Short)
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", path)
		}
	}
}

// What the examples show works as it stands, but for the ports, which may be taken here, and the commands that are run.
func TestExamplesWork(t *testing.T) {
	line := regexp.MustCompile(`fakeigd([^#)>|'\n]|'[^']*')*`)
	for _, cmd := range commands() {
		t.Run(strings.ReplaceAll(cmd.CommandPath(), " ", "-"), func(t *testing.T) {
			if cmd.Name() == "lab" {
				if works, err := labWorks(); err != nil {
					t.Fatal(err)
				} else if !works {
					labtest.Skip(t, "there can be no lab on this machine")
				}
			}
			k := newKitchen(t)
			for _, example := range strings.Split(cmd.Example, "\n") {
				if strings.Contains(example, "HEALTHCHECK") {
					continue // in the words of Docker
				}
				args := split(line.FindString(example))
				if len(args) == 0 {
					t.Errorf("not a command line: %q", example)
					continue
				}
				k.try(t, args[1:])
			}
		})
	}
}

// kitchen is where examples are tried: a directory with their files, and a fakeigd that runs.
type kitchen struct {
	dir string
	env []string
}

func newKitchen(t *testing.T) *kitchen {
	k := &kitchen{dir: t.TempDir()}
	text, err := scenarios.Source("igd2")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(k.dir, "my-router.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	network := "homes: [{name: alice, hosts: [{name: pc, command: [peer, exit, 0]}]}]\n"
	if err := os.WriteFile(filepath.Join(k.dir, "net.yaml"), []byte(network), 0o644); err != nil {
		t.Fatal(err)
	}
	ready := background(t, "fakeigd", "serve", "--scenario", "igd2", "--clock", "virtual").object(t)
	k.env = append(os.Environ(), "IGD_CONTROL="+ready["control"].(string))
	resp, err := noProxy().Get(ready["location"].(string)) // the journal has something to tell
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	return k
}

// try runs one example, which must end well.
func (k *kitchen) try(t *testing.T, args []string) {
	t.Helper()
	for i, arg := range args {
		switch {
		case arg == "--":
			args = append(args[:i:i], "--", "peer", "exit", "0")
		case i > 0 && args[i-1] == "--control":
			args[i] = regexp.MustCompile(`:\d+$`).ReplaceAllString(arg, ":0")
		case arg == "*.yaml":
			args[i] = "my-router.yaml"
		case i > 0 && args[i-1] == "--listen":
			args[i], _, _ = strings.Cut(arg, ":")
		}
	}
	allowed := []int{0}
	switch {
	case len(args) == 0:
	case args[0] == "serve":
		args = append(args, "--max-lifetime", "1ms")
	case args[0] == "readyz":
		args = []string{"readyz", "--wait", "10s"}
	case args[0] == "ctl" && slices.Contains(args, "verify"):
		allowed = append(allowed, exitUnmet) // nothing has happened here
	case args[0] == "ctl" && slices.Contains(args, "remove") && slices.Contains(args, "busy"):
		busy := exec.CommandContext(t.Context(), "fakeigd", "ctl", "fault", "add", "{name: busy, on: http.request, do: {http-status: 503}}")
		busy.Env = k.env
		_ = busy.Run() // an example before may have added it
	}
	cmd := exec.CommandContext(t.Context(), "fakeigd", args...)
	cmd.Dir, cmd.Env = k.dir, k.env
	if slices.Contains(args, "--follow") {
		k.follow(t, cmd)
		return
	}
	out, _ := cmd.CombinedOutput()
	if code := cli.ExitCode(cmd.ProcessState); !slices.Contains(allowed, code) {
		t.Errorf("fakeigd %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
}

// follow is content with the first line of what goes on.
func (k *kitchen) follow(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Errorf("%v: %v", cmd.Args, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
}

// split takes a command line apart as a shell does, as far as examples go.
func split(line string) []string {
	var args []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	return args
}
