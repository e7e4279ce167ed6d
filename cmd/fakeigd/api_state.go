package main

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

func showMappings(c *call) (any, error) {
	return mappingsView{append([]emulator.Mapping{}, c.gateway.Mappings()...)}, nil
}

// The clocks of a play.
func (p *play) clockKind() string {
	if p.clock == nil {
		return clockReal
	}
	return clockVirtual
}

func showClock(c *call) (any, error) {
	p := c.gateway.play
	return clockView{Clock: p.clockKind(), Time: p.now()}, nil
}

// advance moves the clock of the whole play, and tells what happened on the way.
func advance(c *call) (any, error) {
	type request struct {
		Advance emulator.Duration `yaml:"advance,required"`
	}
	q, err := decode[request](c)
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

// wanChange is the body of PUT …/wan.
type wanChange struct {
	Address *netip.Addr        `yaml:"address"` // 0.0.0.0: none
	Event   *bool              `yaml:"event"`
	Status  string             `yaml:"status"`
	Link    emulator.LinkState `yaml:"link"`
	WAN     int                `yaml:"wan"` // which connection, from 0
}
