package client

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// fill opens the entry of a slot that is not owned, and reads it back.
func (p *planner) fill(ctx context.Context, s slot, first bool) (held, error) {
	if s.ownership == shared {
		h := s.held(0, time.Now())
		h.Shared = true
		return h, nil
	}
	began := time.Now()
	asked, err := p.add(ctx, s, first && s.ownership != ours && p.req.AnyPort)
	if err != nil {
		return held{}, err
	}
	h := heldOf(asked, PortMapping{}, asked.Lease, began)
	fresh := s.ownership != ours

	back, err := p.look(ctx, asked, s.shown)
	switch {
	case err != nil && ctx.Err() != nil:
		if fresh {
			p.undo(ctx, h, true)
		}
		return held{}, err
	case err != nil, back.ownership == hidden, back.ownership == free:
		return h, nil // accepted, though the gateway does not show it
	case back.ownership == owned && sameClient(back.found.InternalClient, asked.InternalClient) == differs:
		return held{}, &OwnedError{Wanted: asked, Owner: back.found}
	case back.ownership == owned:
		if fresh && ourText(back.found.Description, asked.Description, s.shown) {
			after, cancel := cleanupTime(ctx)
			defer cancel()
			p.remove(after, asked)
		}
		return held{}, &AlteredError{Wanted: asked, Made: back.found}
	}
	back.want = asked
	return back.held(asked.Lease, began), nil
}

// held is the entry that was found in a slot, taken for ours; its lease counts from at.
func (s slot) held(asked time.Duration, at time.Time) held {
	h := heldOf(s.want, s.found, asked, at)
	h.shown = true
	h.Verified = s.found.Enabled && s.found.InternalPort == s.want.InternalPort &&
		sameClient(s.found.InternalClient, s.want.InternalClient) == same
	return h
}

// heldOf makes the entry from what was asked and, when it has a client, what was read back.
func heldOf(want, found PortMapping, asked time.Duration, at time.Time) held {
	client, _ := netip.ParseAddr(want.InternalClient)
	h := held{asked: asked, ends: end(at, asked), Entry: Entry{
		Protocol:    want.Protocol,
		External:    netip.AddrPortFrom(netip.Addr{}, want.ExternalPort),
		Internal:    netip.AddrPortFrom(client, want.InternalPort),
		RemoteHost:  want.RemoteHost,
		Description: want.Description,
	}}
	if found.ExternalPort == 0 {
		return h
	}
	h.Description = found.Description
	h.Lease = granted(asked, found.Lease, found.LeaseKnown)
	if h.Lease.Known {
		h.Expires = end(at, h.Lease.Granted)
		h.ends = h.Expires
	}
	return h
}

// end is when a lease runs out; zero when it does not.
func end(from time.Time, lease time.Duration) time.Time {
	if lease == 0 {
		return time.Time{}
	}
	return from.Add(lease)
}

// addGrace is how long the answer to an add is waited for when the caller has gone: the gateway may carry out what it
// was sent after we looked, so that nobody would remove it.
const addGrace = 2 * time.Second

// outlive is a context that ends d after ctx, or when its cancel function is called.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

// add sends the add until it is accepted or no remedy is left, and tells what was accepted.
func (p *planner) add(ctx context.Context, s slot, byAny bool) (PortMapping, error) {
	want := s.want
	for {
		byAny = byAny && p.anyway
		action, port, began := "AddPortMapping", want.ExternalPort, time.Now()
		var err error
		adding, heard := outlive(ctx, addGrace)
		if byAny {
			action = "AddAnyPortMapping"
			port, err = p.gw.AddAnyPortMapping(adding, want)
		} else {
			err = p.gw.AddPortMapping(adding, want)
		}
		heard()
		step := Step{Action: action, Lease: want.Lease, Outcome: "accepted", Err: err}
		if err == nil {
			if port != want.ExternalPort {
				step.Outcome = fmt.Sprintf("accepted on %d", port)
			}
			p.note(step, want, began)
			want.ExternalPort = port
			p.lease = want.Lease
			return want, nil
		}

		a := attempt{code: faultCode(err), any: byAny, lease: want.Lease, low: want.ExternalPort < 1024}
		do := remedyFor(a)
		if a.code == 0 {
			step.Outcome = "no answer"
			p.note(step, want, began)
			if p.arrived(ctx, s, want) {
				return want, nil
			}
		} else {
			step.Outcome = string(do)
			p.note(step, want, began)
		}
		if ctx.Err() != nil {
			return want, err
		}
		switch do {
		case permanent:
			want.Lease = 0
		case week:
			want.Lease = maxWeek
		case plain:
			p.anyway = false
		default:
			return want, p.refused(s, want, do, err)
		}
	}
}

// arrived reports whether an add whose answer was lost took effect all the same. When that cannot be known,
// or the caller has gone, what it may have opened is removed, now or later.
func (p *planner) arrived(ctx context.Context, s slot, want PortMapping) bool {
	if s.ownership == ours {
		return false // it was there before: the add must be heard
	}
	h := heldOf(want, PortMapping{}, want.Lease, time.Now())
	if ctx.Err() != nil {
		p.undo(ctx, h, false)
		return false
	}
	back, err := p.look(ctx, want, s.shown)
	if err != nil {
		h.doubt = true
		p.leave(h)
	}
	return err == nil && back.ownership == ours
}

// refused makes the error of an add for which no remedy is left. A conflict with our own entry is no
// other owner's: some gateways refuse to renew what is alive.
func (p *planner) refused(s slot, want PortMapping, do remedy, err error) error {
	switch code := faultCode(err); {
	case code == 0:
		return fmt.Errorf("open %s: %w", spell(want), err)
	case s.ownership != ours && (code == soap.ConflictInMappingEntry || code == soap.ConflictWithOtherMechanisms):
		return &OwnedError{Wanted: want, Err: err}
	}
	return &RefusedError{Wanted: want, Err: err, remedy: do}
}
