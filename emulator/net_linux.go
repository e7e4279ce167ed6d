package emulator

import "golang.org/x/sys/unix"

// shareGroupPort lets several sockets share a group's port. Without IP_MULTICAST_ALL off, a Linux socket bound to
// the wildcard receives every group that any socket of the machine has joined.
func shareGroupPort(fd uintptr, is4 bool) error {
	if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if is4 {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	}
	// Kernels before 4.20 do not know the option; the destination check then does its work.
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0)
	return nil
}
