package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/igdkit/igdkit/emulator/lab"
	"github.com/igdkit/igdkit/internal/cli"
)

func TestMain(m *testing.M) {
	if lab.IsChild() {
		os.Exit(lab.Child(prepareLab))
	}
	// Under -race every program would sleep a second before it ends.
	os.Setenv("GORACE", noExitSleep)
	testscript.Main(m, map[string]func(){
		"fakeigd":  main,
		"peer":     func() { os.Exit(peer(os.Args[1:])) },
		"exitcode": func() { os.Exit(exitcode(os.Args[1:])) },
	})
}

const noExitSleep = "atexit_sleep_ms=0"

// TestStories runs testdata/*.txtar: each is a story about one topic, told with the program itself.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", noExitSleep)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serving": cmdServing},
		Condition: func(cond string) (bool, error) {
			if cond != "lab" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return labWorks()
		},
	})
}

// labWorks tells whether stories about the lab can run. On CI they must, where there are labs at all.
func labWorks() (bool, error) {
	err := lab.Check()
	if err != nil && os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
		return false, fmt.Errorf("CI=true, and there can be no lab: %w", err)
	}
	return err == nil, nil
}

// serving starts fakeigd serve with these flags, which ends with the script, and lets the environment tell where it is, as run does.
func cmdServing(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command("fakeigd", append([]string{"serve"}, args...)...)
	cmd.Dir = ts.Getenv("WORK")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	ts.Check(err)
	var ready readyLine
	ts.Check(json.Unmarshal(line, &ready))
	for name, value := range map[string]string{"IGD_CONTROL": ready.Control, "IGD_LOCATION": ready.Location, "IGD_SSDP": ready.SSDP} {
		ts.Setenv(name, value)
	}
}

// exitcode N COMMAND… succeeds when COMMAND ends with exit code N: scripts cannot look at codes by themselves.
func exitcode(args []string) int {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if got := cli.ExitCode(cmd.ProcessState); got != want {
		fmt.Fprintf(os.Stderr, "exit code %d, want %d\n", got, want)
		return 1
	}
	return 0
}
