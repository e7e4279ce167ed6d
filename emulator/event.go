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
	MappingUpdated   EventKind = "mapping-updated" // overwritten by its own client
	MappingDeleted   EventKind = "mapping-deleted"
	MappingExpired   EventKind = "mapping-expired"
	ExternalIPSet    EventKind = "external-ip"
	StatusChanged    EventKind = "connection-status"
	Rebooted         EventKind = "reboot"
	SubscriberJoined EventKind = "subscribed"
	SubscriberLeft   EventKind = "unsubscribed"
	SubscriberLapsed EventKind = "subscription-expired"
)

// Event is a change of a gateway's state. Fields that do not belong to its kind are zero, and absent in JSON.
type Event struct {
	Event      EventKind  `json:"event"`
	Time       time.Time  `json:"time"`
	Gateway    string     `json:"gateway"` // Options.Name
	Mapping    *Mapping   `json:"mapping,omitempty"`
	ExternalIP *string    `json:"external_ip,omitempty"` // points to "" when the address was lost
	Status     string     `json:"status,omitempty"`      // ConnectionStatus
	BootID     uint32     `json:"bootid,omitempty"`
	Subscriber netip.Addr `json:"subscriber,omitzero"`
	Service    string     `json:"service,omitempty"` // of a subscription: serviceType
	WAN        int        `json:"wan,omitempty"`     // of an address or status: which connection
}
