// Package statefile keeps small tables of this user on disk, which several processes share.
//
// A table is one JSON document. It is read without a lock, because it is always replaced as a whole, and changed under a lock that is waited for
// a short while only. What cannot be read is set aside, so that a person may look at it, and the table begins anew.
package statefile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// A File is where a table is, and what it may be.
type File struct {
	Path string // its directory is made when it is missing, for this user only
	Kind string // what the table is of; a file of another kind is not read, and never written over
	// Version is that of the rows. A file of a later one is not read, and never written over: another igdkit of this user needs it.
	Version int
	Rows    int           // the most rows that are kept, the last ones; at least 1
	Wait    time.Duration // for the lock at most; 0: 2 s
}

const (
	// maxRow bounds the size of a file in bytes, by the row.
	maxRow = 4 << 10
	// lockWait is longer than any change takes.
	lockWait = 2 * time.Second
	// lockPause is between two tries. None of the systems can wait for a lock and for a context at once.
	lockPause = 2 * time.Millisecond
)

// document is what a file holds.
type document[Row any] struct {
	Kind    string `json:"igdkit"`
	Version int    `json:"version"`
	Stamp   string `json:"stamp,omitempty"` // another one with each writing
	Rows    []Row  `json:"rows"`
}

// A CorruptError says that a file cannot be read as what it should be.
type CorruptError struct {
	Path  string
	Aside string // where it is now; "" when it was left in its place
	Err   error
}

func (e *CorruptError) Error() string {
	s := fmt.Sprintf("%s cannot be read: %v", e.Path, e.Err)
	if e.Aside != "" {
		s += "; it is now " + e.Aside
	}
	return s
}

// Unwrap gives the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// ErrNewer is in the error of a file of a later version.
var ErrNewer = errors.New("it was written by a later version of igdkit")

// errKind is in the error of a file that is somebody else's.
var errKind = errors.New("it holds something else")

// ErrLocked is in the error of a change that waited for another process to the end of File.Wait.
var ErrLocked = errors.New("another process holds its lock")

// ErrRests is in the error of what was not tried, because another process held the lock for too long a moment ago. It is an [ErrLocked].
var ErrRests = fmt.Errorf("%w for long", ErrLocked)

// Read gives the rows of f; none when there is no file. A file that is corrupt is set aside: then there are no rows and the error is
// a *CorruptError.
func Read[Row any](ctx context.Context, f File) ([]Row, error) {
	return (&Table[Row]{File: f}).Read(ctx)
}

// Change lets edit change the rows of f, and writes what it gives when it says that this is new. Other processes wait meanwhile. After a
// *CorruptError with Aside, the change was made all the same, on no rows.
func Change[Row any](ctx context.Context, f File, edit func([]Row) (rows []Row, changed bool)) error {
	return (&Table[Row]{File: f}).Change(ctx, edit)
}

// corrupt tells whether err says that a file is nobody's.
func corrupt(err error) bool {
	_, ok := errors.AsType[*CorruptError](err)
	return ok && !errors.Is(err, ErrNewer) && !errors.Is(err, errKind)
}

// decode reads the bytes of a file.
func decode[Row any](f File, b []byte) (document[Row], error) {
	var d document[Row]
	fail := func(err error) (document[Row], error) { return document[Row]{}, &CorruptError{Path: f.Path, Err: err} }
	err := json.Unmarshal(b, &d)
	switch {
	case d.Kind == "" && err != nil:
		return fail(err)
	case d.Kind != f.Kind && d.Kind != "":
		return fail(fmt.Errorf("%w: %.32q instead of %q", errKind, d.Kind, f.Kind))
	case d.Kind == "":
		return fail(errors.New("it does not say what it is"))
	case d.Version > f.Version:
		return fail(fmt.Errorf("%w: %d instead of %d", ErrNewer, d.Version, f.Version))
	case d.Version < 1:
		return fail(fmt.Errorf("%d is no version", d.Version))
	case err != nil: // of a row: what the file is stands before them
		return fail(err)
	}
	d.Rows = d.Rows[max(0, len(d.Rows)-f.Rows):]
	return d, nil
}

// encode gives the bytes of a file: a line for each row, which a person can read and takes a third of the time that indented JSON does.
func encode[Row any](d document[Row]) ([]byte, error) {
	b := new(bytes.Buffer)
	fmt.Fprintf(b, "{\"igdkit\": %q, \"version\": %d, \"stamp\": %q, \"rows\": [", d.Kind, d.Version, d.Stamp)
	lines := json.NewEncoder(b)
	for i, r := range d.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if err := lines.Encode(r); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the end of its line
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// write replaces the file: whoever reads it sees the old table or the new one. It is not forced to the disk, which takes longer than to open a
// port; what a power failure leaves half written is set aside at the next reading.
func write[Row any](f File, d document[Row]) ([]byte, error) {
	b, err := encode(d)
	if err != nil {
		return nil, err
	}
	next := f.Path + ".new" // ours alone by the lock; one that a crash left is written over
	if err := os.WriteFile(next, b, 0o600); err != nil {
		os.Remove(next)
		return nil, err
	}
	return b, replace(next, f.Path)
}

// setAside makes room for a new file. The last one that was set aside stays, the ones before do not. Held by its lock.
func (f File) setAside(err error) error {
	e, _ := errors.AsType[*CorruptError](err)
	aside := f.Path + ".corrupt"
	if err := replace(f.Path, aside); err != nil {
		return errors.Join(e, err)
	}
	return &CorruptError{Path: e.Path, Aside: aside, Err: e.Err}
}

// lock is held by an open file beside the table, so that it ends with its process whatever happens to that.
func (f File) lock(ctx context.Context) (unlock func(), err error) {
	wait := f.Wait
	if wait <= 0 {
		wait = lockWait
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, ErrLocked)
	defer cancel()
	for {
		unlock, err := TryLock(f.Path + ".lock")
		if !errors.Is(err, ErrLocked) {
			return unlock, err
		}
		timer := time.NewTimer(lockPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%s: %w", f.Path, context.Cause(ctx))
		}
	}
}

// TryLock locks the file of that name, which it makes when there is none. ErrLocked is in the error when another holder has it: a process, or another
// TryLock of this one. The lock ends with unlock, or with this process, however that ends.
func TryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func() { file.Close() }, nil
}
