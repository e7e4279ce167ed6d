package emulator

import (
	"net/netip"

	"github.com/igdkit/igdkit/soap"
)

// portMappingActions are the port mapping actions of WANIPConnection:1 (§2.4) and :2 (§2.5).
func portMappingActions(version int) map[string]behaviour {
	judged := []string{"NewInternalPort", "NewLeaseDuration"}
	all := map[string]behaviour{
		"AddPortMapping":              {do: addPortMapping, judged: judged},
		"DeletePortMapping":           {do: deletePortMapping},
		"GetGenericPortMappingEntry":  {do: getGenericPortMappingEntry},
		"GetSpecificPortMappingEntry": {do: getSpecificPortMappingEntry},
	}
	if version == 2 {
		all["AddAnyPortMapping"] = behaviour{do: addAnyPortMapping, judged: judged}
		all["DeletePortMappingRange"] = behaviour{do: deletePortMappingRange}
		all["GetListOfPortMappings"] = behaviour{do: getListOfPortMappings}
	}
	return all
}

func addPortMapping(s *state, c call) ([]string, error) {
	m, err := s.claim(c)
	if err != nil {
		return nil, err
	}
	if s.policy.Ports.Equal == "forced" {
		m.InternalPort = m.ExternalPort
	}
	if err := s.admit(c, m); err != nil {
		return nil, err
	}
	return nil, s.put(c, m)
}

// addAnyPortMapping grants the wanted port when it is free or already leads to the same internal port, otherwise another. Where
// ports must be equal the internal port is the only one to grant.
func addAnyPortMapping(s *state, c call) ([]string, error) {
	p := s.policy
	if p.AnyPort.Choose == "none" {
		return nil, ErrorReply{Code: soap.InvalidAction}
	}
	m, err := s.claim(c)
	if err != nil {
		return nil, err
	}
	onlyEqual := errorOf(p.Ports.Equal).Code != 0
	if onlyEqual {
		m.ExternalPort = m.InternalPort
	}
	own := c.connection.mappings.find(m.key(), m.InternalClient)
	kept := own != nil && own.ExternalPort != 0 && own.InternalPort == m.InternalPort && p.AnyPort.Own != "another"
	if !kept && !s.available(c, m.ExternalPort, m.Protocol) {
		if s.full(c.connection, 0) {
			return nil, refuse(TableFull, p.Capacity.Else)
		}
		port, ok := s.freePort(c, m)
		if !ok || onlyEqual {
			return nil, refuse(NoPortLeft)
		}
		m.ExternalPort = port
	}
	if p.Ports.Equal == "forced" {
		m.InternalPort = m.ExternalPort
	}
	if err := s.admit(c, m); err != nil {
		return nil, err
	}
	if err := s.put(c, m); err != nil {
		return nil, err
	}
	return []string{ui2(m.ExternalPort)}, nil
}

// available reports whether AddAnyPortMapping can grant a port as far as others are concerned. One below the lowest it
// neither grants nor passes by.
func (s *state) available(c call, port uint16, protocol string) bool {
	p, t := &s.policy.Ports, &c.connection.mappings
	switch {
	case port == 0, t.first(port, protocol) != nil, inRanges(p.Reserved.Ports, port):
		return false
	case port >= p.lowest(c.service.version) && !p.permitExternal(port, c.service.version):
		return false
	case errorOf(s.policy.Conflict.OtherProtocol).Code != 0 && t.first(port, otherProtocol(protocol)) != nil:
		return false
	}
	return !s.resting(c.connection, Mapping{ExternalPort: port, Protocol: protocol})
}

// freePort is another port than the one m wants that can be had: by chance, because neighbours of a taken port are wanted by others
// too, and by search when few are left; or the nearest.
func (s *state) freePort(c call, m Mapping) (uint16, bool) {
	const unprivileged = 1024 // chance does not pick a port below
	lowest := int(s.policy.Ports.lowest(c.service.version))
	span := 65536 - lowest
	free := func(port int) bool {
		return port >= lowest && port <= 65535 && s.available(c, uint16(port), m.Protocol)
	}
	if wanted := int(m.ExternalPort); s.policy.AnyPort.Choose == "neighbours" && wanted > 0 {
		for d := 1; d <= 65535; d++ {
			for _, port := range [2]int{wanted + d, wanted - d} {
				if free(port) {
					return uint16(port), true
				}
			}
		}
		return 0, false
	}
	start := 0
	for range 16 {
		start = max(lowest, unprivileged) - lowest
		start += s.rand.IntN(span - start)
		if free(lowest + start) {
			return uint16(lowest + start), true
		}
	}
	for i := range span {
		if port := lowest + (start+i)%span; free(port) {
			return uint16(port), true
		}
	}
	return 0, false
}

func deletePortMapping(s *state, c call) ([]string, error) {
	e := s.named(c)
	if e == nil {
		return nil, refuse(DeleteNoEntry)
	}
	if !s.policy.Clients.mayDelete(e, c.caller) {
		return nil, refuse(DeleteForeign, s.policy.Clients.DeleteElse)
	}
	return nil, s.delete(c, e)
}

// mayDelete reports whether caller may delete e. Nobody may delete what was set up otherwise than by UPnP.
func (p *ClientPolicy) mayDelete(e *entry, caller netip.Addr) bool {
	return !e.Static && (p.deletesAny() || e.InternalClient == caller)
}

// deletesAny reports whether callers may delete mappings of others.
func (p *ClientPolicy) deletesAny() bool {
	scope := p.Delete
	if scope == "" {
		scope = p.Accept
	}
	return scope != "" && scope != "own"
}

// named is the entry that the arguments identify, nil when there is none. Of several with one key it is the caller's own.
func (s *state) named(c call) *entry {
	remote := c.args.text("NewRemoteHost")
	addr, err := netip.ParseAddr(remote)
	if err == nil && addr.IsUnspecified() || s.policy.RemoteHost.Accept == "ignored" {
		remote = ""
	}
	k := key{remote, c.args.ui2("NewExternalPort"), c.args.text("NewProtocol")}
	if own := c.connection.mappings.find(k, c.caller); own != nil {
		return own
	}
	return c.connection.mappings.get(k)
}
