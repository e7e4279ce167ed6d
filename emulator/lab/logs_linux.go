package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// logs are the files of Command.Log. What stood in them before is kept until the network stands.
type logs struct {
	files []*os.File
	made  []string // which were not there before
}

// openLogs opens those of n, whose names are of dir, and says which descriptor each host's is in the gateway's process; 0: it has none.
func openLogs(n Network, dir string) (*logs, []int, error) {
	l, numbers, whose := &logs{}, make([]int, len(n.Hosts)), map[string]string{}
	for i, h := range n.Hosts {
		if h.Command == nil || h.Command.Log == "" {
			continue
		}
		name := filepath.Clean(h.Command.Log)
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		err := l.open(name)
		if o := whose[name]; err == nil && o != "" && l.regular() {
			err = fmt.Errorf("%s is that of %s", name, o)
		}
		if err != nil {
			l.close(false)
			return nil, nil, &PlaceError{Host: h.Name, Err: fmt.Errorf("its log: %w", err)}
		}
		whose[name] = h.Name
		numbers[i] = firstLogFD + len(l.files) - 1
	}
	return l, numbers, nil
}

func (l *logs) open(name string) error {
	_, missing := os.Stat(name)
	// A pipe that nobody reads would be waited for.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
	if errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("nobody reads the pipe %s: %w", name, err)
	}
	if err != nil {
		return err
	}
	_ = syscall.SetNonblock(int(f.Fd()), false) // commands expect to wait
	l.files = append(l.files, f)
	if os.IsNotExist(missing) {
		l.made = append(l.made, name)
	}
	return nil
}

// regular tells whether the last is a file; several may share a device.
func (l *logs) regular() bool {
	info, err := l.files[len(l.files)-1].Stat()
	return err == nil && info.Mode().IsRegular()
}

// close closes them. After a failure the new ones in which nothing stands go, too: the failure may have come after some commands.
func (l *logs) close(well bool) {
	for _, f := range l.files {
		f.Close()
	}
	if well {
		return
	}
	for _, name := range l.made {
		if info, err := os.Stat(name); err == nil && info.Size() == 0 {
			_ = os.Remove(name)
		}
	}
}

// emptyLogs is for the gateway's process when the network stands. What is no file has nothing to empty.
func emptyLogs(fds []int) {
	for _, fd := range fds {
		if fd > 0 {
			_ = syscall.Ftruncate(fd, 0)
		}
	}
}
