package ssdp

import (
	"strconv"

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

func add(m *http1.Message, name, value string) {
	m.Fields = append(m.Fields, http1.Field{Name: name, Value: value})
}
