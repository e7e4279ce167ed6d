package emulator

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// Mapping is a copy of one entry of the mapping table.
type Mapping struct {
	WAN            int    // the connection that has it, from 0
	Protocol       string // "TCP" or "UDP"
	ExternalPort   uint16
	RemoteHost     string // "": any
	InternalClient netip.Addr
	InternalPort   uint16
	Enabled        bool
	Description    string
	Lease          time.Duration // granted, whole seconds; 0: permanent
	Expires        time.Time     // by the gateway's clock; zero: never
	Static         bool          // set up otherwise than by UPnP, which can neither change nor delete it

	// Reach is where a peer connects, or sends its datagrams, to get through: see [Plane]. Zero: nowhere.
	Reach netip.AddrPort
}

// String writes m as "TCP 8080 → 192.168.1.10:80".
func (m Mapping) String() string {
	s := fmt.Sprintf("%s %d → %v", m.Protocol, m.ExternalPort, netip.AddrPortFrom(m.InternalClient, m.InternalPort))
	if m.RemoteHost != "" {
		s += " from " + m.RemoteHost
	}
	return s
}

// mappingJSON has the keys of igdctl's list: lease_seconds is what was granted, 0 for permanent.
type mappingJSON struct {
	WAN            int            `json:"wan,omitempty"`
	Protocol       string         `json:"protocol"`
	ExternalPort   uint16         `json:"external_port"`
	RemoteHost     string         `json:"remote_host"`
	InternalClient netip.Addr     `json:"internal_client"`
	InternalPort   uint16         `json:"internal_port"`
	Enabled        bool           `json:"enabled"`
	Description    string         `json:"description"`
	Lease          int64          `json:"lease_seconds"`
	Expires        time.Time      `json:"expires,omitzero"`
	Static         bool           `json:"static,omitempty"`
	Reach          netip.AddrPort `json:"reach,omitzero"`
}

// MarshalJSON writes m with the keys of igdctl's list.
func (m Mapping) MarshalJSON() ([]byte, error) {
	return json.Marshal(mappingJSON{
		m.WAN, m.Protocol, m.ExternalPort, m.RemoteHost, m.InternalClient, m.InternalPort, m.Enabled, m.Description,
		int64(m.Lease / time.Second), m.Expires, m.Static, m.Reach,
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Mapping) UnmarshalJSON(text []byte) error {
	var v mappingJSON
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*m = Mapping{
		WAN: v.WAN, Protocol: v.Protocol, ExternalPort: v.ExternalPort, RemoteHost: v.RemoteHost, InternalClient: v.InternalClient,
		InternalPort: v.InternalPort, Enabled: v.Enabled, Description: v.Description, Lease: time.Duration(v.Lease) * time.Second,
		Expires: v.Expires, Static: v.Static, Reach: v.Reach,
	}
	return nil
}

// remaining is what is left of the lease at now in whole seconds, rounded up, because 0 would say that m is permanent.
func (m *Mapping) remaining(now time.Time) uint32 {
	if m.Expires.IsZero() {
		return 0
	}
	left := max(m.Expires.Sub(now), 0) // a fault can let it outlive its lease
	return uint32((left + time.Second - 1) / time.Second)
}

// key is what identifies an entry: PortMapping variables of WANIPConnection:1 §2.2.
type key struct {
	remote   string
	port     uint16
	protocol string
}

func (m *Mapping) key() key { return key{m.RemoteHost, m.ExternalPort, m.Protocol} }
