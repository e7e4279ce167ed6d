package netns

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace. It lives as long as a process, a socket or this handle needs it. Its methods may be called from
// any goroutine.
type Namespace struct {
	file *os.File
	home *os.File // that of the process

	mu    sync.Mutex
	links *socket        // nil: closed
	index map[string]int // of interfaces
	last  int            // the highest number of one; 0: not known
}

// ofThread needs no process number, which a /proc from outside of a PID namespace would take for another process's.
const ofThread = "/proc/thread-self/ns/net"

// New makes a network namespace with its loopback up. The caller stays where it is.
func New() (*Namespace, error) {
	n := new(Namespace)
	err := onThread(func() (spoilt bool, err error) {
		if n.home, err = os.Open(ofThread); err != nil {
			return false, err
		}
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return false, fmt.Errorf("new network namespace: %w", err)
		}
		err = n.here()
		return n.leave() != nil, err
	})
	return n.up(err)
}

// Current is the namespace of the calling process, its loopback brought up.
func Current() (*Namespace, error) {
	n := new(Namespace)
	err := onThread(func() (_ bool, err error) {
		if n.home, err = os.Open(ofThread); err != nil {
			return false, err
		}
		return false, n.here()
	})
	return n.up(err)
}

// here makes n the namespace of the calling thread.
func (n *Namespace) here() (err error) {
	if n.file, err = os.Open(ofThread); err != nil {
		return err
	}
	// A socket stays where it was opened, whoever uses it.
	n.links, err = openSocket(0)
	n.index = map[string]int{loopback: 1} // LOOPBACK_IFINDEX of linux/net_namespace.h
	return err
}

func (n *Namespace) up(err error) (*Namespace, error) {
	if err == nil {
		err = n.Apply(Up{loopback})
	}
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Close gives the handle up.
func (n *Namespace) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links.close()
	n.links = nil
	n.home.Close()
	return n.file.Close()
}

func (n *Namespace) fd() int { return int(n.file.Fd()) }

func (n *Namespace) enter() error {
	if err := unix.Setns(n.fd(), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// leave brings the calling thread back to where it was.
func (n *Namespace) leave() error { return unix.Setns(int(n.home.Fd()), unix.CLONE_NEWNET) }

// Do calls f in the namespace, on an operating system thread that nothing else uses meanwhile. A socket that f opens, and a process
// that f starts, belong to the namespace for good; goroutines that f starts do not, and so a dial that may use several
// goroutines (a host name, two address families) does not either. f must leave the thread as it is: [Namespace.Alone] is for others.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() (spoilt bool, err error) {
		if err := n.enter(); err != nil {
			return false, err
		}
		defer func() { spoilt = n.leave() != nil }()
		return false, f()
	})
}

// Alone is Do on a thread that ends with f, which may leave other namespaces, too. A thread costs 20 times as much as Do.
func (n *Namespace) Alone(f func() error) error {
	return onThread(func() (bool, error) {
		if err := n.enter(); err != nil {
			return false, err
		}
		return true, f()
	})
}

// onThread runs f with a thread for itself, which ends with f if that has spoilt it: a thread in another namespace must never carry another
// goroutine.
func onThread(f func() (spoilt bool, err error)) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		// A panic ends the process here as everywhere; Goexit (t.FailNow inside f), after which the thread ends, must still let the caller go on.
		spoilt, err := true, fmt.Errorf("ended early: %w", os.ErrProcessDone)
		defer func() { done <- err }()
		if spoilt, err = f(); !spoilt {
			runtime.UnlockOSThread()
		}
	}()
	return <-done
}
