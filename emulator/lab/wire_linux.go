package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Run and the gateway talk over two pipes, in JSON values one after the other.

// order goes to the gateway: the setup first and once, then signals. The end of the pipe means that Run is gone.
type order struct {
	Setup  *setup
	Signal syscall.Signal
}

type setup struct {
	Check   bool // make everything, run nothing
	Whole   bool // a kernel that does not translate addresses is an error
	Spec    []byte
	Network Network
	Paths   []string // the programs of the hosts' commands
	Logs    []int    // the descriptors of their logs; 0: none
	Env     []string
	Grace   time.Duration
}

// news comes from the gateway: reports, then the last words, with Outcomes or a Failure.
type news struct {
	Report   json.RawMessage `json:",omitempty"`
	Last     bool            `json:",omitempty"`
	Outcomes []Outcome       `json:",omitempty"`
	Failure  *failure        `json:",omitempty"`
}

// failure is an error on its way through a pipe: what it was and the system's number for it survive.
type failure struct {
	Stage   stage
	Command string // of stageCommand
	Text    string
	Errno   syscall.Errno
}

type stage string

const (
	stageNamespaces stage = "namespaces"
	stageRouting    stage = "routing"
	stageIPv6       stage = "ipv6"
	stageGateway    stage = "gateway"
	stageCommand    stage = "command"
	stageOutput     stage = "output"
)

func newFailure(s stage, err error) *failure {
	if _, is := errors.AsType[*noIPv6Error](err); is {
		s = stageIPv6
	}
	f := &failure{Stage: s, Text: err.Error()}
	errors.As(err, &f.Errno)
	return f
}

// reason turns a failure back into an error of the kind that Run promises.
func (f *failure) reason() error {
	switch {
	case f.Stage == stageCommand && f.Errno != 0:
		return &exec.Error{Name: f.Command, Err: f.Errno}
	case f.Stage == stageNamespaces && f.Errno != syscall.EINVAL: // namespaces are there by now: what was asked for is wrong
		return unavailable(&remoteError{f.Text, f.Errno})
	case f.Stage == stageIPv6:
		return &UnavailableError{Reason: ReasonIPv6, Err: &remoteError{f.Text, f.Errno}}
	case f.Stage == stageRouting:
		return &UnavailableError{Reason: ReasonRouting, Err: &remoteError{f.Text, f.Errno}}
	}
	return fmt.Errorf("lab: %s: %w", f.Stage, &remoteError{f.Text, f.Errno})
}

// remoteError reads as the error did in the gateway, and unwraps to its errno if it had one.
type remoteError struct {
	text  string
	errno syscall.Errno
}

func (e *remoteError) Error() string { return e.text }

func (e *remoteError) Unwrap() error {
	if e.errno == 0 {
		return nil
	}
	return e.errno
}

// post writes JSON values, by several goroutines.
type post struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func newPost(w io.Writer) *post { return &post{enc: json.NewEncoder(w)} }

func (p *post) send(v any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.enc.Encode(v)
}
