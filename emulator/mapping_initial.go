package emulator

import (
	"cmp"
	"net/netip"
	"time"
)

// InitialMapping is a mapping that the table has when the gateway starts, and again after each reboot that forgets: a forward from its own
// pages, a row of the provider, a template without a client.
type InitialMapping struct {
	WAN            int        `yaml:"wan"`      // the connection that has it, from 0
	Protocol       string     `yaml:"protocol"` // TCP or UDP; "": TCP
	ExternalPort   uint16     `yaml:"external-port"`
	RemoteHost     netip.Addr `yaml:"remote-host"`     // zero: any
	InternalClient netip.Addr `yaml:"internal-client"` // zero: none, which is shown as an empty text
	InternalPort   uint16     `yaml:"internal-port"`   // 0: ExternalPort if there is a client
	Enabled        *bool      `yaml:"enabled"`         // nil: if there is a client
	Description    string     `yaml:"description"`
	Lease          Lease      `yaml:"lease"`  // 0: permanent
	Static         bool       `yaml:"static"` // UPnP can neither change nor delete it
}

// mapping is the entry that m is at now.
func (m InitialMapping) mapping(now time.Time) Mapping {
	made := Mapping{
		WAN: m.WAN, Protocol: cmp.Or(m.Protocol, "TCP"), ExternalPort: m.ExternalPort,
		InternalClient: m.InternalClient, InternalPort: m.InternalPort, Enabled: m.InternalClient.IsValid(),
		Description: m.Description, Lease: time.Duration(m.Lease), Static: m.Static,
	}
	if m.RemoteHost.IsValid() {
		made.RemoteHost = m.RemoteHost.String()
	}
	if m.InternalPort == 0 && m.InternalClient.IsValid() {
		made.InternalPort = m.ExternalPort
	}
	if m.Enabled != nil {
		made.Enabled = *m.Enabled
	}
	if m.Lease > 0 {
		made.Expires = now.Add(made.Lease)
	}
	return made
}

func (m InitialMapping) problems(at []any, wans int, report report) {
	if p := m.Protocol; p != "" && p != "TCP" && p != "UDP" {
		report(below(at, "protocol"), "", "must be TCP or UDP, not %q", p)
	}
	if m.WAN < 0 || m.WAN >= wans {
		report(below(at, "wan"), "", "there is no connection %d", m.WAN)
	}
	host := func(key string, addr netip.Addr) {
		if addr.IsValid() && (!addr.Is4() || addr.IsUnspecified()) {
			report(below(at, key), "", "must be the IPv4 address of a host, not %v", addr)
		}
	}
	host("remote-host", m.RemoteHost)
	host("internal-client", m.InternalClient)
	if len(m.Description) > maxText {
		report(below(at, "description"), "", "has more than %d bytes", maxText)
	}
}

// setUp puts the initial mappings into the tables, which are empty.
func (s *state) setUp() {
	for _, m := range s.initial {
		s.store(m.mapping(s.now), nil)
	}
	s.emptied = false
}
