package emulator

import "golang.org/x/sys/windows"

// shareGroupPort lets several sockets share a group's port: the SSDP Discovery service of Windows always holds 1900.
func shareGroupPort(fd uintptr, _ bool) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
}
