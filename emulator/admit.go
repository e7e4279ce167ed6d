package emulator

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// longestLease is that of WANIPConnection:2 (§2.3.18).
const longestLease = 604800 * time.Second

// An add is judged in this order, and the first rule that refuses decides:
//
//  1. arguments   by the SCPD
//  2. claim       what is asked: internal client, internal port, remote host, lease, description
//  3. admit       whether this caller may have that: external port 0, client, equal ports, ports, external address
//  4. place       what is there already: static row, another client, the same key, another remote host, the other protocol
//  5. capacity
//
// AddAnyPortMapping judges admit again for the port that it chose.

// claim is the mapping that an add asks for, with the lease that it would get.
func (s *state) claim(c call) (Mapping, error) {
	m := Mapping{
		WAN:          c.connection.number,
		ExternalPort: c.args.ui2("NewExternalPort"),
		Protocol:     c.args.text("NewProtocol"),
		InternalPort: c.args.ui2("NewInternalPort"),
		Enabled:      c.args.flag("NewEnabled") || s.policy.Enabled == "always",
	}
	var err error
	if m.InternalClient, err = s.client(c); err != nil {
		return m, err
	}
	if m.InternalPort == 0 {
		return m, refuse(InternalPortZero)
	}
	if m.RemoteHost, err = s.remoteHost(c); err != nil {
		return m, err
	}
	if m.Lease, err = s.lease(c); err != nil {
		return m, err
	}
	if m.Lease > 0 {
		m.Expires = s.now.Add(m.Lease)
	}
	m.Description, err = s.description(c)
	return m, err
}

