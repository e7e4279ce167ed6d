package capped

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRead(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		from io.Reader
		want string
		err  error
	}{
		{"nothing", strings.NewReader(""), "", nil},
		{"less", strings.NewReader("abc"), "abc", nil},
		{"as much", iotest.OneByteReader(strings.NewReader("abcd")), "abcd", nil},
		{"more", iotest.OneByteReader(strings.NewReader("abcde")), "", &TooLongError{4}},
		{"no end", io.MultiReader(strings.NewReader("abcd"), endless{}), "", &TooLongError{4}},
		{"broken", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), "abc", broken},
		{"broken at the bound", io.MultiReader(strings.NewReader("abcd"), iotest.ErrReader(broken)), "abcd", broken},
	} {
		got, err := Read(tt.from, 4)
		if string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if long, ok := errors.AsType[*TooLongError](tt.err); ok {
			if e, ok := errors.AsType[*TooLongError](err); !ok || *e != *long || e.Error() != "larger than 4 bytes" {
				t.Errorf("%s: %v, want %v", tt.name, err, long)
			}
		} else if err != tt.err {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

// endless gives zeros for ever.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
