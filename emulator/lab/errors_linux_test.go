package lab

import (
	"errors"
	"fmt"
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

// Without IPv6 it is that which is missing, and not namespaces, although the kernel answers both alike.
func TestNoIPv6(t *testing.T) {
	err := newFailure(stageNamespaces, fmt.Errorf("gateway home: %w", &noIPv6Error{syscall.EOPNOTSUPP})).reason()
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok || e.Reason != ReasonIPv6 || e.Hint() == "" || !errors.Is(err, syscall.EOPNOTSUPP) {
		t.Errorf("%#v", err)
	}
}
