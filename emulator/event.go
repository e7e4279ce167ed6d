package emulator

import (
	"net/netip"
	"time"
)

// EventKind names what changed.
type EventKind string

// The kinds of event.
const (
	MappingAdded     EventKind = "mapping-added"
	MappingUpdated   EventKind = "mapping-updated" // overwritten, mostly by its own client
	MappingDeleted   EventKind = "mapping-deleted"
	MappingExpired   EventKind = "mapping-expired"
	ExternalIPSet    EventKind = "external-ip"
	StatusChanged    EventKind = "connection-status"
	LinkChanged      EventKind = "link" // Status is up or down
	WentDown         EventKind = "down" // a reboot that takes its time
	PinholeOpened    EventKind = "pinhole-added"
	PinholeUpdated   EventKind = "pinhole-updated" // given a new lease
	PinholeClosed    EventKind = "pinhole-deleted"
	PinholeExpired   EventKind = "pinhole-expired"
	FirewallSet      EventKind = "firewall"
	Rebooted         EventKind = "reboot"
	Planned          EventKind = "planned" // an action of the timeline, or of what follows a fault, begins
	SubscriberJoined EventKind = "subscribed"
	SubscriberLeft   EventKind = "unsubscribed"
	SubscriberLapsed EventKind = "subscription-expired"
)

// Event is a change of a gateway's state. Fields that do not belong to its kind are zero, and absent in JSON.
type Event struct {
	Event      EventKind      `json:"event"`
	Time       time.Time      `json:"time"`
	Gateway    string         `json:"gateway"` // Options.Name
	Mapping    *Mapping       `json:"mapping,omitempty"`
	Pinhole    *Pinhole       `json:"pinhole,omitempty"`
	ExternalIP *string        `json:"external_ip,omitempty"` // points to "" when the address was lost
	Status     string         `json:"status,omitempty"`      // ConnectionStatus, or of a link
	BootID     uint32         `json:"bootid,omitempty"`
	Location   string         `json:"location,omitempty"` // after a reboot, as are the next two
	SSDP       netip.AddrPort `json:"ssdp,omitzero"`
	UDN        string         `json:"udn,omitempty"`
	Subscriber netip.Addr     `json:"subscriber,omitzero"`
	Service    string         `json:"service,omitempty"` // of a subscription: serviceType
	WAN        int            `json:"wan,omitempty"`     // of an address or status: which connection
	Name       string         `json:"name,omitempty"`    // of what was planned: "timeline[0]", "then"
	Action     string         `json:"action,omitempty"`  // the same: "announce: alive"
}
