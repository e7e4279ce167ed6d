package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"

	"github.com/igdkit/igdkit/internal/cli"
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
			message: fmt.Sprintf("the command %q is not on the PATH, only in this directory", argv[0]),
			hints:   []string{"to run it from here, write ./" + argv[0]},
		}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", &failure{
			kind: "command", exit: exitNotFound, cause: err,
			message: fmt.Sprintf("there is no command %q; nothing was started", argv[0]),
			hints:   []string{"check the spelling and the PATH; everything after -- is CMD and its arguments"},
		}
	}
	return "", notRunnable(argv[0], err)
}

// notRunnable is the error of a CMD that is there and is no program, or not for us.
func notRunnable(name string, err error) error {
	f := &failure{kind: "command", exit: exitNotExecutable, cause: err}
	if errors.Is(err, fs.ErrPermission) {
		f.hints = []string{"make it executable: chmod +x " + name}
	}
	if cause := errors.Unwrap(err); cause != nil {
		err = cause // without the name once more
	}
	f.message = fmt.Sprintf("%q cannot be run: %v", name, err)
	return f
}

// runChild runs the program at path until it ends and gives its exit code as a shell would: 128+n when signal n ended
// it. The program has our stdin, stdout and stderr themselves, not copies, so that terminals and pipes behave as if
// fakeigd were not there. Signals that mean "end" go to the program; when it ends, so do we, and on Linux with us all that
// it started, if it ended because it was told to.
func runChild(path string, argv, env []string, in, out, errs *os.File) (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, cli.Forwarded()...)
	defer signal.Stop(signals)

	cmd := &exec.Cmd{Path: path, Args: argv, Env: env, Stdin: in, Stdout: out, Stderr: errs}
	f, err := startFamily(cmd)
	if err != nil {
		return 0, notRunnable(argv[0], err)
	}
	var told []os.Signal
	for {
		select {
		case s := <-signals:
			told = append(told, s)
			cli.Forward(cmd.Process, s)
		case code := <-f.ended:
			if slices.ContainsFunc(told, func(s os.Signal) bool { return meansEnd(s, code) }) {
				f.endRest()
			}
			return code, nil
		}
	}
}
