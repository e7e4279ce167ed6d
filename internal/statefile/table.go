package statefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/igdkit/igdkit/internal/capped"
)

// lockRest is how long a lock is left alone that was waited for in vain: its holder is stopped, and each wait would be in vain too.
const lockRest = 10 * time.Second

// A Table is a File with what this process remembers of it, so that rows which nobody has changed are not read again. Its methods may be called by several
// goroutines. It must not be copied.
type Table[Row any] struct {
	File
	// Opened is called each time the file, or its lock, is opened. nil: nobody is told.
	Opened func()

	mu    sync.Mutex // never held over a wait
	rows  []Row      // as they were read or written last
	print print      // of the file then
	rests time.Time  // until then nobody asks for the lock
}

// print tells one writing of a file from another: by its stamp, or, when somebody has edited it by hand, by its size and time. The zero value is of none.
type print struct {
	head []byte // all that is before the rows
	size int64
	at   time.Time
}

// maxHead is longer than what stands before the rows.
const maxHead = 256

// printOf is that of a file of these bytes; none when it has no stamp.
func printOf(b []byte, stamp string, info fs.FileInfo) print {
	i := bytes.Index(b[:min(len(b), maxHead)], []byte(`"rows"`))
	if i < 0 || stamp == "" || !bytes.Contains(b[:i], []byte(stamp)) {
		return print{}
	}
	return print{slices.Clone(b[:i]), info.Size(), info.ModTime()}
}

// is tells whether the file that is open is the one of p. It may have read some of it.
func (p print) is(file io.Reader, info fs.FileInfo) bool {
	if len(p.head) == 0 || info.Size() != p.size || !info.ModTime().Equal(p.at) {
		return false
	}
	head := make([]byte, len(p.head))
	_, err := io.ReadFull(file, head)
	return err == nil && bytes.Equal(head, p.head)
}

// Read gives the rows; none when there is no file. A file that is corrupt is set aside: then there are no rows and the error is
// a *CorruptError.
func (t *Table[Row]) Read(ctx context.Context) ([]Row, error) {
	t.mu.Lock()
	rows, err := t.load()
	t.mu.Unlock()
	if corrupt(err) {
		return nil, t.Change(ctx, func(rows []Row) ([]Row, bool) { return rows, false })
	}
	return rows, err
}

// Known lets look see the rows as this process read or wrote them last, without a look at the file. look must not change or keep them.
func (t *Table[Row]) Known(look func([]Row)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	look(t.rows)
}

// Change lets edit change the rows, and writes what it gives when it says that this is new. Other processes wait meanwhile. After a
// *CorruptError with Aside, the change was made all the same, on no rows.
func (t *Table[Row]) Change(ctx context.Context, edit func([]Row) (rows []Row, changed bool)) (err error) {
	if locked := t.Hold(ctx, func() { err = t.change(edit) }); locked != nil {
		return locked
	}
	return err
}

func (t *Table[Row]) change(edit func([]Row) ([]Row, bool)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, aside := t.load() // anew: it may be whole by now
	if corrupt(aside) {
		aside = t.setAside(aside)
	}
	if aside != nil {
		if e, ok := errors.AsType[*CorruptError](aside); !ok || e.Aside == "" {
			return aside // what is there stays
		}
	}
	rows, changed := edit(rows)
	if !changed {
		return aside
	}
	return errors.Join(aside, t.store(rows))
}

// Hold takes the lock for as long as do runs. It is waited for [File.Wait]; after that was in vain, and the error is an [ErrLocked], nobody waits for
// some seconds: then the error is an [ErrRests] as well, at once.
func (t *Table[Row]) Hold(ctx context.Context, do func()) error {
	t.mu.Lock()
	rests := time.Now().Before(t.rests)
	t.mu.Unlock()
	if rests {
		return fmt.Errorf("%s: %w", t.Path, ErrRests)
	}
	if err := os.MkdirAll(filepath.Dir(t.Path), 0o700); err != nil {
		return err
	}
	t.opened()
	unlock, err := t.lock(ctx)
	if errors.Is(err, ErrLocked) {
		t.mu.Lock()
		t.rests = time.Now().Add(lockRest)
		t.mu.Unlock()
	}
	if err != nil {
		return err
	}
	defer unlock()
	do()
	return nil
}

func (t *Table[Row]) opened() {
	if t.Opened != nil {
		t.Opened()
	}
}

// load gives the rows, which are the caller's. mu is held.
func (t *Table[Row]) load() ([]Row, error) {
	t.opened()
	file, err := os.Open(t.Path)
	if err != nil {
		t.forget()
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && t.print.is(file, info) {
		return slices.Clone(t.rows), nil
	}
	t.forget()
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err
	}
	b, err := capped.Read(file, int64(t.Rows+1)*maxRow)
	if e, ok := errors.AsType[*capped.TooLongError](err); ok {
		return nil, &CorruptError{Path: t.Path, Err: fmt.Errorf("it is %w", e)}
	}
	if err != nil {
		return nil, err
	}
	d, err := decode[Row](t.File, b)
	if err != nil {
		return nil, err
	}
	t.rows, t.print = d.Rows, printOf(b, d.Stamp, info)
	return slices.Clone(d.Rows), nil
}

// store writes the rows. mu and the lock are held.
func (t *Table[Row]) store(rows []Row) error {
	t.forget()
	rows = slices.Clone(rows[max(0, len(rows)-t.Rows):])
	d := document[Row]{Kind: t.Kind, Version: t.Version, Stamp: fmt.Sprintf("%016x", rand.Uint64()), Rows: rows}
	b, err := write(t.File, d)
	if err != nil {
		return err
	}
	t.rows = rows
	if info, err := os.Stat(t.Path); err == nil {
		t.print = printOf(b, d.Stamp, info)
	}
	return nil
}

func (t *Table[Row]) forget() { t.rows, t.print = nil, print{} }
