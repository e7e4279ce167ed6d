package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
)

// lookPath finds the program that argv names, or says why it cannot be run.
func lookPath(argv []string) (string, error) {
	path, err := exec.LookPath(argv[0])
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrDot):
		return "", &failure{
			kind: "command", exit: exitNotFound, cause: err,
			message: fmt.Sprintf("%s is not on the PATH, only in this directory", argv[0]),
			hints:   []string{"to run it from here, write ./" + argv[0]},
		}
	case errors.Is(err, fs.ErrPermission):
		return "", &failure{
			kind: "command", exit: exitNotExecutable, cause: err,
			message: fmt.Sprintf("%s cannot be executed", argv[0]),
			hints:   []string{"make it executable: chmod +x " + argv[0]},
		}
	default:
		return "", &failure{
			kind: "command", exit: exitNotFound, cause: err,
			message: fmt.Sprintf("there is no command %s", argv[0]),
			hints:   []string{"check the spelling and the PATH; everything after -- is the command and its arguments"},
		}
	}
}

// runChild runs the program at path until it ends and gives its exit code as a shell would: 128+n when signal n ended
// it. The program has our stdin, stdout and stderr themselves, not copies, so that terminals and pipes behave as if
// fakeigd were not there. Signals that mean "end" go to the program; when it ends, so do we.
func runChild(path string, argv, env []string, in, out, errs *os.File) (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, forwarded()...)
	defer signal.Stop(signals)

	cmd := &exec.Cmd{Path: path, Args: argv, Env: env, Stdin: in, Stdout: out, Stderr: errs}
	if err := cmd.Start(); err != nil {
		return 0, &failure{
			kind: "command", exit: exitNotExecutable, cause: err,
			message: fmt.Sprintf("%s cannot be started: %v", argv[0], err),
		}
	}
	ended := make(chan struct{})
	forwarding := make(chan struct{})
	go func() {
		defer close(forwarding)
		for {
			select {
			case s := <-signals:
				if !reachedChild(s) {
					_ = cmd.Process.Signal(s) // an error means that it has ended: Wait tells
				}
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	<-forwarding
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return 0, fmt.Errorf("wait for %s: %w", argv[0], err)
	}
	return exitCode(cmd.ProcessState), nil
}
