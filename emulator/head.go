package emulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// head is a template of a start line and header fields, taken apart.
type head struct {
	line   []piece
	fields []headField
}

// headField is one line: ready as it is, or with words in its value.
type headField struct {
	http1.Field
	value []piece
}

// newHead takes t apart. What fixed holds is filled in at once.
func newHead(t Template, fixed map[string]string) *head {
	h := &head{}
	for i, text := range strings.Split(strings.TrimSuffix(string(t), "\n"), "\n") {
		pieces, err := Template(text).pieces()
		if err != nil {
			pieces = []piece{{text: text}}
		}
		if pieces = bind(pieces, fixed); i == 0 {
			h.line = pieces
		} else {
			h.fields = append(h.fields, newHeadField(pieces))
		}
	}
	return h
}

// newHeadField finds name and colon in the text before the first word. A line that has no colon there is its own value.
func newHeadField(pieces []piece) headField {
	var f headField
	if len(pieces) > 0 && pieces[0].word == "" {
		text := pieces[0].text
		if i := strings.IndexByte(text, ':'); i >= 0 {
			rest := strings.TrimLeft(text[i+1:], " \t")
			f.Name, f.Colon = text[:i], text[i:len(text)-len(rest)]
			pieces = append([]piece{{text: rest}}, pieces[1:]...)
		}
	}
	for _, p := range pieces {
		if p.word != "" {
			f.value = pieces
			return f
		}
	}
	if len(pieces) > 0 {
		f.Value = pieces[0].text
	}
	if f.Value == "" && f.Colon == ":" {
		f.Colon = "" // the usual: a fault that sets a value wants a blank before it
	}
	return f
}

// message is the head with its words filled in. Lines with a word that has no value are left out.
func (h *head) message(w filler) http1.Message {
	scratch := make([]byte, 0, 64)
	m := http1.Message{Fields: make(http1.Fields, 0, len(h.fields)+2)}
	m.Line, _ = joined(scratch, h.line, w)
	for i := range h.fields {
		f := h.fields[i].Field
		if value := h.fields[i].value; value != nil {
			var ok bool
			if f.Value, ok = joined(scratch, value, w); !ok {
				continue
			}
		}
		m.Fields = append(m.Fields, f)
	}
	return m
}

func joined(b []byte, pieces []piece, w filler) (string, bool) {
	all := true
	for _, p := range pieces {
		b = append(b, p.text...)
		if p.word != "" {
			var ok bool
			b, ok = w(b, p.word)
			all = all && ok
		}
	}
	return string(b), all
}

// httpDialect are the heads of HTTP answers.
type httpDialect struct {
	description, control, events, refusal *head
	pages                                 map[string]string
}

func newHTTPDialect(d *Dialect) httpDialect {
	kind := func(t Template, contentType *string, otherwise string) *head {
		fixed := map[string]string{"server": d.server(d.HTTP.Server)}
		if contentType != nil {
			fixed["type"] = *contentType
		} else if otherwise != "" {
			fixed["type"] = otherwise
		}
		return newHead(defaultTo(t, defaultTo(d.HTTP.Head, idealHead)), fixed)
	}
	return httpDialect{
		description: kind(d.HTTP.Description, d.HTTP.DescriptionType, xmlType),
		control:     kind(d.HTTP.Control, d.HTTP.ControlType, xmlType),
		events:      kind(d.HTTP.Events, nil, ""),
		refusal:     kind(d.HTTP.Refusal, nil, ""),
		pages:       d.HTTP.Pages,
	}
}

// appendStatus fills in {status} and {reason}.
func appendStatus(b []byte, word string, status int) ([]byte, bool) {
	switch word {
	case "status":
		return strconv.AppendInt(b, int64(status), 10), true
	case "reason":
		return append(b, http.StatusText(status)...), true
	}
	return b, false
}

// answer is what an HTTP answer says in its head; empty parts are not said.
type answer struct {
	status              int
	body                []byte
	length              int  // with bodyless
	bodyless            bool // the answer to HEAD
	allow, sid, timeout string
}

// reply writes a, in the words of h (UDA 1.1 §2.11, §3.1.2).
func (g *Gateway) reply(req *http1.Request, h *head, a answer) *http1.Reply {
	if !a.bodyless {
		a.length = len(a.body)
	}
	r := &http1.Reply{Message: h.message(func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "date":
			return g.options.Clock.Now().UTC().AppendFormat(b, http.TimeFormat), true
		case "type": // of a refusal; where there always is a body, the head has it already
			return append(b, "text/html"...), len(a.body) > 0
		case "length":
			return strconv.AppendInt(b, int64(a.length), 10), true
		case "connection":
			if strings.EqualFold(req.Fields.Get("Connection"), "close") {
				return append(b, "close"...), true
			}
		case "allow":
			return append(b, a.allow...), a.allow != ""
		case "sid":
			return append(b, a.sid...), a.sid != ""
		case "timeout":
			return append(b, a.timeout...), a.timeout != ""
		}
		return appendStatus(b, word, a.status)
	})}
	if !a.bodyless {
		r.Body = a.body
	}
	return r
}

// message is one datagram about t, which goes by the name nt.
func (s *ssdpServer) message(h *head, ad advertisement, t target, nt string) http1.Message {
	return h.message(func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "location":
			return append(b, ad.location...), true
		case "st":
			return append(b, nt...), true
		case "usn":
			return append(b, t.usn(nt)...), true
		case "udn":
			return append(b, t.udn...), true
		case "host":
			return append(b, s.group.String()...), true
		case "date":
			return time.Now().UTC().AppendFormat(b, http.TimeFormat), true
		case "bootid":
			return strconv.AppendUint(b, uint64(ad.bootID), 10), true
		case "nextbootid":
			return strconv.AppendUint(b, uint64(ad.nextBootID), 10), true
		case "configid":
			return strconv.AppendUint(b, uint64(ad.configID), 10), true
		case "searchport":
			if s.searchPort != nil {
				return strconv.AppendUint(b, uint64(*s.searchPort), 10), true
			}
		}
		return b, false
	})
}

// ssdpDialect are the datagrams of SSDP.
type ssdpDialect struct {
	*SSDPDialect
	maxAge                       time.Duration
	reply, alive, byebye, update *head
}

func newSSDPDialect(d *Dialect) ssdpDialect {
	c := ssdpDialect{SSDPDialect: &d.SSDP, maxAge: time.Duration(d.SSDP.MaxAge)}
	if c.maxAge == 0 {
		c.maxAge = idealMaxAge
	}
	fixed := map[string]string{"server": d.server(d.SSDP.Server), "max-age": strconv.FormatInt(int64(c.maxAge/time.Second), 10)}
	for _, m := range []struct {
		head         **head
		t, otherwise Template
	}{
		{&c.reply, d.SSDP.Reply, idealReply}, {&c.alive, d.SSDP.Alive, idealAlive},
		{&c.byebye, d.SSDP.ByeBye, idealByeBye}, {&c.update, d.SSDP.Update, idealUpdate},
	} {
		*m.head = newHead(defaultTo(m.t, m.otherwise), fixed)
	}
	return c
}

// server is what SERVER says in one place.
func (d *Dialect) server(here *string) string {
	switch {
	case here != nil:
		return *here
	case d.Server != nil:
		return *d.Server
	}
	return idealServer
}
