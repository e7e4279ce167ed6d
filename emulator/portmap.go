package emulator

import (
	"net/netip"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// maxLease is the longest lease of WANIPConnection:2 (§2.3.18) in seconds, which 0 becomes.
const maxLease = 604800

// portMappingActions are the port mapping actions of WANIPConnection:1 (§2.4) and :2 (§2.5).
func portMappingActions(version int) map[string]behaviour {
	add := behaviour{do: addPortMapping}
	if version == 2 {
		add.codes = []int{soap.ArgumentValueInvalid, soap.ArgumentValueOutOfRange}
		add.ranges = map[string]int{"NewInternalPort": soap.WildCardNotPermittedInIntPort}
	}
	all := map[string]behaviour{
		"AddPortMapping":              add,
		"DeletePortMapping":           {do: deletePortMapping},
		"GetGenericPortMappingEntry":  {do: getGenericPortMappingEntry},
		"GetSpecificPortMappingEntry": {do: getSpecificPortMappingEntry},
	}
	if version == 2 {
		all["AddAnyPortMapping"] = behaviour{do: addAnyPortMapping, ranges: add.ranges}
		all["DeletePortMappingRange"] = behaviour{do: deletePortMappingRange}
		all["GetListOfPortMappings"] = behaviour{do: getListOfPortMappings}
	}
	return all
}

func addPortMapping(s *state, c call) ([]string, error) {
	m, err := s.wanted(c)
	if err != nil {
		return nil, err
	}
	if m.ExternalPort == 0 && !s.policy.PortZero {
		return nil, upnpError(soap.WildCardNotPermittedInExtPort)
	}
	if err := s.admit(c, m); err != nil {
		return nil, err
	}
	// Entries of one port belong to one client (WANIPConnection:2 §2.5.16): another remote host does not help another client.
	if holder := c.connection.mappings.holder(m.ExternalPort, m.Protocol); holder.IsValid() && holder != m.InternalClient {
		return nil, upnpError(soap.ConflictInMappingEntry)
	}
	if c.connection.mappings.get(m.key()) == nil && s.full(c.connection) {
		return nil, s.noRoom()
	}
	return nil, s.add(c, m)
}

// addAnyPortMapping grants the wanted port when it is free or already leads to the same internal port, otherwise another. Where
// ports must be equal the internal port is the only one to grant.
func addAnyPortMapping(s *state, c call) ([]string, error) {
	m, err := s.wanted(c)
	if err != nil {
		return nil, err
	}
	if s.policy.SamePorts {
		m.ExternalPort = m.InternalPort
	}
	if m.ExternalPort != 0 {
		if err := s.admit(c, m); err != nil {
			return nil, err
		}
	}
	old := c.connection.mappings.get(m.key())
	same := old != nil && old.InternalClient == m.InternalClient && old.InternalPort == m.InternalPort
	switch {
	case same:
	case s.full(c.connection):
		return nil, s.noRoom()
	case m.ExternalPort == 0 || c.connection.mappings.holder(m.ExternalPort, m.Protocol).IsValid():
		port, ok := s.freePort(c.connection, m.Protocol)
		if !ok || s.policy.SamePorts {
			return nil, upnpError(soap.NoPortMapsAvailable)
		}
		m.ExternalPort = port
		if err := s.admit(c, m); err != nil {
			return nil, err
		}
	}
	return []string{ui2(m.ExternalPort)}, s.add(c, m)
}

// wanted is the mapping that an add asks for, with the lease that it would get.
func (s *state) wanted(c call) (Mapping, error) {
	m := Mapping{
		WAN:          c.connection.number,
		RemoteHost:   c.args.text("NewRemoteHost"),
		ExternalPort: c.args.ui2("NewExternalPort"),
		Protocol:     c.args.text("NewProtocol"),
		InternalPort: c.args.ui2("NewInternalPort"),
		Enabled:      c.args.flag("NewEnabled"),
		Description:  c.args.text("NewPortMappingDescription"),
	}
	client, err := netip.ParseAddr(c.args.text("NewInternalClient"))
	if err != nil || !client.Is4() || client.IsUnspecified() || m.InternalPort == 0 {
		return m, upnpError(soap.InvalidArgs)
	}
	m.InternalClient = client
	if m.RemoteHost, err = s.remoteHost(m.RemoteHost); err != nil {
		return m, err
	}
	seconds := c.args.ui4("NewLeaseDuration")
	if s.policy.PermanentOnly && seconds != 0 {
		return m, upnpError(soap.OnlyPermanentLeasesSupported)
	}
	if seconds == 0 && s.version == 2 && !s.policy.PermanentOnly {
		seconds = maxLease
	}
	if seconds > 0 {
		m.Lease = time.Duration(seconds) * time.Second
		m.Expires = s.now.Add(m.Lease)
	}
	return m, nil
}

// remoteHost reads NewRemoteHost: empty for any, or an address in its one spelling.
func (s *state) remoteHost(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil || !addr.Is4():
		return "", upnpError(soap.InvalidArgs)
	case addr.IsUnspecified():
		return "", nil
	case s.policy.AnyRemoteHost:
		return "", upnpError(soap.RemoteHostOnlySupportsWildcard)
	}
	return addr.String(), nil
}

