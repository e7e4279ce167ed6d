package lab

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// voices bring what the commands say to Options.Stdout and Stderr, line by line behind the names of their hosts.
type voices struct {
	width int
	any   bool // somebody has one
	heard sync.WaitGroup

	mu  sync.Mutex
	err error // why nothing more could be said, but for a reader that has gone
}

func newVoices(hosts []Host) *voices {
	v := &voices{}
	for _, h := range hosts {
		if c := h.Command; c != nil && c.Log == "" && !c.Interactive {
			v.width = max(v.width, len(h.Name))
		}
	}
	return v
}

// maxLine is the longest line that stays one.
const maxLine = 64 << 10

// of are the standard streams for a command, and what to do when it has them.
func (v *voices) of(m *member) (files []uintptr, started func(), err error) {
	if m.cmd.Interactive {
		return []uintptr{0, 1, 2}, func() {}, nil
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, fmt.Errorf("lab: %w", err)
	}
	files = []uintptr{null.Fd()}
	if m.log > 0 {
		return append(files, uintptr(m.log), uintptr(m.log)), func() { null.Close() }, nil
	}
	v.any = true
	ours := []*os.File{null}
	for fd := 1; fd <= 2; fd++ {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, nil, fmt.Errorf("lab: %w", err)
		}
		ours = append(ours, w)
		files = append(files, w.Fd())
		v.heard.Go(func() { v.repeat(r, fd, m.host.Name) })
	}
	return files, func() {
		for _, w := range ours {
			w.Close()
		}
	}, nil
}

// repeat passes on what comes from r, until nobody can say anything more or it can be said to nobody: then whoever goes on saying it gets SIGPIPE, as in a
// shell's pipeline.
func (v *voices) repeat(r io.ReadCloser, to int, name string) {
	defer r.Close()
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, _, err := b.ReadLine()
		if err != nil {
			return
		}
		if !v.write(to, fmt.Appendf(nil, "%-*s | %s\n", v.width, name, line)) {
			return
		}
	}
}

// tell says a line of the lab's own.
func (v *voices) tell(line string) { v.write(syscall.Stderr, []byte(line+"\n")) }

// write tells whether it could be said.
func (v *voices) write(to int, whole []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(whole) > 0 {
		n, err := syscall.Write(to, whole)
		if err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			if err != syscall.EPIPE && v.err == nil {
				v.err = fmt.Errorf("what the commands say cannot be written: %w", err)
			}
			return false
		}
		whole = whole[max(n, 0):]
	}
	return true
}

// failure is why what was said got lost; nil: nothing did, or whoever listened has gone.
func (v *voices) failure() *failure {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil {
		return nil
	}
	return newFailure(stageOutput, v.err)
}

// wait returns when everything has been said: all who could have ended.
func (v *voices) wait() {
	done := make(chan struct{})
	go func() { v.heard.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(closeTime):
	}
}
