//go:build !linux

package main

import (
	"os/exec"

	"github.com/igdkit/igdkit/internal/cli"
)

// family is CMD. What it starts cannot be told from anything else here.
type family struct {
	cmd   *exec.Cmd
	ended chan int // exit code of CMD, once
}

func startFamily(cmd *exec.Cmd) (*family, error) {
	f := &family{cmd: cmd, ended: make(chan int, 1)}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with CMD
		_ = cmd.Wait() // files are inherited, not copied: only the exit code can be bad
		f.ended <- cli.ExitCode(cmd.ProcessState)
	}()
	return f, nil
}

func (f *family) endRest() {}
