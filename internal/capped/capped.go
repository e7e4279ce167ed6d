// Package capped reads no more than it is told to.
package capped

import (
	"fmt"
	"io"
)

// A TooLongError says that there is more to read than may be.
type TooLongError struct{ Most int64 } // in bytes

func (e *TooLongError) Error() string { return fmt.Sprintf("larger than %d bytes", e.Most) }

// Read reads r to its end, most bytes of it at most; when there are more the error is a *[TooLongError]. The error of r comes with what
// had come until then.
func Read(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(b)) > most {
		return nil, &TooLongError{most}
	}
	return b, err
}
