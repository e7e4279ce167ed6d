package main

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/emulator/lab"
)

// wires are one lab.Wire for all devices that stand at a gateway's place: each is asked about what crosses it, until one lets it pass. The
// one with the NAT is asked last, because it lets everything out.
type wires struct {
	wire   lab.Wire
	ctx    context.Context
	cancel context.CancelFunc
	begin  sync.Once
	over   chan struct{} // closed when the wire carries no more, because of err
	err    error

	mu      sync.Mutex
	devices []emulator.Decide
	last    emulator.Decide
}

// openWires takes over the UDP at a place; nil where the kernel does not hand it over.
func openWires(ctx context.Context, place lab.Place) (*wires, error) {
	if place.Wire == nil {
		return nil, nil
	}
	w, err := place.Wire()
	if err != nil {
		return nil, err
	}
	all := &wires{wire: w, over: make(chan struct{})}
	all.ctx, all.cancel = context.WithCancel(ctx)
	return all, nil
}

// branch is a Wire for one device.
func (w *wires) branch(last bool) emulator.Wire { return wireBranch{w, last} }

type wireBranch struct {
	*wires
	isLast bool
}

// Carry is that of emulator.Wire.
func (b wireBranch) Carry(ctx context.Context, decide emulator.Decide) error {
	w := b.wires
	w.mu.Lock()
	if b.isLast {
		w.last = decide
	} else {
		w.devices = append(w.devices, decide)
	}
	w.mu.Unlock()
	w.begin.Do(func() { go w.carry() })
	select {
	case <-ctx.Done():
		return nil
	case <-w.over:
		return w.err
	}
}

// carry lets the wire carry, until Close.
func (w *wires) carry() {
	defer close(w.over)
	w.err = w.wire.Carry(w.ctx, w.decide)
}

func (w *wires) decide(src, dst netip.AddrPort, outside bool, size int) (newSrc, newDst netip.AddrPort, delay time.Duration, ok bool) {
	w.mu.Lock()
	devices, last := w.devices, w.last
	w.mu.Unlock()
	for _, ask := range devices {
		if newSrc, newDst, delay, ok = ask(src, dst, outside, size); ok {
			return newSrc, newDst, delay, ok
		}
	}
	if last == nil {
		return newSrc, newDst, 0, false
	}
	return last(src, dst, outside, size)
}

// Close ends it.
func (w *wires) Close() error {
	w.cancel()
	w.begin.Do(func() { close(w.over) }) // nobody ever asked it to carry
	<-w.over
	return nil
}
