package netns

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Namespace is a network namespace. It lives as long as a process, a socket or this handle needs it. Its methods may be called from
// any goroutine.
type Namespace struct {
	file *os.File

	mu     sync.Mutex
	routes *netlink.Handle // made when first needed
}

// ofThread needs no process number, which a /proc from outside of a PID namespace would take for another process's.
const ofThread = "/proc/thread-self/ns/net"

// New makes a network namespace with its loopback up. The caller stays where it is.
func New() (*Namespace, error) {
	n := new(Namespace)
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		return n.here()
	})
	return n.up(err)
}

// Current is the namespace of the calling process, its loopback brought up.
func Current() (*Namespace, error) {
	n := new(Namespace)
	return n.up(n.here())
}

// here makes n the namespace of the calling thread.
func (n *Namespace) here() (err error) {
	if n.file, err = os.Open(ofThread); err != nil {
		return err
	}
	// A socket stays where it was opened, whoever uses it.
	if n.routes, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	return nil
}

func (n *Namespace) up(err error) (*Namespace, error) {
	if err == nil {
		err = n.loopbackUp()
	}
	if err != nil {
		if n.file != nil {
			n.Close()
		}
		return nil, err
	}
	return n, nil
}

// Close gives the handle up.
func (n *Namespace) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.routes != nil {
		n.routes.Close()
		n.routes = nil
	}
	return n.file.Close()
}

func (n *Namespace) fd() int { return int(n.file.Fd()) }

// Do calls f in the namespace, on an operating system thread of its own. A socket that f opens, and a process that f
// starts, belong to the namespace for good; goroutines that f starts do not, and so a dial that may use several
// goroutines (a host name, two address families) does not either.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(n.fd(), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return f()
	})
}

// onThread runs f on a thread that ends with it: a thread that changed its namespace must never carry another goroutine.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		// A panic ends the process here as everywhere; Goexit (t.FailNow inside f) must still let the caller go on.
		err := fmt.Errorf("ended early: %w", os.ErrProcessDone)
		defer func() { done <- err }()
		err = f()
	}()
	return <-done
}

// with lends a netlink handle of the namespace to f.
func (n *Namespace) with(f func(h *netlink.Handle) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.routes == nil {
		return fmt.Errorf("network namespace: %w", os.ErrClosed)
	}
	return f(n.routes)
}

func (n *Namespace) loopbackUp() error {
	return n.with(func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err != nil {
			return fmt.Errorf("loopback: %w", err)
		}
		if err := h.LinkSetUp(lo); err != nil {
			return fmt.Errorf("loopback up: %w", err)
		}
		return nil
	})
}

// Setting is a value of a file below /proc/sys that belongs to network namespaces.
type Setting struct{ Path, Value string }

// Configure writes settings, all that can be written: in some containers /proc/sys is read-only. It returns the first error.
func (n *Namespace) Configure(settings ...Setting) error {
	return n.Do(func() error {
		var first error
		for _, s := range settings {
			if err := os.WriteFile("/proc/sys/"+s.Path, []byte(s.Value), 0); err != nil && first == nil {
				first = err
			}
		}
		return first
	})
}

// Sysctl writes one setting.
func (n *Namespace) Sysctl(path, value string) error { return n.Configure(Setting{path, value}) }

// ReadSysctl reads a setting.
func (n *Namespace) ReadSysctl(path string) (value string, err error) {
	err = n.Do(func() error {
		text, err := os.ReadFile("/proc/sys/" + path)
		value = strings.TrimSpace(string(text))
		return err
	})
	return value, err
}
