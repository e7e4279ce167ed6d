package emulator

// Pinholes are copies of all pinholes of the IPv6 firewall, by UniqueID.
func (g *Gateway) Pinholes() (all []Pinhole) {
	g.do(func(s *state) {
		s.pinholes.carrier.countLets()
		for _, p := range s.pinholes.all() {
			all = append(all, p.Pinhole)
		}
	})
	return all
}

// PassPinhole says that packets have come through a pinhole: without Plane.Firewall the emulator carries no IPv6. It reports whether there is such
// a pinhole.
func (g *Gateway) PassPinhole(id uint16, packets uint32) (found bool) {
	_ = g.alter(func(s *state) {
		if p := s.pinholes.byID[id]; p != nil {
			p.Packets += packets
			found = true
		}
	})
	return found
}

// SetFirewall changes FirewallEnabled and InboundPinholeAllowed, and tells subscribers.
func (g *Gateway) SetFirewall(enabled, inbound bool) {
	_ = g.alter(func(s *state) {
		if s.pinholes.enabled == enabled && s.pinholes.inbound == inbound {
			return
		}
		s.pinholes.enabled, s.pinholes.inbound = enabled, inbound
		s.tell(Event{Event: FirewallSet, Status: firewallStatus(enabled, inbound)})
	})
}

func firewallStatus(enabled, inbound bool) string {
	switch {
	case !enabled:
		return "off"
	case !inbound:
		return "no pinholes"
	}
	return "pinholes"
}
