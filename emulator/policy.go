package emulator

import (
	"cmp"
	"net/netip"
)

// maxMappings is how many entries the index of GetGenericPortMappingEntry (ui2) can reach.
const maxMappings = 65535

// Policy is what the tables of a gateway accept and what they show, and who is served. The zero value is the ideal gateway of WANIPConnection:1
// or :2: only the caller's own mappings (secure mode), leases as the version has them, specific remote hosts, unequal ports.
//
// Where a rule has an error, the zero one is that of the standard: see [Reason] for all of them. A rule whose type is a string is
// a word or an error, which is written as its code, with or without a text of the device's own: 501, "501 Table full !".
type Policy struct {
	Arguments    ArgumentPolicy        `yaml:"arguments"`
	Leases       LeasePolicy           `yaml:"leases"`
	Ports        PortPolicy            `yaml:"ports"`
	RemoteHost   RemoteHostPolicy      `yaml:"remote-host"`
	Clients      ClientPolicy          `yaml:"clients"`
	Conflict     ConflictPolicy        `yaml:"conflict"`
	Capacity     CapacityPolicy        `yaml:"capacity"`
	Descriptions DescriptionPolicy     `yaml:"descriptions"`
	Enabled      EnabledRule           `yaml:"enabled"` // whether a mapping can be off: as-asked (default), or always on
	AnyPort      AnyPortPolicy         `yaml:"any-port"`
	List         ListPolicy            `yaml:"list"`
	ExternalIP   ExternalIPPolicy      `yaml:"external-ip"`
	Counters     CounterPolicy         `yaml:"counters"`
	Pinholes     PinholePolicy         `yaml:"pinholes"`
	Events       EventPolicy           `yaml:"events"`
	Internet     []Exposure            `yaml:"internet"` // what is served at the external addresses too, to anybody there: ssdp, http; nil: nothing
	Codes        map[Reason]ErrorReply `yaml:"codes"`    // what is answered for a reason; a rule's own error goes before it
}

// ArgumentPolicy is how strictly the in-arguments of an action are read. The zero value is UDA 1.1 §3.1.1: all of them, in the
// order of the SCPD, and no others, or 402.
type ArgumentPolicy struct {
	Order   ArgumentOrder `yaml:"order"`    // scpd (default) or any
	Missing Permission    `yaml:"missing"`  // accepted: as if it were empty, and 0 for a number; or an error
	Extra   Permission    `yaml:"extra"`    // accepted: and ignored; or an error
	AnyCase bool          `yaml:"any-case"` // words of a list, such as tcp, in any case
}

// LeasePolicy is how long mappings live. What is asked is accepted or not, 0 is replaced, what is too long is cut or refused, and
// at last Force has its way.
type LeasePolicy struct {
	Accept  LeaseKind  `yaml:"accept"`  // any (default), permanent (only 0, as MikroTik) or finite
	Else    ErrorReply `yaml:"else"`    // 725, and 402 where only finite ones are accepted
	Zero    *Lease     `yaml:"zero"`    // what 0 becomes; nil: permanent in version 1 and where only that is accepted, otherwise the longest
	Longest Lease      `yaml:"longest"` // 0: 168h in version 2 (WANIPConnection:2 §2.3.18), none in version 1
	Beyond  TooLong    `yaml:"beyond"`  // a longer one is cut or refused; "": 601, and 402 by AddAnyPortMapping
	Force   *Lease     `yaml:"force"`   // every mapping gets this one
	Renew   Renewal    `yaml:"renew"`   // extends (default), or keeps the first expiry
	Shows   LeaseView  `yaml:"shows"`   // remaining (default), granted or zero
}

