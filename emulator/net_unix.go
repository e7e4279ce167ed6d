//go:build unix && !linux

package emulator

import "golang.org/x/sys/unix"

// shareGroupPort lets several sockets share a group's port. The BSDs and macOS want SO_REUSEPORT from every one of
// them; other programs that set only SO_REUSEADDR still keep us out.
func shareGroupPort(fd uintptr, _ bool) error {
	if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}
