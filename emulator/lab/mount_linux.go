package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mounts makes the file system show the lab: its processes in /proc and its resolver in /etc/resolv.conf. The rest stays the
// machine's, so that the command finds its files.
func mounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := resolver(); err != nil {
		return err
	}
	// Containers that mask parts of /proc forbid a second one. The old one serves, with the machine's process numbers.
	err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

const resolvConf = "/etc/resolv.conf"

// resolver makes the gateway the name server, as a router at home is. Its file lives in a file system that only the
// bind mount keeps, so that it is gone with the lab.
func resolver() error {
	if _, err := os.Stat(resolvConf); errors.Is(err, fs.ErrNotExist) {
		return nil // the C library's default then is this host, where nothing answers either
	}
	const scratch = "/proc" // any directory does: this one is mounted over next
	if err := unix.Mount("tmpfs", scratch, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64k,mode=755"); err != nil {
		return fmt.Errorf("mount scratch space: %w", err)
	}
	defer unix.Unmount(scratch, unix.MNT_DETACH)
	file := filepath.Join(scratch, "resolv.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, "nameserver %s\n", gatewayAddr().Addr()), 0o644); err != nil {
		return fmt.Errorf("name server: %w", err)
	}
	if err := unix.Mount(file, resolvConf, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", resolvConf, err)
	}
	return nil
}
