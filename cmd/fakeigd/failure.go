package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/igdkit/igdkit/internal/cli"
)

// Exit codes: a contract with scripts. run and lab end with the code of their command.
const (
	exitLocal         = 1   // this computer failed: stdout or the journal can no longer be written
	exitUsage         = 2   // it cannot be done as asked; nothing was started
	exitNotReady      = 5   // readyz, ctl: nothing is ready there
	exitUnmet         = 10  // run, lab, ctl verify: what was expected did not come true
	exitNotExecutable = 126 // run, lab: the command cannot be executed
	exitNotFound      = 127 // run, lab: there is no such command
	exitHungUp        = 129 // SIGHUP
	exitInterrupted   = 130 // SIGINT
)

// failure is an error with everything that a person or a script needs to know about it.
type failure struct {
	kind    string // a word for scripts: usage, scenario, listen, journal, command, lab, not_ready, interrupted, local
	exit    int
	message string   // one sentence without a full stop
	hints   []string // at most two
	cause   error    // may be nil
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.cause }

// exit is the end of a command that needs no words: those of the command that was run are enough.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// failureOf makes a failure of any error.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return &failure{kind: "interrupted", exit: exitInterrupted, message: "interrupted", cause: err}
	}
	return &failure{kind: "local", exit: exitLocal, message: err.Error(), cause: err}
}

// usage is a mistake on the command line. An empty hint is none.
func usage(hint, format string, args ...any) *failure {
	f := &failure{kind: "usage", exit: exitUsage, message: fmt.Sprintf(format, args...)}
	if hint != "" {
		f.hints = []string{hint}
	}
	return f
}

// fail tells err and gives the exit code. ownsStdout is false while stdout belongs to another command: the document of
// --json then goes to stderr, because whoever reads stdout does not expect ours.
func (u *ui) fail(err error, ownsStdout bool) int {
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	f := failureOf(err)
	if !u.JSON {
		u.Error(f.message)
		u.Hint(f.hints...)
		return f.exit
	}
	out := u.stderr
	if ownsStdout {
		out = u.stdout
	}
	_ = cli.WriteDocument(out, map[string]any{"error": f.document()}, true) // there is nobody left to tell
	return f.exit
}

// failureJSON is a failure as --json shows it, with the keys of igdctl's.
type failureJSON struct {
	Kind    string `json:"kind"`
	Code    int    `json:"code"` // UPnP error code: always 0, fakeigd asks no gateway
	Name    string `json:"name"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (f *failure) document() failureJSON {
	return failureJSON{Kind: f.kind, Message: cli.OneLine(f.message), Hint: strings.Join(f.hints[:min(len(f.hints), 2)], "; ")}
}
