package main

import (
	"context"
	"errors"
	"testing"

	"github.com/igdkit/igdkit/emulator/lab"
)

// brokenWire carries until it is told to break.
type brokenWire struct{ breaks chan error }

func (w brokenWire) Carry(ctx context.Context, _ lab.Decide) error {
	select {
	case err := <-w.breaks:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Every device of a wire that breaks hears of it, those that come later as well: it is for them to tell.
func TestWireBreaks(t *testing.T) {
	w := brokenWire{make(chan error, 1)}
	all, err := openWires(t.Context(), lab.Place{Wire: func() (lab.Wire, error) { return w, nil }})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 2)
	for _, last := range []bool{false, true} {
		go func() { told <- all.branch(last).Carry(t.Context(), nil) }()
	}
	broken := errors.New("broken")
	w.breaks <- broken
	for range 2 {
		if err := <-told; !errors.Is(err, broken) {
			t.Errorf("told %v", err)
		}
	}
	if err := all.branch(false).Carry(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("later: told %v", err)
	}
	if err := all.Close(); err != nil {
		t.Error(err)
	}
}

// One that has ended is no failure, and one that nobody used ends too.
func TestWireEnds(t *testing.T) {
	for _, used := range []bool{true, false} {
		all, err := openWires(t.Context(), lab.Place{Wire: func() (lab.Wire, error) { return brokenWire{}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if used {
			told := make(chan error, 1)
			go func() { told <- all.branch(true).Carry(ctx, nil) }()
			cancel()
			if err := <-told; err != nil {
				t.Error(err)
			}
		}
		cancel()
		if err := all.Close(); err != nil {
			t.Error(err)
		}
	}
}
