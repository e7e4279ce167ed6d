package main

import (
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
		os.Exit(lab.Child(startInLab))
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