// admit says whether the caller may have m at all, whoever else wants the port.
func (s *state) admit(c call, m Mapping) error {
	switch {
	case !s.policy.AnyClient && m.InternalClient != c.caller:
		if s.version == 2 {
			return upnpError(soap.ActionNotAuthorized)
		}
		return upnpError(soap.ConflictInMappingEntry)
	case s.version == 2 && !s.policy.LowPorts && (m.ExternalPort < 1024 || m.InternalPort < 1024):
		return upnpError(soap.ActionNotAuthorized)
	case s.policy.SamePorts && m.ExternalPort != m.InternalPort:
		return upnpError(soap.SamePortValuesRequired)
	case s.policy.RequirePublicIP && !s.publicIP(c.connection).IsValid():
		return upnpError(soap.ActionFailed)
	}
	return nil
}

func (s *state) full(c *connection) bool { return c.mappings.len() >= s.policy.Capacity }

func (s *state) noRoom() error {
	if s.version == 2 {
		return upnpError(soap.NoPortMapsAvailable)
	}
	return upnpError(soap.ActionFailed)
}

// freePort picks a port that nobody holds: by chance, because neighbours of a taken port are wanted by others too, and
// by search when the table is nearly full.
func (s *state) freePort(c *connection, protocol string) (uint16, bool) {
	const lowest, span = 1024, 65536 - 1024
	port := lowest
	for range 16 {
		port = lowest + s.rand.IntN(span)
		if !c.mappings.holder(uint16(port), protocol).IsValid() {
			return uint16(port), true
		}
	}
	for i := range span {
		p := uint16(lowest + (port-lowest+i)%span)
		if !c.mappings.holder(p, protocol).IsValid() {
			return p, true
		}
	}
	return 0, false
}

func deletePortMapping(s *state, c call) ([]string, error) {
	e, err := s.named(c)
	if err != nil {
		return nil, err
	}
	if !s.policy.AnyClient && e.InternalClient != c.caller {
		if s.version == 2 {
			return nil, upnpError(soap.ActionNotAuthorized)
		}
		return nil, upnpError(soap.NoSuchEntryInArray)
	}
	return nil, s.delete(c, e)
}

// named is the entry that the arguments identify.
func (s *state) named(c call) (*entry, error) {
	remote := c.args.text("NewRemoteHost")
	if addr, err := netip.ParseAddr(remote); err == nil && addr.IsUnspecified() {
		remote = ""
	}
	e := c.connection.mappings.get(key{remote, c.args.ui2("NewExternalPort"), c.args.text("NewProtocol")})
	if e == nil {
		return nil, upnpError(soap.NoSuchEntryInArray)
	}
	return e, nil
}

func getSpecificPortMappingEntry(s *state, c call) ([]string, error) {
	e, err := s.named(c)
	if err != nil {
		return nil, err
	}
	return s.shown(e), nil
}

func getGenericPortMappingEntry(s *state, c call) ([]string, error) {
	e := c.connection.mappings.order.at(int(c.args.ui2("NewPortMappingIndex")))
	if e == nil {
		return nil, upnpError(soap.SpecifiedArrayIndexInvalid)
	}
	return append([]string{e.RemoteHost, ui2(e.ExternalPort), e.Protocol}, s.shown(e)...), nil
}

// shown is what both reading actions tell of an entry; the lease is what remains of it.
func (s *state) shown(e *entry) []string {
	return []string{ui2(e.InternalPort), e.InternalClient.String(), boolean(e.Enabled), e.Description, ui4(e.remaining(s.now))}
}
