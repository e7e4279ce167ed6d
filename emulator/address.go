package emulator

import "net/netip"

// publicIP is the external address that c lets the world know; zero when there is none.
func (s *state) publicIP(c *connection) netip.Addr {
	p := &s.policy.ExternalIP
	switch {
	case !c.address.IsValid(), c.address.IsUnspecified(),
		c.status != connected && p.Down != "shown",
		p.Private == "hidden" && reserved(c.address):
		return netip.Addr{}
	}
	return c.address
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
