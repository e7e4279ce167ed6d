package netns

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Namespace is a network namespace. It lives as long as a process, a socket or this handle needs it.
type Namespace struct {
	file *os.File
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
		var err error
		n.file, err = os.Open(ofThread)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := n.loopbackUp(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Current is the namespace of the calling process, its loopback brought up.
func Current() (*Namespace, error) {
	file, err := os.Open(ofThread)
	if err != nil {
		return nil, err
	}
	n := &Namespace{file}
	if err := n.loopbackUp(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Close gives the handle up.
func (n *Namespace) Close() error { return n.file.Close() }

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
	return n.Do(func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("netlink: %w", err)
		}
		defer h.Close()
		return f(h)
	})
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

// AddAddr gives the named interface an address, usable at once.
func (n *Namespace) AddAddr(name string, prefix netip.Prefix) error {
	return n.with(func(h *netlink.Handle) error {
		link, err := h.LinkByName(name)
		if err != nil {
			return fmt.Errorf("address %v: %s: %w", prefix, name, err)
		}
		return addAddr(h, link, prefix)
	})
}

// RemoveAddr takes an address from the named interface.
func (n *Namespace) RemoveAddr(name string, prefix netip.Prefix) error {
	return n.with(func(h *netlink.Handle) error {
		link, err := h.LinkByName(name)
		if err != nil {
			return fmt.Errorf("address %v: %s: %w", prefix, name, err)
		}
		if err := h.AddrDel(link, &netlink.Addr{IPNet: ipNet(prefix)}); err != nil {
			return fmt.Errorf("remove address %v of %s: %w", prefix, name, err)
		}
		return nil
	})
}

// AddDefaultRoute sends everything beyond the namespace's own networks to gateway.
func (n *Namespace) AddDefaultRoute(gateway netip.Addr) error {
	return n.with(func(h *netlink.Handle) error {
		if err := h.RouteAdd(&netlink.Route{Gw: gateway.AsSlice()}); err != nil {
			return fmt.Errorf("default route via %v: %w", gateway, err)
		}
		return nil
	})
}

// Sysctl writes a setting below /proc/sys that belongs to network namespaces.
func (n *Namespace) Sysctl(path, value string) error {
	return n.Do(func() error { return os.WriteFile("/proc/sys/"+path, []byte(value), 0) })
}

// ReadSysctl reads such a setting.
func (n *Namespace) ReadSysctl(path string) (value string, err error) {
	err = n.Do(func() error {
		text, err := os.ReadFile("/proc/sys/" + path)
		value = strings.TrimSpace(string(text))
		return err
	})
	return value, err
}
