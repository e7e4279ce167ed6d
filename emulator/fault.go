package emulator

import "net/netip"

// Fault is one misbehaviour: On a layer, If the conditions hold, When its time has come, Do something else than the
// gateway would have done. Faults are data: the same type is read from scenario files, from the control API and from Go.
type Fault struct {
	Name string    `yaml:"name"` // in the journal, and for removal; "": the quirk it came from, or its place in the list
	On   Layer     `yaml:"on,required"`
	If   Condition `yaml:"if"`
	When When      `yaml:"when"`
	Do   Deed      `yaml:"do,required"`
}

// Condition is what must be true of the occasion. Every part that is given must hold; the zero value always does. Which parts
// make sense depends on the layer, and New refuses those that do not.
type Condition struct {
	Via      Via             `yaml:"via"`       // how a search came: multicast or unicast
	ST       Test            `yaml:"st"`        // search target of a search or reply, NT of an announcement
	Arg      map[string]Test `yaml:"arg"`       // in-arguments of an action; of a table layer, the mapping's, by the names of AddPortMapping
	Client   ClientTest      `yaml:"client"`    // same, other, routed, an address, or a prefix: ::/0 is all of IPv6
	Crossed  Age             `yaml:"crossed"`   // time since the last search by the other version of IP, if there was one: below, or over
	Existing ExistingTest    `yaml:"existing"`  // the entry that the mapping's port has already: own, other or none
	Size     Count           `yaml:"size"`      // how many mappings the table holds
	Age      Age             `yaml:"age"`       // of the mapping, since it was first added
	InFlight Count           `yaml:"in-flight"` // requests, or at tcp.accept connections, at this moment, this one included
	Header   map[string]Test `yaml:"header"`    // of the request or of the datagram; an absent one is empty
	Raw      Test            `yaml:"raw"`       // the whole datagram of a search, with its line ends
	Version  Test            `yaml:"version"`   // of the request: HTTP/1.0
	Method   Test            `yaml:"method"`    // of the request
	Path     Test            `yaml:"path"`      // of the request, with its query
	Body     Test            `yaml:"body"`      // of the request
	Reads    Count           `yaml:"reads"`     // in how many pieces the request arrived
	Host     HostTest        `yaml:"host"`      // what the request calls the gateway: its own address and port, or other
	// HalfClosed: the client has closed its half of the connection behind the request, at once or within 20 ms, as shutdown(2) does.
	HalfClosed *bool `yaml:"half-closed"`
	Status     Test  `yaml:"status"` // HTTP status of the answer
}

// Test compares a text, or the number that it is or that comes first in it: 540 of Second-540, 1800 of max-age=1800. Of several parts all must hold; the zero value always does.
type Test struct {
	Equals   *string `yaml:"equals,scalar"`
	Not      *string `yaml:"not"`
	Below    *int64  `yaml:"below"`
	Above    *int64  `yaml:"above"`
	Empty    *bool   `yaml:"empty"`
	Address  *bool   `yaml:"address"` // it is an IP address, with or without brackets, zone and port
	Begins   *string `yaml:"begins"`
	Contains *string `yaml:"contains"` // of header values and names: in any case
	Lacks    *string `yaml:"lacks"`    // does not contain: a body without an argument, a header without a word; in any case
}

// Count compares a number. The zero value always holds.
type Count struct {
	AtLeast *int `yaml:"at-least"`
	AtMost  *int `yaml:"at-most"`
	Over    *int `yaml:"over"`
	Below   *int `yaml:"below"`
}

// Age compares a time that has passed. The zero value always holds.
type Age struct {
	Over  Duration `yaml:"over"`
	Below Duration `yaml:"below"`
}

// When chooses among the occasions for which the condition holds. The zero value takes all of them. Parts may be combined, and each
// chooses among what those before it have left: After, Windows, Cycle and Rate by the gateway's clock, then AfterCount, Every and First
// by count, and Chance last. Clocks and counts begin with the fault, and anew with each reboot.
type When struct {
	First      int      `yaml:"first"`       // only the first n
	Every      int      `yaml:"every"`       // the n-th, 2n-th, … ; 1 is all
	After      Duration `yaml:"after"`       // only when the gateway has run this long
	AfterCount int      `yaml:"after-count"` // not the first n
	Windows    *Windows `yaml:"windows"`     // at irregular times
	Cycle      *Cycle   `yaml:"cycle"`       // at regular times
	Rate       *Rate    `yaml:"rate"`        // when they come too fast
	Chance     Chance   `yaml:"chance"`      // 0.1 or 10%: by the seed
	Per        Scope    `yaml:"per"`         // what First, Every, AfterCount and Rate count for: client, mapping, connection or device (the default)

	// Until makes a fault that has acted go on, for this mapping until it is deleted, or for all until a reboot: When is not asked any
	// more, nor are the conditions on the state (Size, Age, Existing, InFlight).
	Until Until `yaml:"until"`
}