// client reads NewInternalClient.
func (s *state) client(c call) (netip.Addr, error) {
	p := &s.policy.Clients
	text := c.args.text("NewInternalClient")
	if text == "" {
		if p.Empty == "caller" {
			return c.caller, nil
		}
		return netip.Addr{}, refuse(BadClient, errorOf(p.Empty))
	}
	if addr, ok := p.Hosts[text]; ok {
		return addr, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() || addr.IsUnspecified() {
		return addr, refuse(BadClient)
	}
	return addr, nil
}

// remoteHost reads NewRemoteHost: empty for any, or an address in its one spelling.
func (s *state) remoteHost(c call) (string, error) {
	p := &s.policy.RemoteHost
	text := c.args.text("NewRemoteHost")
	addr, err := netip.ParseAddr(text)
	switch {
	case p.Accept == "ignored":
		return "", nil
	case text == "", err == nil && addr.Is4() && addr.IsUnspecified():
		if p.Accept == "specific" {
			return "", refuse(RemoteHostAny, p.Else)
		}
		return "", nil
	case err != nil || !addr.Is4():
		return "", refuse(BadRemoteHost)
	case p.Accept == "wildcard":
		return "", refuse(RemoteHostGiven, p.Else)
	}
	return addr.String(), nil
}

// lease is what NewLeaseDuration gets; 0 is permanent.
func (s *state) lease(c call) (time.Duration, error) {
	p := &s.policy.Leases
	asked := time.Duration(c.args.ui4("NewLeaseDuration")) * time.Second
	longest := time.Duration(p.Longest)
	if longest == 0 && c.service.version == 2 {
		longest = longestLease
	}
	switch {
	case p.Accept == "permanent" && asked != 0:
		return 0, refuse(LeaseGiven, p.Else)
	case p.Accept == "finite" && asked == 0:
		return 0, refuse(LeasePermanent, p.Else)
	case longest > 0 && asked > longest:
		if p.Beyond != "cut" {
			return 0, refuse(LeaseTooLong, errorOf(p.Beyond))
		}
		asked = longest
	case asked == 0 && p.Zero != nil:
		asked = time.Duration(*p.Zero)
	case asked == 0 && c.service.version == 2 && p.Accept != "permanent":
		asked = longest
	}
	if p.Force != nil {
		asked = time.Duration(*p.Force)
	}
	return asked.Truncate(time.Second), nil
}

// description reads NewPortMappingDescription.
func (s *state) description(c call) (string, error) {
	p := &s.policy.Descriptions
	text := c.args.text("NewPortMappingDescription")
	if e := errorOf(p.Empty); text == "" && e.Code != 0 {
		return "", e
	}
	if p.Limit > 0 && len(text) > p.Limit {
		if e := errorOf(p.Beyond); e.Code != 0 {
			return "", e
		}
		text = cutText(text, p.Limit)
	}
	return text, nil
}

// cutText is at most n bytes of s that are still text.
func cutText(s string, n int) string { return strings.ToValidUTF8(s[:min(n, len(s))], "") }

// admit says whether the caller may have m at all, whoever else wants the port.
func (s *state) admit(c call, m Mapping) error {
	clients, ports := &s.policy.Clients, &s.policy.Ports
	switch {
	case m.ExternalPort == 0 && ports.Zero != "accepted":
		return refuse(ExternalPortZero, errorOf(ports.Zero))
	case (clients.Accept == "" || clients.Accept == "own") && m.InternalClient != c.caller:
		return refuse(ForeignClient, clients.Else)
	case clients.Accept == "lan" && !s.inLAN(m.InternalClient):
		return refuse(ClientOutside, clients.Outside)
	case errorOf(ports.Equal).Code != 0 && m.ExternalPort != m.InternalPort:
		return refuse(UnequalPorts, errorOf(ports.Equal))
	case !ports.permit(m, c.service.version):
		return refuse(PortRefused, ports.Else)
	case inRanges(ports.Reserved.Ports, m.ExternalPort):
		return refuse(PortReserved, ports.Reserved.Else)
	case s.policy.ExternalIP.Required && !s.publicIP(c.connection).IsValid():
		return refuse(NoAddress, s.policy.ExternalIP.Else)
	}
	return nil
}

func (s *state) inLAN(addr netip.Addr) bool {
	return slices.ContainsFunc(s.lan, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// permit reports whether both ports of m are among those that can be mapped. External port 0 stands for all, and has a rule of its
// own.
func (p *PortPolicy) permit(m Mapping, version int) bool {
	return p.permitExternal(m.ExternalPort, version) &&
		m.InternalPort >= p.lowest(version) && (p.Internal == nil || inRanges(p.Internal, m.InternalPort))
}

func (p *PortPolicy) permitExternal(port uint16, version int) bool {
	return port == 0 || port >= p.lowest(version) && (p.External == nil || inRanges(p.External, port))
}

func (p *PortPolicy) lowest(version int) uint16 {
	switch {
	case p.Lowest > 0:
		return p.Lowest
	case version == 2:
		return 1024
	}
	return 1
}

func inRanges(ranges []PortRange, port uint16) bool {
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}

// place says what m would do to the entries that its port has already: take the place of over, after those of evict are gone, or
// stand beside them.
func (s *state) place(c call, m Mapping) (over *entry, evict []*entry, err error) {
	p, t := &s.policy.Conflict, &c.connection.mappings
	if e := errorOf(p.OtherProtocol); e.Code != 0 && t.first(m.ExternalPort, otherProtocol(m.Protocol)) != nil {
		return nil, nil, e
	}
	first := t.first(m.ExternalPort, m.Protocol)
	if first == nil {
		if s.resting(c.connection, m) {
			return nil, nil, refuse(Conflict, p.AfterDelete.Else)
		}
		return nil, nil, nil
	}
	own := t.find(m.key(), m.InternalClient)
	rule, otherwise := p.Twin, Taken("accepted")
	switch {
	case first.Static, own != nil && own.Static:
		rule, otherwise = p.Static, ""
	case own != nil:
		rule, otherwise = p.Own, "overwrite"
	case first.InternalClient != m.InternalClient:
		// Entries of one port belong to one client (WANIPConnection:2 §2.5.16): another remote host does not help another client.
		rule, otherwise = p.Other, ""
	}
	if rule == "" {
		rule = otherwise
	}
	switch rule {
	case "overwrite":
		over = t.get(m.key())
		if own != nil {
			return own, nil, nil
		}
		for e := range t.of(m.ExternalPort, m.Protocol) {
			if e.Static && p.Static != "overwrite" {
				return nil, nil, refuse(Conflict, errorOf(p.Static))
			}
			if e != over {
				evict = append(evict, e)
			}
		}
		return over, evict, nil
	case "accepted", "duplicate":
		return nil, nil, nil
	}
	return nil, nil, refuse(Conflict, errorOf(rule))
}

func otherProtocol(p string) string {
	if p == "TCP" {
		return "UDP"
	}
	return "TCP"
}

// resting reports whether the port of m has been deleted a short while ago.
func (s *state) resting(c *connection, m Mapping) bool {
	rest := time.Duration(s.policy.Conflict.AfterDelete.For)
	if rest == 0 {
		return false
	}
	deleted, ok := c.deleted[portKey{m.ExternalPort, m.Protocol}]
	return ok && s.now.Before(deleted.Add(rest))
}

// namesake is another entry with the description of m, which has to go, or the refusal because of it. Those of gone go anyway.
func (s *state) namesake(c call, m Mapping, gone ...*entry) (*entry, error) {
	rule := s.policy.Descriptions.Taken
	if rule == "" || rule == "accepted" || rule == "duplicate" {
		return nil, nil
	}
	for e := range c.connection.mappings.order.all {
		if e.Description != m.Description || slices.Contains(gone, e) {
			continue
		}
		if rule == "overwrite" && !e.Static {
			return e, nil
		}
		return nil, refuse(Conflict, errorOf(rule))
	}
	return nil, nil
}

// put puts m into the table as place and namesake have it, if there is room.
func (s *state) put(c call, m Mapping) error {
	over, evict, err := s.place(c, m)
	if err != nil {
		return err
	}
	namesake, err := s.namesake(c, m, append(evict, over)...)
	if err != nil {
		return err
	}
	if namesake != nil {
		evict = append(evict, namesake)
	}
	if over == nil && s.full(c.connection, len(evict)) {
		return refuse(TableFull, s.policy.Capacity.Else)
	}
	if over != nil && over.InternalClient == m.InternalClient && s.policy.Leases.Renew == "keeps" {
		m.Lease, m.Expires = over.Lease, over.Expires
	}
	return s.add(c, m, over, evict)
}

// full reports whether nothing can be added to the table of c even when so many entries are gone.
func (s *state) full(c *connection, gone int) bool {
	return c.mappings.len()-gone >= s.policy.Capacity.limit()
}
