package emulator

import "net/netip"

// act does a, which is not outside.
func (s *state) act(name string, a Action) {
	s.tell(Event{Event: Planned, Name: name, Action: a.String()})
	c := s.connections[a.WAN]
	var of []string // the variables that subscribers are not told about
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
		s.dropAll(c, MappingDeleted, func(*entry) bool { return true })
	case a.Remove == removeUnused:
		s.dropAll(c, MappingDeleted, func(e *entry) bool { return !e.used.Swap(false) })
	case a.Remove == removeExpired:
		s.dropAll(c, MappingExpired, func(e *entry) bool { return !e.Expires.IsZero() && !e.Expires.After(s.now) })
	}
	if a.Event != nil && !*a.Event {
		s.hush(c, of...)
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

// setLink plugs the cable of c in or pulls it out. The connection comes back as it was.
func (s *state) setLink(c *connection, up bool) {
	if c.linkDown == !up {
		return
	}
	c.linkDown = !up
	if up {
		s.tell(Event{Event: LinkChanged, Status: string(linkUp), WAN: c.number})
		s.setStatus(c, c.before, noError)
		return
	}
	s.tell(Event{Event: LinkChanged, Status: string(linkDown), WAN: c.number})
	c.before = c.status
	s.setStatus(c, disconnected, noCarrier)
}

// hushed is an evented variable whose change is not told.
type hushed struct {
	wan      int
	variable string
}

// hush keeps what just happened to these evented variables of c, and to those of the gateway that follow from it, from the subscribers.
func (s *state) hush(c *connection, variables ...string) {
	for _, v := range variables {
		s.hushed = append(s.hushed, hushed{c.number, v})
	}
	for _, c := range s.connections {
		s.hushed = append(s.hushed, hushed{c.number, "NumberOfActiveConnections"})
	}
}
