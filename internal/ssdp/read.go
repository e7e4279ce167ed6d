package ssdp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// Ids of what the reader forgives, beside those of http1 that have no name of their own here.
const (
	JunkLine      = "ssdp-junk-line"             // a line without a colon
	NoBlankLine   = "ssdp-no-final-blank-line"   // the datagram ends after its last header
	TrailingSpace = "ssdp-notify-trailing-space" // "NOTIFY * HTTP/1.1 ", Broadcom BRCM400
	MaxAgeSpaced  = "ssdp-maxage-spaced"         // "max-age = 1800"
	USNMissing    = "ssdp-usn-missing"           // no USN, or an empty one
	BadStatusLine = "ssdp-bad-status-line"       // "http/1.1 200OK" and the like
)

// Parse reads one datagram, leniently. It refuses what is no SSDP message, a status other than 200, an unknown NTS, and a
// reply, alive or update without LOCATION, with a *http1.SyntaxError; a datagram larger than MaxSize with a
// *http1.LimitError.
func Parse(b []byte) (*Message, error) {
	if len(b) > MaxSize {
		return nil, &http1.LimitError{What: "datagram", Limit: MaxSize}
	}
	head, _, err := http1.ParseHead(b, http1.Limits{Head: MaxSize})
	if err != nil {
		return nil, err
	}
	m := &Message{
		Host:       head.Fields.Get("HOST"),
		USN:        head.Fields.Get("USN"),
		Location:   head.Fields.Get("LOCATION"),
		Server:     head.Fields.Get("SERVER"),
		UserAgent:  head.Fields.Get("USER-AGENT"),
		BootID:     number(head, "BOOTID.UPNP.ORG"),
		NextBootID: number(head, "NEXTBOOTID.UPNP.ORG"),
		ConfigID:   number(head, "CONFIGID.UPNP.ORG"),
		SearchPort: number(head, "SEARCHPORT.UPNP.ORG"),
		Head:       head,
	}
	for _, id := range head.Forgiven {
		switch id {
		case http1.JunkLine:
			id = JunkLine
		case http1.NoBlankLine:
			id = NoBlankLine
		}
		m.forgive(id)
	}
	if err := m.startLine(); err != nil {
		return nil, err
	}
	m.readMaxAge()
	if err := m.readTarget(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Message) forgive(id string) {
	if !slices.Contains(m.Forgiven, id) {
		m.Forgiven = append(m.Forgiven, id)
	}
}

// startLine finds the kind. Whole words count: the value of another header may well hold "st:" or "NOTIFY".
func (m *Message) startLine() error {
	line := m.Head.Line
	words := strings.Fields(line)
	if len(words) == 0 {
		return syntaxError("start line", line)
	}
	switch first := strings.ToUpper(words[0]); {
	case first == "M-SEARCH" && len(words) == 3:
		m.Kind = SearchRequest
	case first == "NOTIFY" && len(words) == 3:
		if strings.TrimRight(line, " \t") != line {
			m.forgive(TrailingSpace)
		}
		return m.readNTS()
	case strings.HasPrefix(first, "HTTP/") && len(words) > 1 && (words[1] == "200" || strings.EqualFold(words[1], "200OK")):
		if !strings.HasPrefix(line, "HTTP/1.") || words[1] != "200" {
			m.forgive(BadStatusLine)
		}
		m.Kind = SearchReply
	default:
		return syntaxError("start line", line)
	}
	return nil
}

func (m *Message) readNTS() error {
	nts := m.Head.Fields.Get("NTS")
	for _, k := range []Kind{Alive, ByeBye, Update} {
		if strings.EqualFold(strings.Trim(nts, `"`), k.String()) {
			m.Kind = k
			return nil
		}
	}
	return syntaxError("NTS", nts)
}

// readTarget reads what each kind must have.
func (m *Message) readTarget() error {
	target, other := "ST", "NT"
	if m.Kind != SearchRequest && m.Kind != SearchReply {
		target, other = other, target
	}
	if m.ST = m.Head.Fields.Get(target); m.ST == "" {
		m.ST = m.Head.Fields.Get(other)
	}
	if m.Kind == SearchRequest {
		m.MAN = m.Head.Fields.Get("MAN")
		if mx, err := strconv.ParseUint(m.Head.Fields.Get("MX"), 10, 16); err == nil {
			m.MX = int(mx)
		}
		return nil
	}
	if m.USN == "" {
		m.forgive(USNMissing)
	}
	if m.Location == "" && m.Kind != ByeBye {
		return syntaxError("LOCATION", m.Location)
	}
	return nil
}

// readMaxAge finds max-age among the directives of CACHE-CONTROL.
func (m *Message) readMaxAge() {
	for directive := range strings.SplitSeq(m.Head.Fields.Get("CACHE-CONTROL"), ",") {
		name, value, ok := strings.Cut(directive, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "max-age") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(value, ` "`), 10, 32)
		if err != nil {
			continue
		}
		if strings.TrimRight(name, " ") != name || strings.TrimLeft(value, " ") != value {
			m.forgive(MaxAgeSpaced)
		}
		m.MaxAge = min(time.Duration(seconds)*time.Second, maxMaxAge)
		return
	}
}

func number(head *http1.Head, name string) *uint32 {
	n, err := strconv.ParseUint(head.Fields.Get(name), 10, 32)
	if err != nil {
		return nil
	}
	return new(uint32(n))
}

func syntaxError(what, text string) error {
	return &http1.SyntaxError{What: what, Text: text[:min(len(text), 64)]}
}
