package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// journal is the file of --journal. Until begin it only holds what is written: when something cannot be started, an older
// journal of that name is still there, and no empty one is left.
type journal struct {
	mu      sync.Mutex // every gateway writes to the one file
	file    *os.File
	created bool // the file was not there before
	begun   bool
	held    bytes.Buffer
	err     error // the first failure to write, which ends writing
}

// openJournal finds out whether name can be written. The empty name gives no journal.
func openJournal(name string) (*journal, error) {
	if name == "" {
		return nil, nil
	}
	j := &journal{created: true}
	var err error
	j.file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		j.created = false
		j.file, err = os.OpenFile(name, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, &failure{
			kind: "journal", exit: exitUsage, cause: err,
			message: fmt.Sprintf("the journal cannot be written: %v", err),
			hints:   []string{"name a file in a directory that exists and that you may write to"},
		}
	}
	return j, nil
}

// begin empties the file and writes what was held.
func (j *journal) begin() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun = true
	if info, err := j.file.Stat(); err == nil && info.Mode().IsRegular() { // not a pipe, not /dev/stderr
		j.err = j.file.Truncate(0)
	}
	if j.err == nil {
		_, j.err = j.held.WriteTo(j.file)
	}
	return j.failure()
}

// Write takes whole lines. It never fails: the gateways go on, and close tells once for all of them.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.err != nil:
	case !j.begun:
		j.held.Write(b)
	default:
		_, j.err = j.file.Write(b)
	}
	return len(b), nil
}

// report writes one line that comes out of a lab. The first one says that the lab stands.
func (j *journal) report(line json.RawMessage) {
	if !j.begun {
		_ = j.begin() // close tells
	}
	_, _ = j.Write(append(line, '\n')) // close tells
}

func (j *journal) failure() error {
	if j.err == nil {
		return nil
	}
	err := j.err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &failure{
		kind: "journal", exit: exitLocal, cause: j.err,
		message: fmt.Sprintf("the journal %s could not be written to its end: %v", j.file.Name(), err),
		hints:   []string{"what it holds is what happened until then"},
	}
}

// close of a journal that has not begun leaves no trace.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	err := errors.Join(j.failure(), j.file.Close())
	if j.created && !j.begun {
		err = errors.Join(err, os.Remove(j.file.Name()))
	}
	return err
}
