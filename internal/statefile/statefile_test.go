package statefile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type row struct {
	Name string `json:"name"`
}

func file(t testing.TB) File {
	return File{Path: filepath.Join(t.TempDir(), "igdkit", "things.json"), Kind: "things", Version: 2, Rows: 3, Wait: 10 * time.Second}
}

// put adds a row.
func put(t testing.TB, f File, name string) error {
	t.Helper()
	return Change(t.Context(), f, func(rows []row) ([]row, bool) { return append(rows, row{name}), true })
}

func TestRowsAreKept(t *testing.T) {
	f := file(t)
	if rows, err := Read[row](t.Context(), f); rows != nil || err != nil {
		t.Errorf("no file: %v, %v", rows, err)
	}
	if _, err := os.Stat(filepath.Dir(f.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading made a directory: %v", err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := put(t, f, name); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := Read[row](t.Context(), f)
	if diff := cmp.Diff([]row{{"b"}, {"c"}, {"d"}}, rows); diff != "" || err != nil {
		t.Errorf("(-want +got) %v:\n%s", err, diff)
	}
	if err := Change(t.Context(), f, func([]row) ([]row, bool) { return nil, false }); err != nil {
		t.Error(err)
	}
	if rows, _ := Read[row](t.Context(), f); len(rows) != 3 {
		t.Errorf("no change left %v", rows)
	}
	if err := Change(t.Context(), f, func([]row) ([]row, bool) { return nil, true }); err != nil {
		t.Error(err)
	}
	if rows, err := Read[row](t.Context(), f); len(rows) != 0 || err != nil {
		t.Errorf("emptied: %v, %v", rows, err)
	}
}

// What cannot be read is set aside, by a reader and by a writer, and the next write is a whole file again.
func TestCorruptIsSetAside(t *testing.T) {
	for name, content := range map[string]string{
		"empty":       "",
		"cut":         `{"igdkit":"things","version":2,"rows":[{"na`,
		"other shape": `{"igdkit":"things","version":2,"rows":{"name":"a"}}`,
		"no kind":     `{"rows":[]}`,
		"no version":  `{"igdkit":"things","rows":[]}`,
		"too large":   `{"igdkit":"things","version":2,"rows":[]}` + strings.Repeat(" ", 4*maxRow),
		"zeros":       strings.Repeat("\x00", 100),
	} {
		t.Run(name, func(t *testing.T) {
			for _, use := range []func(File) error{
				func(f File) error { _, err := Read[row](t.Context(), f); return err },
				func(f File) error { return put(t, f, "new") },
			} {
				f := file(t)
				os.MkdirAll(filepath.Dir(f.Path), 0o700)
				if err := os.WriteFile(f.Path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				err := use(f)
				e, ok := errors.AsType[*CorruptError](err)
				if !ok || e.Aside != f.Path+".corrupt" {
					t.Fatalf("error %v", err)
				}
				if b, _ := os.ReadFile(e.Aside); string(b) != content {
					t.Errorf("set aside is %q", b)
				}
				if err := put(t, f, "newer"); err != nil {
					t.Error(err)
				}
				if rows, err := Read[row](t.Context(), f); len(rows) == 0 || rows[len(rows)-1].Name != "newer" || err != nil {
					t.Errorf("after that %v, %v", rows, err)
				}
			}
		})
	}
}

// What is somebody else's is neither read nor written over.
func TestOthersStay(t *testing.T) {
	for name, content := range map[string]string{
		"newer":                             `{"igdkit":"things","version":3,"rows":"anything"}`,
		"kind":                              `{"igdkit":"stuff","version":1,"rows":[{"name":"a"}]}`,
		"newer, with rows of another shape": `{"igdkit":"things","version":3,"rows":[{"name":5}]}`,
		"kind, with rows of another shape":  `{"igdkit":"stuff","version":1,"rows":[{"name":{"a":1}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := file(t)
			os.MkdirAll(filepath.Dir(f.Path), 0o700)
			os.WriteFile(f.Path, []byte(content), 0o600)
			if rows, err := Read[row](t.Context(), f); rows != nil || err == nil {
				t.Errorf("read %v, %v", rows, err)
			}
			if err := put(t, f, "x"); err == nil {
				t.Error("written without an error")
			}
			if b, _ := os.ReadFile(f.Path); string(b) != content {
				t.Errorf("it is now %q", b)
			}
		})
	}
}

func TestWaitForTheLockEnds(t *testing.T) {
	f := file(t)
	if err := put(t, f, "a"); err != nil {
		t.Fatal(err)
	}
	unlock, err := TryLock(f.Path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	f.Wait = 20 * time.Millisecond
	if err := put(t, f, "b"); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := Change(stopped, f, func(rows []row) ([]row, bool) { return rows, true }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if rows, err := Read[row](t.Context(), f); len(rows) != 1 || err != nil {
		t.Errorf("a reader waits: %v, %v", rows, err)
	}
	unlock()
	if err := put(t, f, "c"); err != nil {
		t.Error(err)
	}
}

// TestProcesses lets processes write one table at once. Each is this test binary again.
func TestProcesses(t *testing.T) {
	const each = 10
	if path := os.Getenv("STATEFILE_TEST_PATH"); path != "" {
		f := File{Path: path, Kind: "things", Version: 2, Rows: 1000, Wait: time.Minute}
		for i := range each {
			if err := put(t, f, fmt.Sprint(os.Getenv("STATEFILE_TEST_NAME"), "-", i)); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	f := file(t)
	f.Rows = 1000
	var all []*exec.Cmd
	for i := range 4 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcesses$")
		cmd.Env = append(os.Environ(), "STATEFILE_TEST_PATH="+f.Path, "STATEFILE_TEST_NAME="+strconv.Itoa(i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	running := true
	ended := make(chan error, len(all))
	for _, cmd := range all {
		go func() { ended <- cmd.Wait() }()
	}
	for n := 0; running; {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			n++
			running = n < len(all)
		default:
			if _, err := Read[row](t.Context(), f); err != nil {
				t.Fatalf("a reader sees a table that is not whole: %v", err)
			}
		}
	}
	rows, err := Read[row](t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	if n := len(slices.Compact(rows)); n != 4*each {
		t.Errorf("%d rows of %d", n, 4*each)
	}
}

// A lock ends with its process.
func TestLockEndsWithItsProcess(t *testing.T) {
	if path := os.Getenv("STATEFILE_TEST_LOCK"); path != "" {
		if _, err := TryLock(path); err != nil {
			t.Fatal(err)
		}
		fmt.Println("locked")
		time.Sleep(time.Hour)
	}
	path := filepath.Join(t.TempDir(), "lock")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockEndsWithItsProcess$")
	cmd.Env = append(os.Environ(), "STATEFILE_TEST_LOCK="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("while it runs: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	unlock, err := TryLock(path)
	if err != nil {
		t.Fatalf("after it was killed: %v", err)
	}
	unlock()
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"igdkit":"things","version":2,"rows":[{"name":"a"}]}`))
	f.Add([]byte(`{"igdkit":"things","version":3,"rows":1}`))
	f.Add([]byte(`{"igdkit":"things","version":2,"rows":null}`))
	f.Add([]byte("\x00"))
	path := filepath.Join(f.TempDir(), "things.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		x := File{Path: path, Kind: "things", Version: 2, Rows: 3}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := Read[row](t.Context(), x)
		if len(rows) > x.Rows || err != nil && len(rows) > 0 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		if err == nil && !json.Valid(content) {
			t.Errorf("%q was read", content)
		}
	})
}
