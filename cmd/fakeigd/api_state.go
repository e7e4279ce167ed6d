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
	}
	before := p.marks()
	c.gateway.Advance(time.Duration(q.Advance))
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
