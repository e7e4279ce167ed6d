package emulator

import (
	"net/netip"
	"time"
)

// Reboot restarts the gateway. It returns when the gateway is up again, or, when that takes Downtime, when it is down; a further
// Reboot meanwhile takes the place of this one. Location, SSDP and UDN are then those of the new start, which the event of the
// reboot tells too. The error is that of a socket that could not be opened: the gateway is then down; or ErrClosed.
func (g *Gateway) Reboot(how Reboot) error {
	err := g.restart(how, g.change)
	g.outbox.flush()
	return err
}

// restart does a reboot; change is how the state learns of it.
func (g *Gateway) restart(how Reboot, change func(func(*state))) error {
	g.power.Lock()
	defer g.power.Unlock()
	// OnEvent may call Reboot, and would wait for this one.
	g.outbox.hold()
	defer g.outbox.release()
	wasDown := g.down // which changes by those who hold power
	if err := g.goDown(how, change); err != nil || how.Downtime > 0 {
		return err
	}
	return g.comeUp(how, wasDown, change)
}

// goDown ends the presence of the gateway, if it is up, and forgets what a reboot forgets. It needs power.
func (g *Gateway) goDown(how Reboot, change func(func(*state))) error {
	if g.isClosed() {
		return ErrClosed
	}
	if p := g.now(); !g.down {
		if how.saysByeBye() {
			p.byebye()
		}
		g.mu.Lock()
		g.down = true
		g.forgetSubscribers()
		g.mu.Unlock()
		p.vanish()
	}
	change(func(s *state) {
		s.goDown(how)
		g.plane.goDown(s)
	})
	return nil
}

// comeUp begins a new presence. IGD:2 must say byebye before its first alive: it does unless it has just gone. It needs power.
func (g *Gateway) comeUp(how Reboot, wasDown bool, change func(func(*state))) error {
	if g.isClosed() {
		return ErrClosed
	}
	old := g.now()
	next := old.generation
	if how.NewPaths || g.options.Dialect.Description.NewPaths {
		next.paths++
	}
	if how.NewUDN {
		next.names++
	}
	p, err := g.appear(old.number+1, next, netip.AddrPortFrom(g.options.Stands(), old.http.Port()), old.ports, how.NewPorts)
	if err != nil {
		g.note("boot.failed", netip.AddrPort{}, err.Error())
		return err
	}
	change(func(s *state) {
		g.presence, g.down = p, false
		s.comeUp(how, p)
		g.plane.comeUp(s)
	})
	p.serve()
	if how.Alive != nil && !*how.Alive {
		p.ssdp.aliveLater()
		p.six.server().aliveLater()
		return nil
	}
	if wasDown && g.options.Version == 2 && how.saysByeBye() {
		p.byebye()
	}
	p.alive()
	return nil
}

func (r Reboot) saysByeBye() bool { return r.ByeBye == nil || *r.ByeBye }

func (g *Gateway) isClosed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// goDown forgets what is lost with the power, and plans when it comes back.
func (s *state) goDown(how Reboot) {
	s.timeline.cancelUp()
	if how.Downtime > 0 {
		s.tell(Event{Event: WentDown})
		s.plan(&plan{at: s.now.Add(time.Duration(how.Downtime)), name: "reboot", up: &how, depth: s.timeline.depth})
	}
	for _, c := range s.connections {
		c.status = disconnected
		if !how.Keep {
			s.dropAll(c, MappingDeleted, func(*entry) bool { return true })
		}
		for e := range c.mappings.order.all {
			e.flushed = false
		}
	}
	if !how.Keep {
		s.closePinholes()
		s.emptied = true
	}
}

// comeUp begins again: p is where.
func (s *state) comeUp(how Reboot, p *presence) {
	for _, c := range s.connections {
		c.restart(s.now)
	}
	s.serve(p.root)
	if how.BootID == nil || *how.BootID {
		s.bootID = s.nextBootID()
	}
	s.faults.reboot(s.now)
	if s.emptied {
		s.setUp()
	}
	s.booted()
	s.tell(Event{Event: Rebooted, BootID: s.bootID, Location: p.location, SSDP: p.ssdp.addr(), UDN: p.root.udn})
	for _, c := range s.connections {
		s.appears(c)
	}
}

// restart is what a reboot does to c: it connects again, with the address that it has and as it was set up, and counts anew.
func (c *connection) restart(now time.Time) {
	c.kind, c.status, c.lastError, c.since = ipRouted, c.origin.Status, noError, now
	if c.linkDown {
		c.before, c.status, c.lastError = c.status, disconnected, noCarrier
	}
	c.updateID, c.barred = 0, false
	c.former, c.late = netip.Addr{}, time.Time{}
	c.traffic.begin(c.origin.Traffic)
	clear(c.deleted)
}
