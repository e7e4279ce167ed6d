package main

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// play is one scenario that is being played: its gateways begin, live and end together.
type play struct {
	cast
	over  context.Context // ends with the gateways, for those who wait for what they see
	end   context.CancelFunc
	clock *emulator.Clock // nil: real time
	tally *emulator.Tally // of what is expected

	gateways []*gateway
}

// gateway is one that runs.
type gateway struct {
	*emulator.Gateway
	options emulator.Options
	play    *play
	place   place // at first: a reboot may have found others
}

// place is where a gateway stands.
type place struct {
	http uint16
	ssdp string
}

// start starts the gateways of a cast. It leaves none behind when one cannot stand.
func start(ctx context.Context, c cast) (_ *play, err error) {
	p := &play{cast: c}
	p.over, p.end = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.tally, err = emulator.NewTally(c.expectations()...); err != nil {
		return nil, err
	}
	if c.virtual {
		if p.begin.IsZero() {
			p.begin = time.Now().Truncate(time.Second)
		}
		p.clock = emulator.NewClock(p.begin)
	}
	for _, o := range c.devices {
		o.Clock, o.Tally = p.clock, p.tally
		if len(p.gateways) > 0 && o.Beside == nil {
			o.Beside = p.gateways[0].Gateway // one search finds all
		}
		g, err := emulator.New(ctx, o)
		if err != nil {
			return nil, err
		}
		p.gateways = append(p.gateways, &gateway{g, o, p, place{portOf(g.Location()), g.SSDP().String()}})
	}
	return p, nil
}

// again is the cast with which the play begins again: at the places and the virtual time of its beginning.
func (p *play) again() cast {
	c := p.cast
	c.devices = slices.Clone(c.devices)
	for i, g := range p.gateways {
		o := &c.devices[i]
		if o.HTTPPort == 0 && o.Advertise == "" {
			o.HTTPPort = g.place.http
		}
		if o.SSDP == "" {
			o.SSDP = g.place.ssdp
		}
	}
	return c
}

func portOf(location string) uint16 {
	u, err := url.Parse(location)
	if err != nil {
		return 0
	}
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	return uint16(port)
}

// close ends the gateways: byebye is sent, and no goroutine is left.
func (p *play) close() error {
	var wg sync.WaitGroup
	errs := make([]error, len(p.gateways))
	for i, g := range p.gateways {
		wg.Go(func() { errs[i] = g.Close() })
	}
	wg.Wait()
	p.end()
	return errors.Join(errs...)
}

// marks remember how far the journals have come.
type marks map[*gateway]uint64

func (p *play) marks() marks {
	m := marks{}
	for _, g := range p.gateways {
		if all := g.Journal(); len(all) > 0 {
			m[g] = all[len(all)-1].Seq
		}
	}
	return m
}

// since are the entries after the marks, in the order of their time.
func (p *play) since(m marks) []emulator.Entry {
	all := []emulator.Entry{}
	for _, g := range p.gateways {
		all = append(all, g.JournalSince(m[g])...)
	}
	slices.SortStableFunc(all, func(a, b emulator.Entry) int { return a.Time.Compare(b.Time) })
	return all
}

// now is the time by which the gateways live.
func (p *play) now() time.Time { return p.clock.Now() }

// mapsPorts reports whether it has a connection service.
func (g *gateway) mapsPorts() bool { return len(g.ConnectionServices()) > 0 }

// wan is the address that the scenario or --wan gives its WAN side. A policy may keep it from clients.
func (g *gateway) wan() netip.Addr {
	if g.options.ExternalIP.IsValid() {
		return g.options.ExternalIP
	}
	return g.ExternalIP()
}

// clockKind is as --clock has it.
func (p *play) clockKind() string {
	if p.clock == nil {
		return clockReal
	}
	return clockVirtual
}
