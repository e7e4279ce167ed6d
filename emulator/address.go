package emulator

import (
	"net/netip"
	"time"
)

// publicIP is the external address that c lets the world know; zero when there is none.
func (s *state) publicIP(c *connection) netip.Addr {
	p, addr := &s.policy.ExternalIP, c.known()
	switch {
	case none(addr),
		c.status != connected && p.Down != "shown",
		p.Private == "hidden" && reserved(addr):
		return netip.Addr{}
	}
	return addr
}

// none reports whether addr stands for no address.
func none(addr netip.Addr) bool { return !addr.IsValid() || addr.IsUnspecified() }

// known is the address that the gateway takes for that of c: the one before, while it is late.
func (c *connection) known() netip.Addr {
	if c.late.IsZero() {
		return c.address
	}
	return c.former
}

// learning is the connection that is the first to learn its new address, if it has by now.
func (s *state) learning(now time.Time) (first *connection) {
	for _, c := range s.connections {
		if !c.late.IsZero() && !c.late.After(now) && (first == nil || c.late.Before(first.late)) {
			first = c
		}
	}
	return first
}

// learn ends the lateness of c, and tells the new address.
func (s *state) learn(c *connection) {
	c.former, c.late = netip.Addr{}, time.Time{}
	s.tellAddress(c)
}

// externalIP is ExternalIPAddress: empty while there is none to tell (WANIPConnection:2 §2.3.13).
func (s *state) externalIP(c *connection) string {
	addr := s.publicIP(c)
	if !addr.IsValid() {
		return s.policy.ExternalIP.None
	}
	return addr.String()
}

// reserved reports what miniupnpd takes for an address behind another NAT: what RFC 6890 and RFC 6598 keep from the Internet.
// The documentation networks of RFC 5737 are left out: here they play the Internet.
func reserved(addr netip.Addr) bool {
	if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		return true
	}
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4"} {
		if netip.MustParsePrefix(p).Contains(addr) {
			return true
		}
	}
	return false
}
