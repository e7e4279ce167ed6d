package lab

import (
	"errors"
	"syscall"
)

// command is the process that a lab is for.
type command struct {
	pid   int
	ended chan syscall.WaitStatus // its end, once
}

// reap waits for every child: the init of a PID namespace inherits the orphans in it, and a daemon that ended would stay
// visible as a zombie to programs that wait for its end.
func (c *command) reap() {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return
		case pid == c.pid:
			c.ended <- ws
		}
	}
}

// signal sends sig to the command. One that has just ended does not mind.
func (c *command) signal(sig syscall.Signal) { _ = syscall.Kill(c.pid, sig) }
