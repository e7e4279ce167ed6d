package lab

import (
	"syscall"
	"testing"
)

// A server that has ended, as one that crashes at its start, is looked after no more: there is nothing that its port could tell.
func TestNobodyWaitsForTheDead(t *testing.T) {
	m := &member{pid: 7, cmd: &Command{Ready: "tcp/80"}}
	c := &crew{all: []*member{m}}
	if c.lookAgain() == nil {
		t.Error("a server that has just been started is not looked after")
	}
	c.end(ending{pid: 7, status: syscall.WaitStatus(1 << 8)})
	c.look() // m is on no host to look at
	if c.lookAgain() != nil || m.ready {
		t.Errorf("after its end: ready %v", m.ready)
	}
}
