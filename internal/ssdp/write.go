package ssdp

import (
	"strconv"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// Search is an M-SEARCH request (UDA 1.1 §1.3.2).
type Search struct {
	Host      string // where it is sent to, e.g. GroupV4
	ST        string
	MX        int    // seconds, 1 to 5; 0: no MX header, as a unicast search has it
	MAN       string // "": Discover
	UserAgent string // "": no header; some devices ignore a search that has it
}

// Message gives the request, for those who send it altered.
func (s Search) Message() *http1.Message {
	man := s.MAN
	if man == "" {
		man = Discover
	}
	m := &http1.Message{Line: "M-SEARCH * HTTP/1.1", Fields: http1.Fields{{Name: "HOST", Value: s.Host}, {Name: "MAN", Value: man}}}
	if s.MX > 0 {
		add(m, "MX", strconv.Itoa(s.MX))
	}
	add(m, "ST", s.ST)
	if s.UserAgent != "" {
		add(m, "USER-AGENT", s.UserAgent)
	}
	return m
}

// Append writes the request.
func (s Search) Append(b []byte) []byte { return s.Message().Append(b) }

// Reply is the answer to a search (UDA 1.1 §1.3.3).
type Reply struct {
	MaxAge     time.Duration // whole seconds, 1800 s or more advised
	Date       time.Time     // zero: no DATE header
	Location   string
	Server     string
	ST         string // the target that was asked for, in the version asked for
	USN        string
	BootID     *uint32 // nil: no header, as in UDA 1.0
	ConfigID   *uint32 // nil: no header
	SearchPort *uint32 // nil: no header; only when the device does not listen on 1900
}

// Message gives the reply, for those who send it altered.
func (r Reply) Message() *http1.Message {
	m := &http1.Message{Line: "HTTP/1.1 200 OK", Fields: http1.Fields{{Name: "CACHE-CONTROL", Value: maxAge(r.MaxAge)}}}
	if !r.Date.IsZero() {
		add(m, "DATE", r.Date.UTC().Format(httpDate))
	}
	add(m, "EXT", "")
	add(m, "LOCATION", r.Location)
	add(m, "SERVER", r.Server)
	add(m, "ST", r.ST)
	add(m, "USN", r.USN)
	addID(m, "BOOTID.UPNP.ORG", r.BootID)
	addID(m, "CONFIGID.UPNP.ORG", r.ConfigID)
	addID(m, "SEARCHPORT.UPNP.ORG", r.SearchPort)
	return m
}

// Append writes the reply.
func (r Reply) Append(b []byte) []byte { return r.Message().Append(b) }

// Notify is an announcement (UDA 1.1 §1.2). Kind chooses which of the fields are sent.
type Notify struct {
	Kind       Kind          // Alive, ByeBye or Update
	Host       string        // "": GroupV4
	MaxAge     time.Duration // Alive only
	Location   string        // not in ByeBye
	NT         string
	Server     string // Alive only
	USN        string
	BootID     *uint32 // nil: no header
	NextBootID *uint32 // Update only
	ConfigID   *uint32 // nil: no header
	SearchPort *uint32 // not in ByeBye; nil: no header
}

// Message gives the announcement, for those who send it altered.
func (n Notify) Message() *http1.Message {
	host := n.Host
	if host == "" {
		host = GroupV4
	}
	m := &http1.Message{Line: "NOTIFY * HTTP/1.1", Fields: http1.Fields{{Name: "HOST", Value: host}}}
	if n.Kind == Alive {
		add(m, "CACHE-CONTROL", maxAge(n.MaxAge))
	}
	if n.Kind != ByeBye {
		add(m, "LOCATION", n.Location)
	}
	add(m, "NT", n.NT)
	add(m, "NTS", n.Kind.String())
	if n.Kind == Alive {
		add(m, "SERVER", n.Server)
	}
	add(m, "USN", n.USN)
	addID(m, "BOOTID.UPNP.ORG", n.BootID)
	addID(m, "CONFIGID.UPNP.ORG", n.ConfigID)
	if n.Kind == Update {
		addID(m, "NEXTBOOTID.UPNP.ORG", n.NextBootID)
	}
	if n.Kind != ByeBye {
		addID(m, "SEARCHPORT.UPNP.ORG", n.SearchPort)
	}
	return m
}

// Append writes the announcement.
func (n Notify) Append(b []byte) []byte { return n.Message().Append(b) }

// httpDate is the fixed form of RFC 9110 §5.6.7.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

func maxAge(d time.Duration) string {
	return "max-age=" + strconv.FormatInt(int64(d/time.Second), 10)
}

func add(m *http1.Message, name, value string) {
	m.Fields = append(m.Fields, http1.Field{Name: name, Value: value})
}

func addID(m *http1.Message, name string, id *uint32) {
	if id != nil {
		add(m, name, strconv.FormatUint(uint64(*id), 10))
	}
}
