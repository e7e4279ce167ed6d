package emulator

import "net/netip"

// act does a, which is not outside.
func (s *state) act(name string, a Action) {
	s.tell(Event{Event: Planned, Name: name, Action: a.String()})
	for _, c := range s.about(a) {
		s.actOn(c, a)
	}
}

// about are the connections that a is about.
func (s *state) about(a Action) []*connection {
	switch {
	case a.WAN != nil:
		return s.connections[*a.WAN : *a.WAN+1]
	case a.WANAddress != nil, a.Status != "", a.Link != "":
		return []*connection{s.main()}
	}
	return s.connections
}

func (s *state) actOn(c *connection, a Action) {
	var of []string // the evented variables that it is about
	switch {
	case a.WANAddress != nil:
		addr := *a.WANAddress
		if addr.IsUnspecified() {
			addr = netip.Addr{}
		}
		s.setAddress(c, addr)
		of = []string{"ExternalIPAddress"}
	case a.Status != "":
		s.setStatus(c, a.Status, noError)
		of = []string{"ConnectionStatus", "ExternalIPAddress"}
	case a.Link != "":
		s.setLink(c, a.Link == linkUp)
		of = []string{"PhysicalLinkStatus", "ConnectionStatus", "ExternalIPAddress"}
	case a.Clear:
		s.dropAll(c, MappingDeleted, func(e *entry) bool { return !e.Static })
	case a.Flush:
		s.flush(c)
	case a.Cut > 0:
		s.cutDescriptions(c, a.Cut)
	case a.Remove == removeUnused:
		c.mappings.count()
		s.dropAll(c, MappingDeleted, func(e *entry) bool { return !e.Static && !e.used.Swap(false) })
	case a.Remove == removeExpired:
		s.dropAll(c, MappingExpired, func(e *entry) bool { return !e.Static && !e.Expires.IsZero() && !e.Expires.After(s.now) })
	case a.Remove == removeOldest:
		first := true
		s.dropAll(c, MappingDeleted, func(e *entry) bool {
			oldest := first && !e.Static
			first = first && !oldest
			return oldest
		})
	}
	s.hush(a.Event != nil && !*a.Event, c, of...)
}

// removeThis removes the mapping that ref names, if there is one: also when it was added again meanwhile.
func (s *state) removeThis(name string, a Action, ref reference) {
	for e := range s.connections[ref.wan].mappings.of(ref.key.port, ref.key.protocol) {
		if e.key() == ref.key && !e.Static && (e.InternalClient == ref.client || !ref.client.IsValid()) {
			s.tell(Event{Event: Planned, Name: name, Action: a.String()})
			s.drop(e, MappingDeleted, s.now)
			return
		}
	}
}

// dropAll removes the mappings of c that which says.
func (s *state) dropAll(c *connection, why EventKind, which func(*entry) bool) {
	var all []*entry
	for e := range c.mappings.order.all {
		if which(e) {
			all = append(all, e)
		}
	}
	for _, e := range all {
		s.drop(e, why, s.now)
	}
}

// flush keeps the mappings of c from forwarding until they are stored again.
func (s *state) flush(c *connection) {
	for e := range c.mappings.order.all {
		e.flushed = true
	}
	c.mappings.carryAll()
}

// cutDescriptions leaves at most n bytes of each description, but for those of static rows.
func (s *state) cutDescriptions(c *connection, n int) {
	for e := range c.mappings.order.all {
		if !e.Static && len(e.Description) > n {
			e.Description = cutText(e.Description, n)
			s.tellMapping(MappingUpdated, s.now, e.Mapping)
		}
	}
}

// setLink plugs the cable of c in or pulls it out. The connection comes back as it was.
func (s *state) setLink(c *connection, up bool) {
	if c.linkDown == !up {
		return
	}
	c.linkDown = !up
	if !up {
		s.tell(Event{Event: LinkChanged, Status: string(linkDown), WAN: c.number})
		if c.before = c.status; c.lastError == notEnabled {
			c.before = connected
		}
		s.setStatus(c, disconnected, noCarrier)
		return
	}
	s.tell(Event{Event: LinkChanged, Status: string(linkUp), WAN: c.number})
	if c.barred && c.before == connected {
		s.setStatus(c, disconnected, notEnabled)
	} else {
		s.setStatus(c, c.before, noError)
	}
}

// hushed is an evented variable whose change is not told.
type hushed struct {
	wan      int
	variable string
}

// hush says whether subscribers are kept from what just happened to these evented variables of c, and to the number of active
// connections that follows from its status, which every WANDevice has. Of several changes at one time the last decides.
func (s *state) hush(quiet bool, c *connection, variables ...string) {
	if !quiet && len(s.hushed) == 0 {
		return
	}
	if s.hushed == nil {
		s.hushed = map[hushed]bool{}
	}
	for _, v := range variables {
		s.hushed[hushed{c.number, v}] = quiet
		if v != "ConnectionStatus" {
			continue
		}
		for _, other := range s.connections {
			s.hushed[hushed{other.number, "NumberOfActiveConnections"}] = quiet
		}
	}
}
