package main

import (
	"net/http"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

func showMappings(c *call) (any, error) {
	return mappingsView{append([]emulator.Mapping{}, c.gateway.Mappings()...)}, nil
}

func showClock(c *call) (any, error) {
	p := c.gateway.play
	return clockView{Clock: p.clockKind(), Time: p.now()}, nil
}

// farthest is the last year that a virtual clock may reach: RFC 3339 has four digits for it, and leases end later.
const farthest = 9000

// stride is how far a clock is moved at a time: whoever asks for years of a busy timeline may lose patience on the way.
const stride = 12 * time.Hour

// advance moves the clock of the whole play, and tells what happened on the way.
func advance(c *call) (any, error) {
	q, err := decode[clockChange](c)
	if err != nil {
		return nil, err
	}
	p := c.gateway.play
	switch {
	case p.clock == nil:
		return nil, &refusal{http.StatusConflict, "clock", "the gateway lives by real time, which cannot be advanced", "start it with --clock virtual"}
	case q.Advance <= 0:
		return nil, badRequest(`for example {"advance": "2h"}`, "by how much?")
	case p.now().Add(time.Duration(q.Advance)).Year() > farthest:
		return nil, badRequest("reset begins again", "the clock would stand after the year %d", farthest)
	}
	if err := c.takesLong(); err != nil {
		return nil, err
	}
	before := p.marks()
	for left := time.Duration(q.Advance); left > 0 && c.Context().Err() == nil; left -= stride {
		c.gateway.Advance(min(left, stride))
	}
	return clockView{Clock: p.clockKind(), Time: p.now(), Fired: p.since(before)}, nil
}

func putWAN(c *call) (any, error) {
	w, err := decode[wanChange](c)
	if err != nil {
		return nil, err
	}
	var all []emulator.Action
	if w.Address != nil {
		all = append(all, emulator.Action{WANAddress: w.Address, Event: w.Event, WAN: w.WAN})
	}
	if w.Status != "" {
		all = append(all, emulator.Action{Status: w.Status, Event: w.Event, WAN: w.WAN})
	}
	if w.Link != "" {
		all = append(all, emulator.Action{Link: w.Link, Event: w.Event, WAN: w.WAN})
	}
	if len(all) == 0 {
		return nil, badRequest(`for example {"address": "198.51.100.9"}`, "nothing is to be changed: there is neither address nor status nor link")
	}
	return c.act(all...)
}

// act does something to the gateway, and tells what it is then.
func (c *call) act(all ...emulator.Action) (any, error) {
	for _, a := range all {
		if err := c.gateway.Act(a); err != nil {
			return nil, badRequest("", "%v", err)
		}
	}
	return c.gateway.state(), nil
}

func clearMappings(c *call) (any, error) { return c.act(emulator.Action{Clear: true}) }

func reboot(c *call) (any, error) {
	how, err := decode[emulator.Reboot](c)
	if err != nil {
		return nil, err
	}
	return c.act(emulator.Action{Reboot: &how})
}

// do is whatever a timeline can do.
func do(c *call) (any, error) {
	a, err := decode[emulator.Action](c)
	if err != nil {
		return nil, err
	}
	return c.act(a)
}
