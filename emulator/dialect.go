package emulator

// Dialect is how a gateway writes and reads: data for the writers and readers of SSDP, description, HTTP and SOAP. The zero value is
// that of the standards. What is written is a [Template] each, as it stands on the wire; what only one word of it says (the name
// of a server, an age) has a key of its own, so that a quirk can change it alone.
type Dialect struct {
	Server      *string            `yaml:"server"` // {server} of SSDP and HTTP; nil: one that says that this is an emulator
	SSDP        SSDPDialect        `yaml:"ssdp"`
	Description DescriptionDialect `yaml:"description"`
	HTTP        HTTPDialect        `yaml:"http"`
	SOAP        SOAPDialect        `yaml:"soap"`
}

// SSDPDialect is how searches are answered and announcements look.
//
// The messages know {location}, {server}, {max-age}, {st} (NT in an announcement), {usn}, {udn} (of the device meant), {host} (the group),
// {date}, {bootid}, {nextbootid}, {configid} and {searchport}, which has no value when searches are heard on port 1900. A line with a
// word that has no value is left out. Words of chance (see [Template]) change with
// each boot.
type SSDPDialect struct {
	Server    *string     `yaml:"server"`    // nil: Dialect.Server
	Location  Template    `yaml:"location"`  // {location}, which may lead elsewhere: of {host}, {port} and {path}, where the description is, and all words of a description; "": http://{host}:{port}{path}
	Location6 Template    `yaml:"location6"` // of what is said by IPv6; "": as Location, of its own {host} and {port}
	UDN       Template    `yaml:"udn"`       // by which the root goes here, with the same words; "": as in its description
	MaxAge    Duration    `yaml:"max-age"`   // whole seconds; 0: 30m
	BootID    *uint32     `yaml:"bootid"`    // a constant; nil: grows with each boot
	ConfigID  *uint32     `yaml:"configid"`  // a constant; nil: changes with the description
	ReplyIn   *Span       `yaml:"reply-in"`  // how long an answer takes; nil: by multicast within MX, by unicast none
	Sets      int         `yaml:"sets"`      // how often an announcement is sent, 1 to 3 (UDA 1.1 §1.2.2): alive every 200ms, the others at once; 0: 1
	NeedsMX   *bool       `yaml:"needs-mx"`  // false: a multicast search without MX is answered at once; nil: it is ignored
	Version   EchoVersion `yaml:"version"`   // of a type that was searched for in a lower version; "": asked
	All       AllAnswer   `yaml:"all"`       // what ssdp:all gets; "": each
	Pace      int         `yaml:"pace"`      // 1 to 120: answers to ssdp:all by multicast follow each other after MX/pace, as miniupnpd's do after MX/15; 0: at random within MX
	Answers   []string    `yaml:"answers"`   // searches that are answered: rootdevice, uuid, device, service, or a whole ST; nil: each of them
	Also      []Claim     `yaml:"also"`      // types that are announced and answered for although the tree has them not

	// Whole datagrams, with their start line. "": those of UDA 1.1 §1.2 and §1.3.3.
	Reply  Template `yaml:"reply"`
	Alive  Template `yaml:"alive"`
	ByeBye Template `yaml:"byebye"`
	Update Template `yaml:"update"`
}

// Claim is a type that a device says it has.
type Claim struct {
	Type string `yaml:"type,scalar"` // whole URN
	Of   string `yaml:"of"`          // the type of the device; "": the root
}

// EchoVersion is which version of a type a reply names.
type EchoVersion string

// Choices are the words of an EchoVersion.
func (EchoVersion) Choices() []string { return []string{"asked", "own"} }

// UnmarshalText reads one of Choices.
func (v *EchoVersion) UnmarshalText(text []byte) error { return choose(v, text) }

// AllAnswer is what a search for ssdp:all gets: an answer for each target, for the first only, or none.
type AllAnswer string

// Choices are the words of an AllAnswer.
func (AllAnswer) Choices() []string { return []string{"each", "first", "none"} }

// UnmarshalText reads one of Choices.
func (a *AllAnswer) UnmarshalText(text []byte) error { return choose(a, text) }

