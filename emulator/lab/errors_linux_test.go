package lab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"syscall"
	"testing"
)

// A kernel without nftables is one reason, told apart from closed namespaces, on its way out of the lab.
func TestRoutingFailure(t *testing.T) {
	err := newFailure(stageRouting, fmt.Errorf("gateway home: %w", syscall.EOPNOTSUPP)).reason()
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok || e.Reason != ReasonRouting || e.Hint() == "" || !errors.Is(err, syscall.EOPNOTSUPP) {
		t.Errorf("%v", err)
	}
}

// What cannot be is no fault of the machine's: a kernel without namespaces has said so before, when the first were made.
func TestNetworkThatCannotBe(t *testing.T) {
	err := newFailure(stageNamespaces, fmt.Errorf("gateway home: %w", syscall.EINVAL)).reason()
	if _, ok := errors.AsType[*UnavailableError](err); ok || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("%v", err)
	}
	err = newFailure(stageNamespaces, fmt.Errorf("veth: %w", syscall.EOPNOTSUPP)).reason()
	if e, ok := errors.AsType[*UnavailableError](err); !ok || e.Reason != ReasonKernel {
		t.Errorf("without veth: %v", err)
	}
}

// Of a lab that was killed each command has its outcome, as of one that ended.
func TestKilledOutcomes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all, err := verdict(ctx, Network{Hosts: []Host{
		{Name: "idle"}, {Name: "one", Command: &Command{Argv: []string{"a", "b"}}}, {Name: "two", Command: &Command{Argv: []string{"c"}, Background: true}},
	}}, news{}, errors.New("signal: killed"))
	want := []Outcome{{Host: "one", Argv: []string{"a", "b"}, Exit: 137, Stopped: true}, {Host: "two", Argv: []string{"c"}, Background: true, Exit: 137, Stopped: true}}
	if !reflect.DeepEqual(all, want) || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", all, err)
	}
}

// Without IPv6 it is that which is missing, and not namespaces, although the kernel answers both alike.
func TestNoIPv6(t *testing.T) {
	err := newFailure(stageNamespaces, fmt.Errorf("gateway home: %w", &noIPv6Error{syscall.EOPNOTSUPP})).reason()
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok || e.Reason != ReasonIPv6 || e.Hint() == "" || !errors.Is(err, syscall.EOPNOTSUPP) {
		t.Errorf("%#v", err)
	}
}
