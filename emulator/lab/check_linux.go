package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Check says whether [Run] can work here, by making a lab and running nothing in it: nil, or an [*UnavailableError].
func Check() error { return check(false) }

// CheckNetwork says whether [RunNetwork] can work here, with gateways that translate addresses: nil, or an [*UnavailableError].
func CheckNetwork() error { return check(true) }

func check(whole bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := run(ctx, Options{}.defaults(), setup{Check: true, Whole: whole, Network: home().defaults()}, nil)
	return err
}

// unavailable explains an error of making namespaces by what the machine says about itself.
func unavailable(err error) error {
	e := &UnavailableError{Reason: ReasonDenied, Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EUSERS):
		e.Reason = ReasonLimit
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.EOPNOTSUPP):
		e.Reason = ReasonKernel
	case !errors.Is(err, fs.ErrPermission): // EPERM and EACCES
		return fmt.Errorf("lab: %w", err)
	case setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
		e.Reason = ReasonAppArmor
	case setting("kernel/unprivileged_userns_clone") == "0":
		e.Reason = ReasonSysctl
	case filtered():
		e.Reason = ReasonSeccomp
	}
	return e
}

func setting(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// filtered says whether a seccomp filter is on this process, as Docker and others put on containers.
func filtered() bool {
	b, err := os.ReadFile("/proc/self/status")
	return err == nil && bytes.Contains(b, []byte("\nSeccomp:\t2\n"))
}
