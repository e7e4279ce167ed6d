package emulator

import (
	"fmt"
	"net/netip"
	"slices"
)

// externals are the external addresses of a gateway in memory, which its host must have: they are there already, or come to the
// wire "internet". One that changes stays on its interface.
type externals struct {
	host *Host
	held []external
	free []external // places whose address was taken away
}

type external struct {
	addr netip.Addr
	place
	ours bool  // the host did not have it before
	err  error // nil, or why the host has it not
}

// find is the external address addr; nil when the host does not have it.
func (x *externals) find(addr netip.Addr) *external {
	for i := range x.held {
		if e := &x.held[i]; e.addr == addr && e.err == nil {
			return e
		}
	}
	return nil
}

// become gives the host the addresses in want and no others, and reports whether that changed anything.
func (x *externals) become(want []netip.Addr) bool {
	if slices.EqualFunc(x.held, want, func(e external, a netip.Addr) bool { return e.addr == a }) {
		return false
	}
	old := x.held
	x.held = nil
	for _, e := range old {
		if e.err == nil && !slices.Contains(want, e.addr) {
			x.free = append(x.free, e)
		}
	}
	for _, addr := range want {
		i := slices.IndexFunc(old, func(e external) bool { return e.addr == addr && e.err == nil })
		if i >= 0 {
			x.held = append(x.held, old[i])
		} else {
			x.held = append(x.held, x.take(addr))
		}
	}
	for i := range x.free {
		x.vacate(&x.free[i])
	}
	return true
}

func (x *externals) take(addr netip.Addr) external {
	if at, ok := x.host.placeOf(addr); ok {
		return external{addr: addr, place: at}
	}
	e := external{addr: addr, ours: true}
	if len(x.free) > 0 {
		e.ours = x.free[0].ours
		if e.place, e.err = x.host.move(x.free[0].place, addr); e.err == nil {
			x.free = x.free[1:]
			return e
		}
	} else {
		e.place, e.err = x.host.joinInternet(addr)
	}
	if e.err != nil {
		e.err = fmt.Errorf("external address %v: %w", addr, e.err)
	}
	return e
}

// vacate takes an address away from its place.
func (x *externals) vacate(e *external) {
	if !e.addr.IsValid() {
		return
	}
	if _, err := x.host.move(e.place, netip.Addr{}); err == nil {
		e.addr = netip.Addr{}
	}
}

// close takes away what the host did not have before.
func (x *externals) close() {
	for i := range x.held {
		if e := &x.held[i]; e.ours && e.err == nil {
			x.vacate(e)
		}
	}
	x.held = nil
}
