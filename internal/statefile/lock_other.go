//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package statefile

import (
	"errors"
	"os"
)

// lockFile has no lock to give that would end with its process. So nothing is kept on these systems.
func lockFile(*os.File) error { return errors.ErrUnsupported }

func replace(from, to string) error { return os.Rename(from, to) }
