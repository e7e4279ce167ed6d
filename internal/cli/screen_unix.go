//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// ScreenSize gives the columns and lines of the terminal that f is, if it is one that can be drawn on.
func ScreenSize(f *os.File) (width, height int, ok bool) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 || size.Row == 0 || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return 0, 0, false
	}
	return int(size.Col), int(size.Row), true
}
