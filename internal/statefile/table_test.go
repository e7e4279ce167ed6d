package statefile

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What another process writes, or a person, is read; what nobody has changed is not read again.
func TestTableRemembers(t *testing.T) {
	f := file(t)
	x, other := &Table[row]{File: f}, &Table[row]{File: f}
	want := func(when string, names ...string) {
		t.Helper()
		rows, err := x.Read(t.Context())
		var got []string
		for i := range rows {
			got = append(got, rows[i].Name)
			rows[i].Name = "of the reader" // whose they are
		}
		if diff := cmp.Diff(names, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", when, err, diff)
		}
	}
	add := func(x *Table[row], name string) {
		t.Helper()
		if err := x.Change(t.Context(), func(rows []row) ([]row, bool) { return append(rows, row{name}), true }); err != nil {
			t.Fatal(err)
		}
	}
	want("no file")
	for range 20 { // as many as it takes to have one size, and one time where clocks are coarse
		add(other, "a")
		want("written by another", "a")
		add(other, "b")
		want("written by another", "a", "b")
		other.Change(t.Context(), func([]row) ([]row, bool) { return nil, true })
		want("emptied by another")
	}
	add(other, "a")
	add(x, "b")
	want("written by both", "a", "b")

	info, err := os.Stat(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(f.Path)
	edit := func(old, new string, at time.Time) {
		t.Helper()
		b = bytes.Replace(b, []byte(old), []byte(new), 1)
		if err := errors.Join(os.WriteFile(f.Path, b, 0o600), os.Chtimes(f.Path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	edit(`"a"`, `"c"`, info.ModTime())
	want("nothing says that it has changed", "a", "b")
	edit(`"c"`, `"d"`, info.ModTime().Add(time.Second))
	want("edited by hand", "d", "b")
	edit(`"stamp"`, `"other"`, info.ModTime().Add(time.Second))
	want("without a stamp", "d", "b")
	edit(`"d"`, `"e"`, info.ModTime().Add(time.Second))
	want("without a stamp", "e", "b")
	os.Remove(f.Path)
	want("removed")
	x.Known(func(rows []row) {
		if len(rows) > 0 {
			t.Errorf("known of a file that is not there: %v", rows)
		}
	})
}

// Of many changes that wait for a process that is stopped, those that come first wait, and the others do not.
func TestRestAfterALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		x := &Table[row]{File: file(t), Opened: func() { opened++ }}
		x.Wait = 0
		put := func() error {
			return x.Change(t.Context(), func(rows []row) ([]row, bool) { return append(rows, row{"a"}), true })
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		unlock, err := TryLock(x.Path + ".lock")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := put(); !errors.Is(err, ErrLocked) || errors.Is(err, ErrRests) || time.Since(began) < lockWait {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		began, opened = time.Now(), 0
		for range 100 {
			if err := put(); !errors.Is(err, ErrRests) || !errors.Is(err, ErrLocked) {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > 0 || opened > 0 {
			t.Errorf("a hundred more took %v and opened it %d times", took, opened)
		}
		if rows, err := x.Read(t.Context()); len(rows) != 1 || err != nil {
			t.Errorf("a reader has %v, %v", rows, err)
		}
		unlock()
		time.Sleep(lockRest)
		if err := put(); err != nil {
			t.Error(err)
		}
	})
}
