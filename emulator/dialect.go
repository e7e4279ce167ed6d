package emulator

// Dialect is how a gateway writes and reads: data for the writers and readers of SSDP, description, HTTP, SOAP and GENA. The zero
// value is that of the standards.
type Dialect struct {
	Server      string             `yaml:"server"` // SERVER of SSDP and HTTP
	SSDP        SSDPDialect        `yaml:"ssdp"`
	Description DescriptionDialect `yaml:"description"`
	HTTP        HTTPDialect        `yaml:"http"`
	SOAP        SOAPDialect        `yaml:"soap"`
	GENA        GENADialect        `yaml:"gena"`
}

// SSDPDialect is how searches are answered and announcements look.
type SSDPDialect struct {
	Server  *string  `yaml:"server"`   // nil: Dialect.Server
	MaxAge  Duration `yaml:"max-age"`  // 0: 30m
	ReplyIn *Span    `yaml:"reply-in"` // how long it takes to answer; nil: by multicast within MX, by unicast at once
	Answers []string `yaml:"answers"`  // which searches are answered: all, rootdevice, uuid, device, service; nil: each
	Reply   []Field  `yaml:"reply"`    // the header of a reply, in this order and spelling; nil: as UDA 1.1 §1.3.3
	Alive   []Field  `yaml:"alive"`    // the same of announcements
	ByeBye  []Field  `yaml:"byebye"`
	Update  []Field  `yaml:"update"`
	BootID  *uint32  `yaml:"bootid"` // a constant; nil: grows with each boot
}

// Field is a header field as it is written. One that the message has gets the message's value unless another is given; one that it has
// not needs a value.
type Field struct {
	Name  string  `yaml:"name,scalar"` // in this spelling
	Value *string `yaml:"value"`
	Colon *string `yaml:"colon"` // nil: ": ", and ":" before an empty value
}

// DescriptionDialect is the device tree and the document that describes it.
type DescriptionDialect struct {
	Path    string      `yaml:"path"` // "": /description.xml
	URLBase *string     `yaml:"url-base"`
	Tree    *DeviceNode `yaml:"tree"` // nil: the standard tree with the connections of WAN
}

// DeviceNode is one device of the tree.
type DeviceNode struct {
	Type     string        `yaml:"type,required"` // whole URN
	Elements []Element     `yaml:"elements"`      // friendlyName, manufacturer, … in this order
	UDN      string        `yaml:"udn"`           // "": from the seed
	Services []ServiceNode `yaml:"services"`
	Devices  []DeviceNode  `yaml:"devices"`
}

// Element is one element with its text.
type Element struct {
	Name string `yaml:"name,required"`
	Text string `yaml:"text"`
}

// ServiceNode is one service of a device.
type ServiceNode struct {
	Type    string `yaml:"type,required"` // whole URN; of one that the emulator does not know, every action is unknown
	ID      string `yaml:"id"`
	SCPD    string `yaml:"scpd"` // URLs as written in the description
	Control string `yaml:"control"`
	Events  string `yaml:"events"`
	WAN     int    `yaml:"wan"` // of a connection service: which connection, from 0
}

// HTTPDialect is how HTTP answers look.
type HTTPDialect struct {
	Server *string `yaml:"server"` // nil: Dialect.Server
}

// SOAPDialect is how control answers look.
type SOAPDialect struct {
	Prefix string `yaml:"prefix"` // of the envelope; "": s
}

// GENADialect is how subscriptions and events look.
type GENADialect struct{}
