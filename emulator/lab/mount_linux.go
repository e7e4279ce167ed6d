package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mounts makes the file system show the lab's processes in /proc. The rest stays the machine's, so that commands find their files.
func mounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	// Containers that mask parts of /proc forbid a second one. The old one serves, with the machine's process numbers.
	err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

const resolvConf = "/etc/resolv.conf"

// resolveBy gives the calling thread, and the processes that it starts, a file system in which addr is the name server, as a router is at
// home. Its file lives in a file system that only the bind mount keeps, so that it is gone with them.
func resolveBy(addr netip.Addr) error {
	if _, err := os.Stat(resolvConf); errors.Is(err, fs.ErrNotExist) {
		return nil // the C library's default then is this host, where nothing answers either
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	const scratch = "/proc" // any directory does: it shows again at once
	if err := unix.Mount("tmpfs", scratch, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64k,mode=755"); err != nil {
		return fmt.Errorf("mount scratch space: %w", err)
	}
	defer unix.Unmount(scratch, unix.MNT_DETACH)
	file := filepath.Join(scratch, "resolv.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, "nameserver %s\n", addr), 0o644); err != nil {
		return fmt.Errorf("name server: %w", err)
	}
	if err := unix.Mount(file, resolvConf, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", resolvConf, err)
	}
	return nil
}
