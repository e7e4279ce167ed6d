package emulator

import (
	"net/netip"
	"slices"
	"time"
)

// firewallActions are those of WANIPv6FirewallControl:1 (§2.6).
func firewallActions() map[string]behaviour {
	return map[string]behaviour{
		"GetFirewallStatus":         {do: getFirewallStatus},
		"GetOutboundPinholeTimeout": {do: getOutboundPinholeTimeout},
		"AddPinhole":                {do: addPinhole},
		"UpdatePinhole":             {do: updatePinhole},
		"DeletePinhole":             {do: deletePinhole},
		"GetPinholePackets":         {do: getPinholePackets},
		"CheckPinholeWorking":       {do: checkPinholeWorking},
	}
}

func firewallVariables() map[string]func(*state, *connection) string {
	return map[string]func(*state, *connection) string{
		"FirewallEnabled":       func(s *state, _ *connection) string { return boolean(s.pinholes.enabled) },
		"InboundPinholeAllowed": func(s *state, _ *connection) string { return boolean(s.pinholes.inbound) },
	}
}

func getFirewallStatus(s *state, _ call) ([]string, error) {
	return []string{boolean(s.pinholes.enabled), boolean(s.pinholes.inbound)}, nil
}

// addPinhole opens a pinhole, or extends the one that is the same but for its lease.
//
// It is judged in this order: the firewall, addresses, wildcards, protocol, the caller, space.
func addPinhole(s *state, c call) ([]string, error) {
	if err := s.firewall(); err != nil {
		return nil, err
	}
	p, err := s.wantedPinhole(c)
	if err != nil {
		return nil, err
	}
	if err := s.ownPinhole(c, p); err != nil {
		return nil, err
	}
	lease := time.Duration(c.args.ui4("LeaseTime")) * time.Second
	if old := s.pinholes.byKey[p.key()]; old != nil {
		s.extendPinhole(old, lease)
		return []string{ui2(old.ID)}, nil
	}
	if len(s.pinholes.byID) >= s.policy.Pinholes.Capacity.limit() {
		return nil, refuse(PinholeSpace, s.policy.Pinholes.Capacity.Else)
	}
	p.Lease, p.Expires = lease, s.now.Add(lease)
	return []string{ui2(s.openPinhole(p).ID)}, nil
}

// firewall refuses while nothing can pass it.
func (s *state) firewall() error {
	switch {
	case !s.pinholes.enabled:
		return refuse(FirewallOff)
	case !s.pinholes.inbound:
		return refuse(InboundNotAllowed)
	}
	return nil
}

// wantedPinhole reads the arguments that identify a pinhole.
func (s *state) wantedPinhole(c call) (Pinhole, error) {
	p := Pinhole{
		RemotePort:   c.args.ui2("RemotePort"),
		InternalPort: c.args.ui2("InternalPort"),
		Protocol:     c.args.ui2("Protocol"),
	}
	rules := &s.policy.Pinholes
	var err error
	if p.RemoteHost, err = ipv6Address(c.args.text("RemoteHost")); err != nil {
		return p, err
	}
	if p.InternalClient, err = ipv6Address(c.args.text("InternalClient")); err != nil {
		return p, err
	}
	switch {
	case !p.InternalClient.IsValid() && !rules.Any.Client:
		return p, refuse(PinholeAnyClient)
	case p.InternalPort == 0 && !rules.Any.InternalPort:
		return p, refuse(PinholePortZero)
	case p.Protocol == anyProtocol && !rules.Any.Protocol:
		return p, refuse(PinholeAnyProtocol)
	}
	return p, rules.protocol(p.Protocol)
}

// ipv6Address reads an address, or the wildcard.
func ipv6Address(text string) (netip.Addr, error) {
	if text == "" || text == "*" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is6() || addr.Is4In6() || addr.Zone() != "" || addr.IsUnspecified() || addr.IsMulticast() {
		return addr, refuse(PinholeBadAddress)
	}
	return addr, nil
}

// protocol refuses what the firewall does not know.
func (p *PinholePolicy) protocol(number uint16) error {
	known := p.Protocols
	if known == nil {
		known = []uint16{6, 17}
	}
	if number != anyProtocol && !slices.Contains(known, number) {
		return refuse(PinholeProtocol)
	}
	return nil
}

// ownPinhole refuses a pinhole that the caller has no right to: WANIPv6FirewallControl:1 recommends to let callers without a role have
// those to themselves and to ports from 1024 only.
func (s *state) ownPinhole(c call, p Pinhole) error {
	rules := &s.policy.Pinholes
	lowest := rules.Lowest
	if lowest == 0 {
		lowest = 1024
	}
	own := rules.Clients == "" || rules.Clients == "own"
	if own && p.InternalClient != c.caller || p.InternalPort != 0 && p.InternalPort < lowest {
		return refuse(PinholeForeign, rules.Else)
	}
	return nil
}

// pinhole is the one that UniqueID names.
func (s *state) pinhole(c call) (*pinhole, error) {
	if err := s.firewall(); err != nil {
		return nil, err
	}
	p := s.pinholes.byID[c.args.ui2("UniqueID")]
	if p == nil {
		return nil, refuse(NoPinhole)
	}
	s.pinholes.carrier.countLets()
	return p, s.ownPinhole(c, p.Pinhole)
}

func updatePinhole(s *state, c call) ([]string, error) {
	p, err := s.pinhole(c)
	if err != nil {
		return nil, err
	}
	s.extendPinhole(p, time.Duration(c.args.ui4("NewLeaseTime"))*time.Second)
	return nil, nil
}

func deletePinhole(s *state, c call) ([]string, error) {
	p, err := s.pinhole(c)
	if err != nil {
		return nil, err
	}
	s.closePinhole(p, PinholeClosed)
	return nil, nil
}

func getPinholePackets(s *state, c call) ([]string, error) {
	p, err := s.pinhole(c)
	if err != nil {
		return nil, err
	}
	return []string{ui4(p.Packets)}, nil
}

// checkPinholeWorking can only tell that a pinhole works when something has passed it.
func checkPinholeWorking(s *state, c call) ([]string, error) {
	p, err := s.pinhole(c)
	if err != nil {
		return nil, err
	}
	if p.Packets == 0 {
		return nil, refuse(PinholeUnused)
	}
	return []string{boolean(true)}, nil
}

// getOutboundPinholeTimeout tells how long the firewall remembers that a host has sent something out.
func getOutboundPinholeTimeout(s *state, c call) ([]string, error) {
	if !s.pinholes.enabled {
		return nil, refuse(FirewallOff)
	}
	for _, name := range []string{"RemoteHost", "InternalClient"} {
		if _, err := ipv6Address(c.args.text(name)); err != nil {
			return nil, err
		}
	}
	if err := s.policy.Pinholes.protocol(c.args.ui2("Protocol")); err != nil {
		return nil, err
	}
	timeout := time.Duration(s.policy.Pinholes.Timeout)
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	return []string{ui4(uint32(timeout / time.Second))}, nil
}
