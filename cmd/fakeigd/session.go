package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/igdkit/igdkit/emulator"
	"github.com/igdkit/igdkit/scenarios"
)

// session is everything that serve and run start: scenarios, the control API, the journal. It stands whole or not at all.
type session struct {
	settings settings
	started  time.Time
	onEvent  func(emulator.Event) // nil: nobody
	control  *controlServer       // nil: none
	journal  *journal             // nil: none

	changing sync.Mutex // held while plays begin and end, one at a time
	mu       sync.Mutex // guards what follows
	plays    []*play
	first    *gateway // what the environment of a command tells of
}

// open starts what the settings say. onEvent, when it is not nil, is told of every change; it must not block.
func open(ctx context.Context, s *settings, onEvent func(emulator.Event)) (_ *session, err error) {
	casts, err := s.casts()
	if err != nil {
		return nil, err
	}
	se := &session{settings: *s, started: time.Now(), onEvent: onEvent}
	defer func() {
		if err != nil {
			err = errors.Join(err, se.close())
		}
	}()
	if s.control != "" && s.control != "off" {
		// The listener comes first: what fails most often fails before anything was announced. It serves at the end.
		l, err := listenControl(ctx, s.control)
		if err != nil {
			return nil, err
		}
		se.control = newControlServer(l, se, s.advertise)
	}
	if se.journal, err = openJournal(s.journal); err != nil {
		return nil, err
	}
	if err := se.begin(ctx, casts); err != nil {
		return nil, err
	}
	se.first = firstOf(se.plays)
	if se.journal != nil {
		if err := se.journal.begin(); err != nil {
			return nil, err
		}
	}
	if se.control != nil {
		se.control.serve()
	}
	return se, nil
}

// begin starts these casts, or none of them.
func (se *session) begin(ctx context.Context, casts []cast) error {
	var begun []*play
	for _, c := range casts {
		for i := range c.devices {
			c.devices[i].OnEvent = se.onEvent
			if se.journal != nil {
				c.devices[i].Journal = se.journal
			}
		}
		p, err := start(ctx, c)
		if err != nil {
			for _, p := range begun {
				err = errors.Join(err, p.close())
			}
			return startFailure(se.settings.listen, err)
		}
		begun = append(begun, p)
	}
	se.mu.Lock()
	se.plays = append(se.plays, begun...)
	se.mu.Unlock()
	return nil
}

// add plays more scenarios, with settings of their own, and returns their gateways.
func (se *session) add(ctx context.Context, s settings, all []*scenarios.Scenario) ([]*gateway, error) {
	se.changing.Lock()
	defer se.changing.Unlock()
	taken := map[string]bool{}
	for _, name := range se.names() {
		taken[name] = true
	}
	casts, err := s.castsOf(all, taken)
	if err != nil {
		return nil, err
	}
	before := len(se.gateways())
	// The gateways outlive the request.
	if err := se.begin(context.WithoutCancel(ctx), casts); err != nil {
		return nil, err
	}
	return se.gateways()[before:], nil
}

// remove ends the play that g belongs to.
func (se *session) remove(p *play) error {
	se.changing.Lock()
	defer se.changing.Unlock()
	se.mu.Lock()
	se.plays = slices.DeleteFunc(se.plays, func(q *play) bool { return q == p })
	se.mu.Unlock()
	return p.close()
}

// restart ends a play and begins it again in its place.
func (se *session) restart(ctx context.Context, p *play) error {
	se.changing.Lock()
	defer se.changing.Unlock()
	i := slices.Index(se.plays, p)
	if i < 0 {
		return &refusal{404, "no_such_gateway", "it has ended meanwhile", ""}
	}
	err := p.close()
	se.tellReset(p)
	again, startErr := start(context.WithoutCancel(ctx), p.again())
	se.mu.Lock()
	defer se.mu.Unlock()
	if startErr != nil {
		se.plays = slices.Delete(se.plays, i, i+1)
		return errors.Join(startFailure(se.settings.listen, startErr), err)
	}
	again.cast = p.cast
	for i, g := range again.gateways {
		if p.gateways[i] == se.first {
			se.first = g
		}
	}
	se.plays[i] = again
	return err
}

// resetEvent tells that a gateway has ended and begins again. In the journal's file it is the last entry before those that count
// from 1 again.
const resetEvent emulator.EventKind = "reset"