// DescriptionDialect is the device tree and the documents that describe it.
//
// All its templates know {host} and {port}, where HTTP is served, {authority}, which is both, without the port if it is 80, {port} with a
// name of Ports behind it, {udn} of the device that they are about, else of the root, {gateway},
// {igd} and {seed} of the options, and the words of chance (see [Template]). Beside these, Document knows {device}, {configid} and
// {url-base}; Device {type}, {name}, {services} and {devices}; Service {type}, {id}, {scpd}, {control} and {events}; the URLs of services {service},
// {kind} and {version}; SCPD {configid}, {actions} and {variables}. {services}, {devices}, {actions} and {variables} are whole lists with their element, and stand alone on their line.
// So do {service-items} and {device-items}, which are what is in a list: for a serviceList or deviceList that is written in an unusual way.
type DescriptionDialect struct {
	Path     Template    `yaml:"path"`      // of the description; "": /description.xml
	NewPaths bool        `yaml:"new-paths"` // with each boot, of all URLs, as a reboot can have it once
	UDN      Template    `yaml:"udn"`       // of the root, before that of Tree; "": that. Options.UDN goes before
	URLBase  *Template   `yaml:"url-base"`  // nil: none
	Document Template    `yaml:"document"`  // "": UDA 1.1 §2.3
	Device   Template    `yaml:"device"`    // the same
	Service  Template    `yaml:"service"`   // the same
	SCPD     Template    `yaml:"scpd"`      // "": UDA 1.1 §2.5
	LineEnd  LineEnd     `yaml:"line-end"`  // of these documents; "": lf; none: all on one line, without indentation
	Indent   *string     `yaml:"indent"`    // of what is in serviceList and deviceList; nil: one blank
	Encoding Encoding    `yaml:"encoding"`  // of these documents; "": utf-8. What it cannot say becomes "?"
	URLs     ServiceURLs `yaml:"urls"`      // of services that the tree gives none

	// More TCP ports by name, as D-Link DIR-655 has them: what is at http://{host}:{port control}/… is served there, and not where HTTP is
	// otherwise. 0 is any free one, and so is one that cannot be had as the gateway starts.
	Ports map[string]uint16 `yaml:"ports"`

	Tree *DeviceNode `yaml:"tree"` // nil: the standard tree of Options.Version with the connections of Options.WAN
}

// ServiceURLs are the URLs of a service as they are written in the description: paths with or without query, or absolute. {service} is its
// name, such as WANIPConnection1; {kind} and {version} are its parts. Where several connections have the same service, all but the first have
// a number behind it: WANIPConnection1-1, and WANIPConnection-1 as {kind}.
type ServiceURLs struct {
	SCPD    Template `yaml:"scpd"`    // "": /scpd/{service}.xml
	Control Template `yaml:"control"` // "": /control/{service}
	Events  Template `yaml:"events"`  // "": /event/{service}
}

// LineEnd is how lines end.
type LineEnd string

// Choices are the words of a LineEnd.
func (LineEnd) Choices() []string { return []string{"lf", "crlf", "none"} }

// UnmarshalText reads one of Choices.
func (l *LineEnd) UnmarshalText(text []byte) error { return choose(l, text) }

// Encoding is how text becomes bytes. It does not change what a document says of itself.
type Encoding string

// Choices are the words of an Encoding.
func (Encoding) Choices() []string { return []string{"utf-8", "iso-8859-1", "utf-16"} }

// UnmarshalText reads one of Choices.
func (e *Encoding) UnmarshalText(text []byte) error { return choose(e, text) }

// DeviceNode is one device of the tree.
type DeviceNode struct {
	Type     string        `yaml:"type,required"` // whole URN
	Name     Template      `yaml:"name"`          // {name}, the friendlyName; "": of the root "Emulated gateway" with its name
	UDN      Template      `yaml:"udn"`           // "": by the seed; {udn} is that of the root. Options.UDN goes before that of the root
	Device   Template      `yaml:"device"`        // its own text; "": DescriptionDialect.Device
	Services []ServiceNode `yaml:"services"`
	Devices  []DeviceNode  `yaml:"devices"`
}

// ServiceNode is one service of a device. URLs stand as written in the description: paths with or without query, or absolute.
type ServiceNode struct {
	Type    string   `yaml:"type,required"` // whole URN, of UPnP or dslforum; of one that the emulator does not know, every action is 401
	ID      string   `yaml:"id"`            // "": the standard's
	SCPD    Template `yaml:"scpd"`          // "": as ServiceURLs say; the same words
	Control Template `yaml:"control"`       // the same
	Events  Template `yaml:"events"`        // the same
	Actions []string `yaml:"actions"`       // it has only these; nil: all of the standard's
	WAN     int      `yaml:"wan"`           // which of Options.WAN it serves, from 0
	Service Template `yaml:"service"`       // its own text; "": DescriptionDialect.Service
}

