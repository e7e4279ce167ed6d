package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// shortLease is what no gateway means that grants it for a longer one that was asked: some DD-WRT take a lease for an end that has come already.
const shortLease = 30 * time.Second

// fill opens the entry of a slot that is not owned, and reads it back. An entry that is answered with success and not made, or made for
// a moment only, is asked for once more without an end, which is what such gateways can do.
func (p *planner) fill(ctx context.Context, s slot, first bool) (held, error) {
	if s.ownership == shared {
		h := s.held(0, time.Now())
		h.Shared = true
		return h, nil
	}
	byAny := first && s.ownership != ours && p.req.AnyPort
	h, missing, err := p.place(ctx, s, byAny)
	if err != nil || h.asked == 0 {
		return h, err
	}
	switch {
	case h.shown && h.Lease.Known && h.Lease.Granted > 0 && h.Lease.Granted < min(shortLease, h.asked):
	case missing && !p.hides:
	default:
		return h, nil
	}
	finite := p.lease
	p.lease = 0
	endless := s
	endless.want.ExternalPort, endless.want.Lease = h.External.Port(), 0
	again, missing, err := p.place(ctx, endless, false)
	switch {
	case err == nil && !missing:
		return again, nil
	case err != nil && unanswered(err):
		return h, nil // which was accepted
	case err == nil && p.listed(ctx) >= fullTable:
		p.undo(ctx, again, true)
		return held{}, &NotMadeError{Wanted: endless.want}
	}
	// It shows neither, so that nobody can tell; then the one with an end is the better one to leave behind.
	p.lease, p.hides = finite, true
	h, _, err = p.place(ctx, s, byAny)
	return h, err
}

// fullTable is how many entries a table shows that may be full: of those that are without a word, the smallest known has 32.
const fullTable = 24

// listed counts the entries that the gateway shows, as far as the question is whether its table is full.
func (p *planner) listed(ctx context.Context) (n int) {
	p.ask(ctx, "GetGenericPortMappingEntry", func(ctx context.Context) error {
		for _, err := range p.gw.PortMappings(ctx) {
			if err != nil {
				return err
			}
			if n++; n >= fullTable {
				break
			}
		}
		return nil
	})
	return n
}

// place adds the entry of a slot and reads it back. missing tells that the gateway has accepted it, can be asked, and shows nothing.
func (p *planner) place(ctx context.Context, s slot, byAny bool) (h held, missing bool, err error) {
	began := time.Now()
	asked, err := p.add(ctx, s, byAny)
	if err != nil {
		return held{}, false, err
	}
	return p.readBack(ctx, s, asked, began)
}

// readBack reads what an add of s that was accepted has made.
func (p *planner) readBack(ctx context.Context, s slot, asked PortMapping, began time.Time) (h held, missing bool, err error) {
	h = heldOf(asked, PortMapping{}, asked.Lease, began)
	h.added = began
	fresh := s.ownership != ours

	back, err := p.look(ctx, slot{want: asked, shown: s.shown, known: true})
	if err == nil && back.ownership == free && !p.hides {
		// Zyxel, the nano-node's routers: one action says that there is nothing, the other lists it.
		back, err = p.lookInList(ctx, back)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		if fresh {
			p.undo(ctx, h, true)
		}
		return held{}, false, err
	case err != nil, back.ownership == hidden:
		return h, false, nil // accepted, though the gateway does not show it
	case back.ownership == free:
		return h, true, nil
	case back.ownership == owned:
		return held{}, false, p.misled(ctx, slot{want: asked, found: back.found, ownership: s.ownership, shown: s.shown})
	}
	back.want = asked
	h = back.held(asked.Lease, began)
	h.added = began
	return h, false, nil
}

// held is the entry that was found in a slot, taken for ours; its lease counts from at.
func (s slot) held(asked time.Duration, at time.Time) held {
	h := heldOf(s.want, s.found, asked, at)
	h.shown, h.Disabled = true, !s.found.Enabled
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
	var tried leases
	for {
		byAny = byAny && p.anyway
		action, port, began := "AddPortMapping", want.ExternalPort, time.Now()
		var err error
		noted := want
		undo, taken := p.gw.journal.note(ctx, s, noted)
		if taken != nil {
			p.note(Step{Action: "journal", Outcome: string(owned), Known: true}, want, began)
			return want, taken
		}
		adding, heard := outlive(ctx, addGrace)
		if byAny {
			action = "AddAnyPortMapping"
			port, err = p.gw.AddAnyPortMapping(adding, want)
		} else {
			err = p.gw.AddPortMapping(adding, want)
		}
		heard()
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
			err = cause // it ended with ctx, and addGrace
		}
		p.gw.readings.deaf.heard(err)
		step := Step{Action: action, Lease: want.Lease, Outcome: "accepted", Err: err}
		if err == nil {
			if port != want.ExternalPort {
				step.Outcome = fmt.Sprintf("accepted on %d", port)
				undo()
				noted.ExternalPort = port
				p.gw.journal.moved(ctx, noted)
			}
			p.note(step, want, began)
			want.ExternalPort = port
			p.lease, p.leased = want.Lease, p.leased || want.Lease > 0
			return want, nil
		}

		a := attempt{code: faultCode(err), any: byAny, lease: want.Lease, low: want.ExternalPort < 1024,
			even: want.ExternalPort == want.InternalPort, moves: p.req.AnyPort}
		tried = tried.with(want.Lease)
		a.tried, a.fixed = tried, p.leased
		do := remedyFor(a)
		if do == ranged {
			tried.ranged, a.tried.ranged = true, true
			if allowed := p.allowed(ctx, want.Lease); allowed != want.Lease {
				want.Lease = allowed
			} else {
				do = remedyFor(a)
			}
		}
		if a.code == 0 {
			step.Outcome = "no answer"
			p.note(step, want, began)
			if made, ok := p.arrived(ctx, s, want, byAny); ok {
				if made.ExternalPort != want.ExternalPort {
					undo()
					p.gw.journal.moved(ctx, made)
				}
				return made, nil
			}
			if want.Lease > 0 && !p.leased && p.crashed(ctx, s, err) {
				p.lease = 0 // the lease may have been what it could not take (RFC 6886 §9.5); one that took some restarts for other reasons
			}
		} else {
			undo()
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
		case hour:
			want.Lease = time.Hour
		case ranged:
		case plain:
			p.anyway = false
		default:
			return want, p.refused(s, want, do, err)
		}
	}
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
