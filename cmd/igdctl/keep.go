package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/client"
)

// keep keeps every port open until ctx ends, tells what happens to them, and closes them.
func (a *app) keep(ctx context.Context, g *client.Gateway, all []opened, o openFlags) error {
	for _, x := range all {
		if err := errors.Join(x.err, x.notPublic(o)); err != nil {
			a.closeAll(all)
			return err
		}
	}
	defer outlivePipes()()
	a.warnAbout(ctx, g, all, o)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	a.watch(watching, all, func(x opened, e client.Event) {
		if a.tell(g, x, e); a.Broken() != nil {
			stop() // nobody reads what this was run for
		}
	})
	err := ctx.Err()
	for _, x := range all {
		if gaveUp := x.mapping.Err(); gaveUp != nil && err == nil {
			err = &specError{command: "open", spec: x.spec, err: gaveUp}
		}
	}
	for _, x := range a.closeAll(all) {
		if len(x.entries) == 0 { // it was lost before
			x.entries = []client.Entry{{}}
		}
		for _, e := range x.entries {
			last := client.Event{Kind: closed, Time: time.Now(), Entry: e}
			if e.Shared {
				last.Kind = staysOpen
			}
			a.tell(g, x, last)
		}
	}
	switch {
	case a.Broken() != nil:
		return a.unwritten()
	case ctx.Err() == nil:
		return err
	}
	return &saidError{err}
}

// outlivePipes makes a write to a reader that has gone an error instead of the end: there are ports to close.
func outlivePipes() (restore func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}

// The last event of a port that was kept open; the client needs none for it.
const (
	closed    client.EventKind = "closed"
	staysOpen client.EventKind = "stays open" // it was opened before
)

// watch keeps the mappings and hands on their events, one at a time, until ctx or the last of them ends.
func (a *app) watch(ctx context.Context, all []opened, tell func(opened, client.Event)) {
	for _, x := range all {
		x.mapping.Keep(context.WithoutCancel(ctx)) // Close ends it
	}
	for _, x := range all {
		for range len(x.mapping.Events()) { // what happened while it was opened, in the order of the command line
			tell(x, <-x.mapping.Events())
		}
	}
	var wg sync.WaitGroup
	var turn sync.Mutex
	var last reach // that the ports share is warned about once
	for _, x := range all {
		wg.Go(func() {
			follow(ctx, x.mapping.Events(), func(e client.Event) {
				turn.Lock()
				defer turn.Unlock()
				tell(x, e)
				r := reach{address: e.Entry.External.Addr(), verdict: e.Verdict, through: x.through}
				if e.Kind == client.AddressChanged && r != last {
					last = r
					a.warnReach(x, r)
				}
			})
		})
	}
	wg.Wait()
}

// follow hands on what has happened already, and then what happens until ctx or the last of it ends.
func follow[E any](ctx context.Context, events <-chan E, tell func(E)) {
	for range len(events) {
		tell(<-events)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e, more := <-events:
			if !more {
				return
			}
			tell(e)
		}
	}
}

// eventJSON is one line of open --keep --json.
type eventJSON struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
	Spec  string    `json:"spec"`
	*mappingJSON
	External        *netip.AddrPort       `json:"external,omitempty"`
	Reach           client.AddressVerdict `json:"reach,omitempty"` // verdict on the external address, when the port is opened and when that changes
	PreviousAddress *netip.Addr           `json:"previous_address,omitempty"`
	RetrySeconds    float64               `json:"retry_seconds,omitempty"`
	Error           *failureJSON          `json:"error,omitempty"`
}

// tell tells one event as a result: it is what open --keep is run for.
func (a *app) tell(g *client.Gateway, x opened, e client.Event) {
	if !a.JSON {
		a.Print("%s  %s", e.Time.Local().Format("2 Jan 15:04:05"), eventText(x.spec, e))
		return
	}
	j := eventJSON{
		Event:           strings.ReplaceAll(string(e.Kind), " ", "_"),
		Time:            e.Time.UTC(),
		Spec:            x.spec.String(),
		PreviousAddress: known(e.Previous, e.Previous.IsValid()),
		RetrySeconds:    e.After.Seconds(),
		Reach:           e.Verdict,
	}
	if e.Entry.Protocol != "" {
		shape := entryShape(e.Entry, g)
		j.mappingJSON = &shape
		j.External = known(e.Entry.External, e.Entry.External.Addr().IsValid())
	}
	if e.Err != nil {
		j.Error = explain(e.Err).json()
	}
	a.Document(j)
}

// eventText is an event as one line for people.
func eventText(sp spec, e client.Event) string {
	name := sp.outside()
	if e.Entry.Protocol != "" {
		name = openName(e.Entry)
		if e.Kind == closed || e.Kind == staysOpen {
			name = portName(e.Entry) // of no address any more
		}
	}
	switch e.Kind {
	case client.Mapped:
		return fmt.Sprintf("%s leads to %s, kept open%s", name, e.Entry.Internal, renewalText(e.Entry))
	case client.Renewed, client.Repaired:
		return eventWords(name, e.Kind, 0, nil) + renewalText(e.Entry)
	case client.AddressChanged:
		text := fmt.Sprintf("%s is the new address (%s)", name, e.Verdict)
		if e.Verdict == client.None {
			text = fmt.Sprintf("%s has no address any more (%s)", name, e.Verdict)
		}
		if e.Previous.IsValid() {
			text += fmt.Sprintf(", it was %s before", e.Previous)
		}
		return text
	case staysOpen:
		return name + " stays open: it was opened before"
	}
	return eventWords(name, e.Kind, e.After, e.Err)
}

// eventWords are the words for what happens to ports and to pinholes alike.
func eventWords(name string, kind client.EventKind, after time.Duration, err error) string {
	why := ""
	if err != nil {
		why = ": " + explain(err).message
	}
	switch kind {
	case client.Renewed:
		return name + " is renewed"
	case client.Repaired:
		return name + " had gone and is open again"
	case client.Lost:
		return name + " is lost" + why
	case client.GatewayGone:
		return "the gateway does not answer any more, looking for it" + why
	case client.Retrying:
		return fmt.Sprintf("%s: trying again in %s%s", name, span(after), why)
	case client.Failed:
		return name + " cannot be kept open" + why
	case closed:
		return name + " is closed"
	}
	return name + ": " + string(kind) + why
}

// renewalText tells by when a port that is kept open is renewed, if the gateway gave it an end.
func renewalText(e client.Entry) string {
	if e.Lease.Permanent() || e.Expires.IsZero() || e.Shared {
		return ""
	}
	return ", next renewed before " + endText(e.Expires, time.Now())
}
