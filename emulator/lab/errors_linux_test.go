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
