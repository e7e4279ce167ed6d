package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/cli"
)

// Exit codes, promised to scripts.
const (
	exitOK          = 0
	exitLocal       = 1 // this computer failed: stdout cannot be written, CMD cannot be run
	exitUsage       = 2
	exitNoGateway   = 3
	exitRefused     = 4
	exitBroken      = 5 // the gateway is unreachable, too slow, or does not speak the protocol
	exitNotPublic   = 6
	exitNotRunnable = 126 // with: CMD was found and cannot be run
	exitNotFound    = 127 // with: there is no CMD
	exitInterrupted = 130
)

// A failure is an error in the words of a person, and for a script.
type failure struct {
	kind    string // one word a script can compare
	exit    int
	code    int    // UPnP error code, 0 when the gateway sent none
	name    string // its name, e.g. "ConflictInMappingEntry"
	message string // one sentence
	hints   []string
}

// failureJSON is a failure as --json shows it.
type failureJSON struct {
	Kind    string `json:"kind"`
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (f failure) json() *failureJSON {
	return &failureJSON{f.kind, f.code, f.name, cli.OneLine(f.message), strings.Join(f.hints, "; ")}
}

// usageError says that the command line cannot be understood. Nothing was done.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

func usage(message, hint string) error { return &usageError{message, hint} }

// localError is a failure of this computer.
type localError struct {
	exit int
	err  error
	hint string // "" when there is nothing to do
}

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// specError is what came of one SPEC.
type specError struct {
	command   string // "open", "close" or "with"
	spec      spec
	err       error
	elsewhere bool // it was to lead to another computer, --to
	offline   bool // the gateway said before that it has no external address
	through   bool // on the routers beyond it too, --through
	any       bool // another port was fine, --any
}

func (e *specError) Error() string { return e.spec.outside() + ": " + e.err.Error() }
func (e *specError) Unwrap() error { return e.err }

// obstacle names the port that is meant: of both protocols the one that failed, when it is known.
func (e *specError) obstacle() string {
	name := e.spec.outside()
	if e.spec.protocol != "both" {
		return name
	}
	protocol := ""
	if of, ok := errors.AsType[*protocolError](e.err); ok {
		protocol = of.protocol
	} else if of, ok := errors.AsType[*client.OwnedError](e.err); ok {
		protocol = of.Wanted.Protocol
	} else if of, ok := errors.AsType[*client.RefusedError](e.err); ok {
		protocol = of.Wanted.Protocol
	} else if of, ok := errors.AsType[*client.AlteredError](e.err); ok {
		protocol = of.Wanted.Protocol
	}
	if protocol == "" {
		return name
	}
	return fmt.Sprintf("%d/%s of %s", e.spec.external, strings.ToLower(protocol), name)
}

// protocolError is what came of one protocol of a SPEC.
type protocolError struct {
	protocol string // "TCP" or "UDP"
	err      error
}

func (e *protocolError) Error() string { return e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

// notPublicError says that a port is open on an address that the Internet cannot reach.
type notPublicError struct {
	reach
	closing string // the SPEC that closes the port, "" when it does not stay open
}

func (e *notPublicError) Error() string { return e.sentence() }

// notOursError says that close was asked to remove an entry that leads elsewhere: to another computer or another port.
type notOursError struct {
	found client.PortMapping
	self  string // address of this computer
	right string // the SPEC that closes it, "" when none does
}

func (e *notOursError) Error() string { return "the port " + leadsTo(e.found, e.self) }

// keptError says that close was asked to remove an entry that a running process keeps open.
type keptError struct{ pid int }

func (e *keptError) Error() string { return fmt.Sprintf("process %d keeps the port open", e.pid) }

// askedError says that nobody answered a search that the user sent to one place.
type askedError struct {
	where string // --ssdp
	err   error
}

func (e *askedError) Error() string { return e.err.Error() }
func (e *askedError) Unwrap() error { return e.err }

// environError is a failure of a search that variables of the environment sent to one place.
type environError struct {
	variables string // "IGD_LOCATION" or more, as unset takes them
	err       error
}

func (e *environError) Error() string { return e.err.Error() }
func (e *environError) Unwrap() error { return e.err }

// goneError says that a gateway that was there is found no more.
type goneError struct{ err error }

func (e *goneError) Error() string { return e.err.Error() }
func (e *goneError) Unwrap() error { return e.err }

// saidError was told to the user before; only its exit code is left to be given.
type saidError struct{ err error }

func (e *saidError) Error() string { return e.err.Error() }
func (e *saidError) Unwrap() error { return e.err }

// owned reports whether err says that a port belongs to somebody else.
func owned(err error) bool {
	_, ok := errors.AsType[*client.OwnedError](err)
	return ok
}
