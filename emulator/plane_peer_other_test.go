//go:build !linux

package emulator

import (
	"context"
	"errors"
	"io"

	"github.com/igdkit/igdkit/emulator/lab"
)

// labInternet is never called: there are no labs on this system.
func labInternet(context.Context, lab.Site) (io.Closer, error) { return nil, errors.ErrUnsupported }
