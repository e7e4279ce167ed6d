package netns

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Setting is a value of a file below /proc/sys that belongs to network namespaces.
type Setting struct{ Path, Value string }

// Configure writes settings, all that can be written: in some containers /proc/sys is read-only. It returns the first error.
func (n *Namespace) Configure(settings ...Setting) error {
	return n.Do(func() error {
		var first error
		for _, s := range settings {
			if err := s.write(); err != nil && first == nil {
				first = err
			}
		}
		return first
	})
}

// write asks for no news of the file, as os.WriteFile would.
func (s Setting) write() error {
	path := "/proc/sys/" + s.Path
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	for {
		// The kernel may want one that changes devices to be written again (restart_syscall).
		_, err = unix.Write(fd, []byte(s.Value))
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &os.PathError{Op: "write", Path: path, Err: err}
		}
	}
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
