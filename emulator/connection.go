package emulator

import (
	"net/netip"
	"time"
)

// connection is one connection to the Internet: its status, its address and its port mappings. A gateway has one or more, and each
// connection service of the device tree stands for one of them; DD-WRT has a WANIPConnection and a WANPPPConnection for the
// same one.
type connection struct {
	number    int        // from 0, in the order of Options.WAN
	service   string     // the kind of service in the standard tree
	kind      string     // ConnectionType
	status    string     // ConnectionStatus
	lastError string     // LastConnectionError
	address   netip.Addr // zero or unspecified: none
	former    netip.Addr // the address before, while the gateway is late
	late      time.Time  // until when it is; zero: it is not
	told      string     // the external address that was told last
	since     time.Time  // of the connection
	origin    WAN        // what it is after a reboot
	linkDown  bool       // PhysicalLinkStatus
	before    string     // while the link is down: the status until then
	barred    bool       // EnabledForInternet is 0

	autoDisconnect, idleDisconnect, warnDisconnect uint32 // seconds; 0: never, and without a warning
	userName, password                             string // of PPP

	mappings table
	traffic  traffic
	deleted  map[portKey]time.Time // when, where ports rest after that
	updateID uint32                // SystemUpdateID (WANIPConnection:2 §2.3.26)
}

func newConnection(number int, w WAN, now time.Time) *connection {
	c := &connection{
		number: number, service: w.Service, kind: ipRouted, status: w.Status, lastError: noError, address: w.ExternalIP, since: now,
		origin: w, userName: w.UserName, mappings: newTable(), deleted: map[portKey]time.Time{},
	}
	c.traffic.begin(w.Traffic)
	return c
}

// uptime is Uptime in seconds: of the connection, 0 when it is down.
func (c *connection) uptime(now time.Time) uint32 {
	if c.status != connected {
		return 0
	}
	return uint32(now.Sub(c.since) / time.Second)
}

// setAddress changes the external address of c; the zero Addr takes it away, which nobody is late to see.
func (s *state) setAddress(c *connection, addr netip.Addr) {
	if addr == c.address {
		return
	}
	former, late := c.known(), time.Duration(s.policy.ExternalIP.Late)
	c.address, c.former, c.late = addr, netip.Addr{}, time.Time{}
	switch {
	case late == 0 || none(former) || none(addr):
		s.tellAddress(c)
	case addr != former:
		c.former, c.late = former, s.now.Add(late)
	}
}

// tellAddress tells the external address as clients see it.
func (s *state) tellAddress(c *connection) {
	text := s.externalIP(c)
	c.told = text
	s.tell(Event{Event: ExternalIPSet, ExternalIP: &text, WAN: c.number})
}

// appears tells an external address that nobody was told, because it could not be seen when it was given.
func (s *state) appears(c *connection) {
	if s.publicIP(c).IsValid() && s.externalIP(c) != c.told {
		s.tellAddress(c)
	}
}

// setStatus changes the status of c; because is its LastConnectionError.
func (s *state) setStatus(c *connection, status, because string) {
	c.lastError = because
	if status == c.status {
		return
	}
	was := c.status
	c.status = status
	if status == connected {
		c.since = s.now
	}
	s.tell(Event{Event: StatusChanged, Status: status, WAN: c.number})
	s.appears(c)
	if was == connected {
		s.succeeded(down)
	}
}