// PortPolicy is which ports can be mapped.
type PortPolicy struct {
	Lowest   uint16        `yaml:"lowest"`   // external and internal; 0: 1024 in version 2 (WANIPConnection:2 §2.5.16), 1 in version 1
	External []PortRange   `yaml:"external"` // nil: all from Lowest
	Internal []PortRange   `yaml:"internal"` // nil: all from Lowest
	Else     ErrorReply    `yaml:"else"`     // 606 in version 2, 718 in version 1
	Reserved ReservedPorts `yaml:"reserved"`
	Equal    EqualPorts    `yaml:"equal"` // external and internal: an error for others, or forced: what was asked for the internal one is ignored; "": not needed
	Zero     Permission    `yaml:"zero"`  // external port 0, which stands for every port; "": 716. AddAnyPortMapping takes it for any
}

// ReservedPorts are external ports that something else holds which no list shows: the gateway itself, or a forgotten rule.
type ReservedPorts struct {
	Ports []PortRange `yaml:"ports,scalar"`
	Else  ErrorReply  `yaml:"else"` // 729 in version 2, 718 in version 1
}

// RemoteHostPolicy is which remote hosts a mapping can be for.
type RemoteHostPolicy struct {
	Accept RemoteHosts `yaml:"accept"` // any (default), wildcard, specific, or ignored: stored as the wildcard
	Else   ErrorReply  `yaml:"else"`   // 726, and 715 where only specific ones are accepted
}

// ClientPolicy is who may map and delete what. Own is what miniupnpd calls secure mode.
type ClientPolicy struct {
	Accept     ClientScope           `yaml:"accept"`      // mappings to: own (default), lan: any host of Options.Clients, any: any IPv4 address
	Else       ErrorReply            `yaml:"else"`        // another host than the caller: 718 in version 1, 606 in version 2
	Outside    ErrorReply            `yaml:"outside"`     // a host that is not of the LAN: 402
	Delete     ClientScope           `yaml:"delete"`      // mappings of: own or any; "": own if Accept is, otherwise any
	DeleteElse ErrorReply            `yaml:"delete-else"` // 714 in version 1, 606 in version 2
	Empty      EmptyClient           `yaml:"empty"`       // an empty NewInternalClient is the caller, or an error; "": 402
	Hosts      map[string]netip.Addr `yaml:"hosts"`       // names that stand for addresses; others are 402
}

// ConflictPolicy is what happens to an add whose external port and protocol are mapped already. Overwrite puts the new mapping in
// the place of the old one, duplicate adds a second of the same key, of which only the first forwards.
type ConflictPolicy struct {
	Other         Taken      `yaml:"other"`          // to another client; "": 718
	Own           Taken      `yaml:"own"`            // to the same client, by the same key; "": overwrite
	Twin          Taken      `yaml:"twin"`           // to the same client for another remote host; "": accepted beside it
	Static        Taken      `yaml:"static"`         // by a static row of Options.Mappings; "": 718
	OtherProtocol Permission `yaml:"other-protocol"` // the same port of the other protocol; "": accepted
	AfterDelete   Rest       `yaml:"after-delete"`
}

// Rest is a time in which a port cannot be mapped again after its mapping was deleted.
type Rest struct {
	For  Duration   `yaml:"for,scalar"`
	Else ErrorReply `yaml:"else"` // 718
}

// CapacityPolicy is how many entries a table has.
type CapacityPolicy struct {
	Entries int        `yaml:"entries,scalar"` // 1..65535; 0: 65535
	Else    ErrorReply `yaml:"else"`           // 501 in version 1, 728 in version 2
}

// DescriptionPolicy is what becomes of NewPortMappingDescription. Lengths are in bytes.
type DescriptionPolicy struct {
	Limit  int        `yaml:"limit"`  // 0: 1024
	Beyond TooLong    `yaml:"beyond"` // a longer one is cut (default if there is a limit) or refused
	Empty  Permission `yaml:"empty"`  // an error, or accepted (default)
	Taken  Taken      `yaml:"taken"`  // another mapping of the connection has the same: overwrite replaces that one, or an error; "": accepted
	Shown  int        `yaml:"shown"`  // how much of it is shown; 0: all
}