// tellReset tells those who listen, and the journal's file, that p, which is closed, begins again.
func (se *session) tellReset(p *play) {
	for _, g := range p.gateways {
		if se.onEvent != nil {
			se.onEvent(emulator.Event{Event: resetEvent, Time: p.now(), Gateway: g.Name()})
		}
		if se.journal == nil {
			continue
		}
		line := emulator.Entry{Seq: 1, Time: p.now(), Gateway: g.Name(), Kind: string(resetEvent), Name: p.scenario}
		if all := g.Journal(); len(all) > 0 {
			line.Seq += all[len(all)-1].Seq
		}
		_, _ = se.journal.Write(encodeLine(line)) // close tells
	}
}

// now is the time by the clock of the first gateway that is left.
func (se *session) now() time.Time {
	if all := se.gateways(); len(all) > 0 {
		return all[0].play.now()
	}
	return time.Now()
}

// firstOf is the first that maps ports, or else the first: the device of Wi-Fi setup beside a gateway is of no use to a program.
func firstOf(plays []*play) *gateway {
	for _, p := range plays {
		for _, g := range p.gateways {
			if g.mapsPorts() {
				return g
			}
		}
	}
	return plays[0].gateways[0]
}

// gateways are all that run, in the order in which they were started.
func (se *session) gateways() []*gateway {
	se.mu.Lock()
	defer se.mu.Unlock()
	var all []*gateway
	for _, p := range se.plays {
		all = append(all, p.gateways...)
	}
	return all
}

// find is the gateway of that name, nil when there is none.
func (se *session) find(name string) *gateway {
	for _, g := range se.gateways() {
		if g.Name() == name {
			return g
		}
	}
	return nil
}

func (se *session) names() []string {
	var names []string
	for _, g := range se.gateways() {
		names = append(names, g.Name())
	}
	return names
}

// unmet are the scenarios' expectations that have not come true.
func (se *session) unmet() []emulator.Unmet {
	se.mu.Lock()
	defer se.mu.Unlock()
	var all []emulator.Unmet
	for _, p := range se.plays {
		all = append(all, p.unmet()...)
	}
	return all
}

// close ends everything: byebye is sent, and no goroutine is left.
func (se *session) close() error {
	se.changing.Lock()
	defer se.changing.Unlock()
	var wg sync.WaitGroup
	errs := make([]error, len(se.plays))
	for i, p := range se.plays {
		wg.Go(func() { errs[i] = p.close() })
	}
	wg.Wait()
	if se.control != nil {
		errs = append(errs, se.control.close())
	}
	errs = append(errs, se.journal.close())
	return errors.Join(errs...)
}

// environ is base with the variables that tell a program where the first gateway is. What base says about another
// gateway is taken out, even where we have nothing to put in its place.
func (se *session) environ(base []string) []string {
	env := withoutIGD(base)
	env = append(env, "IGD_LOCATION="+se.first.Location())
	if search := se.first.searchAddress(); search != "" {
		env = append(env, "IGD_SSDP="+search)
	}
	if se.control != nil {
		env = append(env, "IGD_CONTROL="+se.control.url)
	}
	return env
}

// startFailure puts what a gateway needs from this machine, and did not get, into words.
func startFailure(listen string, err error) error {
	f := &failure{kind: "listen", exit: exitUsage, cause: err}
	op, ok := errors.AsType[*net.OpError](err)
	switch {
	case !ok:
		return fmt.Errorf("start the gateway: %w", err)
	case addressTaken(err):
		f.message = fmt.Sprintf("%v is taken by another program", op.Addr)
		f.hints = []string{"leave the port out, and a free one is taken; the ready line tells which"}
	case addressForeign(err):
		f.message = fmt.Sprintf("%s is not an address of this machine", addressOf(op.Addr))
		f.hints = []string{"serve on 127.0.0.1, or on an address that `ip addr` lists"}
	case errors.Is(err, syscall.EACCES):
		f.message = fmt.Sprintf("%v may not be used without more rights", op.Addr)
		f.hints = []string{"take a port above 1023"}
	default:
		f.message = fmt.Sprintf("the gateway cannot stand on %s: %v", listen, err)
	}
	return f
}

func addressOf(a net.Addr) string {
	if ap, err := netip.ParseAddrPort(fmt.Sprint(a)); err == nil {
		return ap.Addr().String()
	}
	return fmt.Sprint(a)
}
