package emulator

// ring is called when something falls due, by a goroutine that may wait. What it returns tells Options.OnEvent.
func (g *Gateway) ring(turn int) (then func()) {
	g.mu.Lock()
	g.alarm.rung(turn)
	mine := !g.busy // otherwise somebody is running errands, and finds those that turn up now
	g.busy = true
	g.mu.Unlock()
	g.change(func(*state) {})
	if mine {
		g.runErrands()
	}
	return g.outbox.flush
}

// runErrands does what takes more than the gateway's lock, in the order in which it fell due, until nothing is left.
func (g *Gateway) runErrands() {
	for {
		g.mu.Lock()
		g.state.timeline.depth, g.state.timeline.errands = 0, 0
		if len(g.state.errands) == 0 || g.closed {
			g.busy = false
			g.settle()
			g.mu.Unlock()
			return
		}
		e := g.state.errands[0]
		g.state.errands = g.state.errands[1:]
		g.state.timeline.depth, g.state.timeline.errands = e.depth, e.depth
		g.mu.Unlock()
		if e.up != nil {
			g.returnFrom(*e.up)
		}
		for _, a := range e.actions {
			g.perform(e.name, a)
		}
	}
}

// perform does a, which is due. OnEvent is told later.
func (g *Gateway) perform(name string, a Action) {
	if !a.outside() {
		g.fire(func(s *state) { s.act(name, a) })
		return
	}
	g.fire(func(s *state) { s.tell(Event{Event: Planned, Name: name, Action: a.String()}) })
	switch {
	case a.Reboot != nil:
		g.restart(*a.Reboot, g.fire) // a failure is in the journal
	default:
		g.announce(a.Announce, g.fire)
	}
}

// returnFrom ends the downtime of a reboot.
func (g *Gateway) returnFrom(how Reboot) {
	g.power.Lock()
	defer g.power.Unlock()
	g.outbox.hold()
	defer g.outbox.release()
	if g.down {
		g.comeUp(how, true, g.fire) // a failure is in the journal
	}
}

// fire is change for what has fallen due.
func (g *Gateway) fire(f func(*state)) {
	g.change(func(s *state) {
		before := len(s.events)
		f(s)
		g.options.Clock.report(s.events[before:]...)
	})
}