// AnyPortPolicy is what AddAnyPortMapping grants where the wanted port is taken.
type AnyPortPolicy struct {
	Choose PortSearch `yaml:"choose,scalar"` // random (default), neighbours: +1, -1, +2, -2, … as miniupnpd, or none: 401, there is no such action
	Own    OwnAny     `yaml:"own"`           // the caller's own mapping of the wanted port: kept (default), or another is made beside it
}

// ListPolicy is what the reading actions show.
type ListPolicy struct {
	End   ListEnd `yaml:"end"`   // GetGenericPortMappingEntry beyond the last: an error, or last: that one again; "": 713
	Hides Hidden  `yaml:"hides"` // entries that no action shows: leased, permanent, foreign (other clients than the caller), static (set up otherwise than by UPnP, as forwards of a page of the router's own) or all; "": none
}

// ExternalIPPolicy is what the gateway says of its address.
type ExternalIPPolicy struct {
	Private  PrivateIP  `yaml:"private"`  // an address that is private, shared or reserved: shown (default) or hidden, as miniupnpd does behind another NAT
	Required bool       `yaml:"required"` // adds are refused while there is no address to show
	Else     ErrorReply `yaml:"else"`     // then 501
	Down     PrivateIP  `yaml:"down"`     // the address while the connection is not Connected: hidden (default) or shown
	Late     Duration   `yaml:"late"`     // how long the address before is still told when there is another; by the gateway's clock
	None     string     `yaml:"none"`     // what is written while there is none; WANIPConnection:2 §2.3.13 wants it empty, others write 0.0.0.0
}

// CounterPolicy is how the counters of WANCommonInterfaceConfig:1 count.
type CounterPolicy struct {
	Bits int `yaml:"bits"` // 32 (default): they begin again at 0; or 64, which is more than ui4
}

// PinholePolicy is what WANIPv6FirewallControl:1 allows.
type PinholePolicy struct {
	Firewall  *bool          `yaml:"firewall"`  // FirewallEnabled; nil: yes. Without it every action on pinholes is 702
	Inbound   *bool          `yaml:"inbound"`   // InboundPinholeAllowed; nil: yes. Without it every action on pinholes is 703
	Clients   ClientScope    `yaml:"clients"`   // own (default): only the caller's own; any
	Lowest    uint16         `yaml:"lowest"`    // internal port; 0: 1024, as WANIPv6FirewallControl:1 §2.6 recommends for callers without a role
	Else      ErrorReply     `yaml:"else"`      // of both: 606
	Protocols []uint16       `yaml:"protocols"` // IANA numbers; nil: 6 and 17; others are 705
	Any       PinholeAny     `yaml:"any"`
	Capacity  CapacityPolicy `yaml:"capacity"` // beyond it 701
	Timeout   Duration       `yaml:"timeout"`  // OutboundPinholeTimeout; 0: 5m
}

// PinholeAny are the wildcards that are accepted; each is an error of its own otherwise.
type PinholeAny struct {
	Protocol     bool `yaml:"protocol"`      // 65535; otherwise 707
	InternalPort bool `yaml:"internal-port"` // 0; otherwise 706
	Client       bool `yaml:"client"`        // "" and *; otherwise 708
}

// EventPolicy is who is told of changes.
type EventPolicy struct {
	// Callbacks is where the URLs in CALLBACK may lead: own (default), to the subscriber; lan, to any host of Options.Clients; any. Whatever
	// it allows, nobody is called but the subscriber and addresses that are the emulator's: all in memory and in a lab, elsewhere the
	// loopback ones. A subscription for others is granted, and its events come to nothing.
	Callbacks ClientScope `yaml:"callbacks"`
}

// limit is the number of entries that fit.
func (p CapacityPolicy) limit() int { return cmp.Or(p.Entries, maxMappings) }
