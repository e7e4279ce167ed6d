package emulator

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
)

// httpDialect are the heads of HTTP answers.
type httpDialect struct {
	description, control, events, refusal *head
	pages                                 map[string]string
	server                                string
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
		server:      d.server(d.HTTP.Server),
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
