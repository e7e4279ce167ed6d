package client

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// EventKind says what an Event tells.
type EventKind string

// Kinds of events. What they say of an entry they say of a pinhole.
const (
	Mapped         EventKind = "mapped"          // an entry was opened, or found open
	Renewed        EventKind = "renewed"         // its lease begins anew
	Repaired       EventKind = "repaired"        // the gateway had lost the entry; it is open again
	Lost           EventKind = "lost"            // the entry is gone and cannot be had back now; Err says why, an *OwnedError who has it
	AddressChanged EventKind = "address changed" // Entry.External holds the new address, none when it was lost (Verdict), Previous the old one
	GatewayGone    EventKind = "gateway gone"    // the gateway does not answer any more, for the reason Err, and a search has not found it; Retrying tells when the next one comes
	Retrying       EventKind = "retrying"        // an attempt failed with Err; the next one comes after After
	Failed         EventKind = "failed"          // nothing more will be tried; the last event
)

// An Event tells a change in the life of a [Mapping].
type Event struct {
	Kind     EventKind
	Time     time.Time
	Entry    Entry          // the entry concerned; zero in events about the whole mapping
	Previous netip.Addr     // AddressChanged only; zero when the address was not known
	Verdict  AddressVerdict // Mapped and AddressChanged only: what the address is worth, as [Mapping.Verdict]
	After    time.Duration  // Retrying only: the pause before the next attempt
	Err      error          // nil when all is well
}

// String is the event as one line for people.
func (e Event) String() string {
	s := string(e.Kind)
	if e.Entry.Protocol != "" {
		s += " " + e.Entry.String()
	}
	if e.Kind == AddressChanged {
		s += fmt.Sprintf(" (%s)", e.Verdict)
		if e.Previous.IsValid() {
			s += fmt.Sprintf(" (was %s)", e.Previous)
		}
	}
	return s + outlook(e.Kind, e.After, e.Err)
}

// A PinholeEvent tells a change in the life of [Pinholes]. It is of every kind but AddressChanged: where an address of this machine changes, one pinhole is
// Lost and another one Mapped.
type PinholeEvent struct {
	Kind    EventKind
	Time    time.Time
	Pinhole Pinhole       // the one concerned; zero in events about all of them
	After   time.Duration // Retrying only: the pause before the next attempt
	Err     error         // nil when all is well
}

// String is the event as one line for people.
func (e PinholeEvent) String() string {
	s := string(e.Kind)
	if e.Pinhole.InternalClient.IsValid() {
		s += " " + e.Pinhole.String()
	}
	return s + outlook(e.Kind, e.After, e.Err)
}

// outlook ends the line of an event: when it is tried again, and why that is needed.
func outlook(kind EventKind, after time.Duration, err error) (s string) {
	if kind == Retrying {
		s = fmt.Sprintf(" in %s", after.Round(time.Second))
	}
	if err != nil {
		s += ": " + err.Error()
	}
	return s
}

// eventBuffer is how many events wait for a reader.
const eventBuffer = 64

// feed hands events to one reader who may be slow or absent: it never blocks the sender,
// and drops the oldest waiting event when the reader has fallen eventBuffer behind.
type feed[E any] struct {
	mu     sync.Mutex
	ch     chan E
	closed bool
}

func (f *feed[E]) send(e E) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	for {
		select {
		case f.ch <- e:
			return
		default:
		}
		select {
		case <-f.ch:
		default:
		}
	}
}

func (f *feed[E]) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.ch)
	}
}