// HTTPDialect is where HTTP is served, and how its answers look: their heads, with status line, as templates.
//
// They know {status} and {reason}, {server}, {date}, {type} of the body, {length} of the body, and where the answer has them {connection} (close,
// when the client asked for it), {allow}, {sid} and {timeout}. A line with a word that has no value is left out. A connection is
// closed after an answer that says so, or that does not say its length.
type HTTPDialect struct {
	Ports []PortRange `yaml:"ports"` // where it listens: the first that is free, after a reboot with new ports the next; nil, or if none can be had: any free one. Options.HTTPPort goes before

	Server      *string  `yaml:"server"`      // nil: Dialect.Server
	Head        Template `yaml:"head"`        // "": that of UDA 1.1 §2.11, §3.1.2
	Description Template `yaml:"description"` // of description and SCPDs; "": Head
	Control     Template `yaml:"control"`     // of results and faults; "": Head
	Events      Template `yaml:"events"`      // of subscriptions; "": Head
	Refusal     Template `yaml:"refusal"`     // of all that reaches no service, such as 404; "": Head

	DescriptionType *string           `yaml:"description-type"` // {type} of description and SCPDs; nil: text/xml; charset="utf-8"
	ControlType     *string           `yaml:"control-type"`     // {type} of results and faults; nil: the same
	Pages           map[string]string `yaml:"pages"`            // HTML of refusals by HTTP status; none where left out
}

// SOAPDialect is how control requests are read and answered.
//
// Response, Responses and Fault know {declaration}, {envelope} and {prefix}, {service} (the type that the request named), {service-type} (that
// of the description) and {action}; Response and Responses {arguments}, each as in Argument, which knows {name} and {value}; Fault {code} and
// {description}.
type SOAPDialect struct {
	Declaration *string             `yaml:"declaration"` // {declaration}; nil: <?xml version="1.0"?>
	Envelope    string              `yaml:"envelope"`    // {envelope}, the prefix; "": s
	Prefix      string              `yaml:"prefix"`      // {prefix}, that of the response; "": u
	Response    Template            `yaml:"response"`    // "": UDA 1.1 §3.1.2
	Responses   map[string]Template `yaml:"responses"`   // by action, where it is not Response
	Argument    Template            `yaml:"argument"`    // "": <{name}>{value}</{name}>
	Fault       Template            `yaml:"fault"`       // "": UDA 1.1 §3.1.3
	LineEnd     LineEnd             `yaml:"line-end"`    // of these; "": lf

	Descriptions map[string]string `yaml:"descriptions"` // {description} by code; the standard's where left out
	FaultStatus  int               `yaml:"fault-status"` // HTTP status of faults; 0: 500

	Dispatch Dispatch `yaml:"dispatch"` // what decides which action is meant; "": strict
	Header   string   `yaml:"header"`   // SOAPACTION must be spelt like this to be seen; "": any case
	Quotes   *bool    `yaml:"quotes"`   // true: without them SOAPACTION is not understood; nil: they may be missing
	Methods  []string `yaml:"methods"`  // of control requests: POST, M-POST (UDA 1.0 §3.2.1); nil: POST

	// What is answered to a request that calls no action. The zero values are HTTP status 400.
	NoAction  Refusal  `yaml:"no-action"`  // SOAPACTION is missing, or not spelt as Header has it
	BadAction *Refusal `yaml:"bad-action"` // it names no action, or has no quotes where they are needed; nil: as NoAction
	Malformed Refusal  `yaml:"malformed"`  // the body is no control request

	Strict *bool `yaml:"strict"` // true: a body is malformed in which something must be forgiven, such as a missing end tag; nil: it is read all the same

	// Entities are the references that are decoded in requests: amp, lt, gt, quot, apos, and numeric for all of those by number. Others
	// are text as they stand. nil: all of XML.
	Entities []string `yaml:"entities"`
}

// Refusal is how a request is refused that calls no action: by a UPnP error, or by an HTTP answer without SOAP.
type Refusal struct {
	Code       int          `yaml:"code,scalar"`
	HTTPStatus *StatusReply `yaml:"http-status"`
}

// Dispatch is how the action of a request is found: strict by SOAPACTION, the URL and the body, which must agree; or by the name in
// SOAPACTION alone, in whichever service of the gateway it is, as miniupnpd does.
type Dispatch string

// Choices are the words of a Dispatch.
func (Dispatch) Choices() []string { return []string{"strict", "header"} }

// UnmarshalText reads one of Choices.
func (d *Dispatch) UnmarshalText(text []byte) error { return choose(d, text) }