// Windows are times at which a fault acts: after a random gap, for some time, after another gap.
type Windows struct {
	Gap Span     `yaml:"gap,required"`
	For Duration `yaml:"for,required"`
}

// Cycle is a fault that comes and goes: it sleeps for Off, acts for On, and again.
type Cycle struct {
	Off Duration `yaml:"off,required"`
	On  Duration `yaml:"on,required"`
}

// Rate is too many occasions in too short a time: an occasion before which as many as Over have come within In, whether or not the fault
// has acted on those.
type Rate struct {
	Over int      `yaml:"over,required"` // 1..1000
	In   Duration `yaml:"in,required"`
}

// Deed is what happens instead: at most one verb, which ends the occasion, and any number of edits, which change it. Which of
// them a layer has, New knows. Of several faults that act on one occasion the first verb wins, and the edits before it apply.
type Deed struct {
	// Verbs.
	UPnPError  *ErrorReply  `yaml:"upnp-error,verb"`  // a fault with this code
	HTTPStatus *StatusReply `yaml:"http-status,verb"` // an HTTP answer without SOAP
	Drop       bool         `yaml:"drop,verb"`        // a datagram is lost, a packet is not forwarded, a request is closed without an answer
	Close      Ending       `yaml:"close,verb"`       // the connection: fin or rst
	Hang       bool         `yaml:"hang,verb"`        // the connection stays open, and nothing more is said on it
	Store      *bool        `yaml:"store,verb"`       // false: success is answered, and the table stays as it is
	Silent     bool         `yaml:"silent,verb"`      // it happens, but no event tells of it

	// Edits.
	Set       map[string]Setting `yaml:"set"`       // arguments, header fields (and start-line), or elements; what is not there is added, but no element
	Rename    map[string]string  `yaml:"rename"`    // the same by their old names
	Remove    []string           `yaml:"remove"`    // the same
	Replace   []Replacement      `yaml:"replace"`   // bytes
	Prefix    *Bytes             `yaml:"prefix"`    // bytes put before
	Suffix    *Bytes             `yaml:"suffix"`    // bytes put behind
	Delay     Span               `yaml:"delay"`     // of wall time
	Drip      *Drip              `yaml:"drip"`      // a little at a time
	Split     []int              `yaml:"split"`     // into segments of these sizes 20 ms apart, and the rest
	Truncate  *int               `yaml:"truncate"`  // to so many bytes; the length that was announced stays
	Duplicate int                `yaml:"duplicate"` // datagrams: so many more of them
	Random    int                `yaml:"random"`    // a datagram: so many bytes of chance take its place, 1 to 8192
	SendFrom  *Origin            `yaml:"send-from"` // datagrams
	Then      []Then             `yaml:"then"`      // and later something else
}

// ErrorReply is a UPnP error with its text.
type ErrorReply struct {
	Code int     `yaml:"code,scalar"` // 400..999
	Text *string `yaml:"text"`        // nil: the standard's
}

// StatusReply is an HTTP answer.
type StatusReply struct {
	Status int    `yaml:"status,scalar"` // 100..999
	Reason string `yaml:"reason"`        // "": the standard's
	Type   string `yaml:"type"`          // Content-Type; "": text/html if there is a body
	Body   string `yaml:"body"`
	// Head is the whole head with its status line, in the words of HTTPDialect; "": a status line, Content-Type and Content-Length.
	Head Template `yaml:"head"`
}

// Setting is a new value: a text, or another argument's.
type Setting struct {
	Text   *string `yaml:"text,scalar"`
	Hex    *Bytes  `yaml:"hex"`
	SameAs string  `yaml:"same-as"` // the name of an argument of the same action
}

// Replacement replaces every occurrence of Find.
type Replacement struct {
	Find string  `yaml:"find,required"`
	Text *string `yaml:"text"`
	Hex  *Bytes  `yaml:"hex"`
}

// Drip is a slow sender.
type Drip struct {
	Bytes int  `yaml:"bytes,required"` // at a time
	Every Span `yaml:"every,required"` // of wall time; one for each answer
}

// Origin is where a datagram comes from instead.
type Origin struct {
	Port    PortChoice `yaml:"port"`    // a number, or random: another one for each datagram
	Address netip.Addr `yaml:"address"` // one that the gateway's host owns; zero: its own
}

// Then is an action that follows a deed.
type Then struct {
	In     Span `yaml:"in"` // after the deed; by the gateway's clock
	Action `yaml:",inline"`
}
