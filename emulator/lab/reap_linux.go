package lab

import (
	"errors"
	"sync"
	"syscall"
)

// reaper waits for every child: the init of a PID namespace inherits the orphans in it, and a daemon that ended would stay visible as a
// zombie to programs that wait for its end.
type reaper struct {
	ended chan ending // of those that start has started

	mu       sync.Mutex
	children map[int]bool
	started  chan struct{} // there may be something to wait for
}

// ending is the end of a process.
type ending struct {
	pid    int
	status syscall.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{ended: make(chan ending, 16), children: map[int]bool{}, started: make(chan struct{}, 1)}
	go r.reap()
	return r
}

// start calls fork, which starts a process and gives its number.
func (r *reaper) start(fork func() (int, error)) error {
	r.mu.Lock() // so that it is known before it is reaped
	defer r.mu.Unlock()
	pid, err := fork()
	if err != nil {
		return err
	}
	r.children[pid] = true
	select {
	case r.started <- struct{}{}:
	default:
	}
	return nil
}

func (r *reaper) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // there is none: orphans come from those that were started
			<-r.started
		default:
			r.mu.Lock()
			ours := r.children[pid]
			delete(r.children, pid)
			r.mu.Unlock()
			if ours {
				r.ended <- ending{pid, status}
			}
		}
	}
}
