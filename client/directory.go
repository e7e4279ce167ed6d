package client

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// maxDevices bounds the descriptions that one search fetches. Default gateways are not counted: a flood of forged answers
	// must not crowd them out.
	maxDevices = 50
	// maxPerResponder bounds the descriptions of one host. A FRITZ!Box names ten.
	maxPerResponder = 12
	// maxUSNs bounds what is remembered of one description.
	maxUSNs = 64
	// maxFetches bounds how often one description is fetched, and fetchAgain is how long after a failure an answer names it anew: one search target
	// after another is answered at once.
	// fetchQuick is how soon it fails then: who lets us wait for longer is not worth as much again.
	maxFetches = 4
	fetchAgain = 100 * time.Millisecond
	fetchQuick = time.Second
	// siblingGrace is how long a description waits for another one of the same device.
	siblingGrace = 100 * time.Millisecond
)

// sighting is one description that was named.
type sighting struct {
	location *url.URL
	socket   *socket
	from     netip.Addr
	usns     []string
	claims   bool // somebody said that it is a gateway
	exempt   bool // from maxDevices
	pending  bool // it is being fetched
	done     bool
	fetches  int         // how often it was fetched
	began    time.Time   // when that began last
	failed   time.Time   // when that failed last
	failure  error       // what came of it then
	told     bool        // it was told
	recalled *remembered // nobody named it in this search: it was chosen before
}

// directory holds the descriptions that were named. Routers send each answer several times, once for each search target,
// and on every interface that reaches them.
type directory struct {
	all     []*sighting
	refused []string
	pending int
}

// enter gives the sighting of a description, or nil when there are too many. The same LOCATION on another interface is another
// device unless a USN is the same: 192.168.1.1 is everywhere.
func (d *directory) enter(k *socket, from netip.Addr, location *url.URL, usn string, exempt bool) *sighting {
	key := location.String()
	counted, here := 0, 0
	for _, e := range d.all {
		if e.location.String() == key && (e.socket == k || slices.Contains(e.usns, usn)) {
			if len(e.usns) < maxUSNs && !slices.Contains(e.usns, usn) {
				e.usns = append(e.usns, usn)
			}
			return e
		}
		if !e.exempt {
			counted++
		}
		if e.from == from {
			here++
		}
	}
	if !exempt && counted >= maxDevices || here >= maxPerResponder {
		return nil
	}
	e := &sighting{location: location, socket: k, from: from, usns: []string{usn}, exempt: exempt}
	d.all = append(d.all, e)
	return e
}

// due tells whether a description is to be fetched: for the first time, or again when its device was not ready for that and goes on to answer.
func (e *sighting) due() bool {
	return !e.pending && (!e.done || e.unready() && time.Since(e.failed) >= fetchAgain)
}

// begin notes that a description is being fetched.
func (d *directory) begin(e *sighting) {
	e.pending, e.done = true, false
	e.fetches++
	e.began = time.Now()
	d.pending++
}

// settle notes what came of that.
func (d *directory) settle(e *sighting, err error) {
	e.pending, e.done = false, true
	d.pending--
	if _, not := errors.AsType[*NotGatewayError](err); not {
		e.failure, e.failed = err, time.Now()
	} else if err == nil {
		e.failure = nil
	}
}

// refuse remembers a LOCATION that cannot be used, and tells whether it is new.
func (d *directory) refuse(location string) bool {
	if len(d.refused) >= maxDevices || slices.Contains(d.refused, location) {
		return false
	}
	d.refused = append(d.refused, location)
	return true
}

// uuid is the part of a USN that names the device.
func uuid(usn string) string {
	id, _, _ := strings.Cut(usn, "::")
	return id
}

// answers tells whether a host has named a gateway that is being read, or was.
func (d *directory) answers(host netip.Addr) bool {
	return slices.ContainsFunc(d.all, func(e *sighting) bool { return e.from == host && e.claims && (e.pending || e.done && e.failure == nil) })
}

// asks tells whether one is being read.
func (d *directory) asks(host netip.Addr) bool {
	return slices.ContainsFunc(d.all, func(e *sighting) bool { return e.from == host && e.claims && e.pending })
}

// unready tells whether the device may not have been ready: it answers searches and does not yet take connections, or hangs up.
func (e *sighting) unready() bool {
	return e.fetches < maxFetches && unready(e.failure) && e.failed.Sub(e.began) < fetchQuick
}

// unready tells whether nobody took the connection, or who did hung up: a gateway that has just started may announce its description before it serves
// it.
func unready(err error) bool { return refusedToConnect(err) || hungUp(err) }

// related tells whether two descriptions come from one device.
func (e *sighting) related(o *sighting) bool {
	return e.from == o.from && slices.ContainsFunc(e.usns, func(a string) bool {
		return slices.ContainsFunc(o.usns, func(b string) bool { return uuid(a) == uuid(b) })
	})
}

// siblings sees to it that a device with several descriptions is one gateway. FRITZ!Boxes offer themselves as version 1 and
// as version 2 under one UDN.
type siblings struct {
	held []heldGateway
	told []gatewayID // that were yielded
	wake <-chan time.Time
}

type heldGateway struct {
	gateway *Gateway
	seen    *sighting
	until   time.Time
}

func (s *siblings) yielded() bool { return len(s.told) > 0 }

func (s *siblings) hold(g *Gateway, e *sighting) {
	if slices.Contains(s.told, g.id()) {
		return
	}
	s.held = append(s.held, heldGateway{g, e, time.Now().Add(siblingGrace)})
}

// grace is ready when a gateway has waited long enough for its sibling.
func (s *siblings) grace() <-chan time.Time {
	if len(s.held) == 0 {
		s.wake = nil
	} else if s.wake == nil {
		s.wake = time.After(time.Until(s.held[0].until))
	}
	return s.wake
}

// next gives one gateway whose siblings are all known or were waited for, the best of them.
func (s *siblings) next(d *directory) *Gateway {
	s.wake = nil
	now := time.Now()
	for _, h := range s.held {
		if now.Before(h.until) && slices.ContainsFunc(d.all, func(e *sighting) bool { return e.pending && e.related(h.seen) }) {
			continue
		}
		id := h.gateway.id()
		best := h.gateway
		for _, o := range s.held {
			if o.gateway.id() == id && better(o.gateway, best) {
				best = o.gateway
			}
		}
		s.held = slices.DeleteFunc(s.held, func(o heldGateway) bool { return o.gateway.id() == id })
		s.told = append(s.told, id)
		return best
	}
	return nil
}
