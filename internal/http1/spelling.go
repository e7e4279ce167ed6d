package http1

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Message spells req as it is sent. Fields leave in this order: Host, Content-Type, Content-Length, SOAPAction, the others sorted
// by name without regard to case, Connection.
//
// In POST and M-POST those names are spelled exactly so, whatever the case of the keys in req.Header, because some routers
// look for "SOAPAction" to the letter (quirk soap-header-case); Transport.SOAPAction chooses another spelling of that one. All other names, and all names of other methods (SUBSCRIBE,
// NOTIFY), are spelled as the keys of req.Header hold them, not canonicalised: a key "HOST" or "host" chooses the spelling
// of Host. A body of unknown length is read first; chunks are never sent. The zone of a link-local address is left out of
// Host (quirk soap-host-scope-id).
//
// Message reads and closes req.Body.
func (t *Transport) Message(req *http.Request) (*Message, error) {
	body, err := requestBytes(req)
	if err != nil {
		return nil, err
	}
	host := cmp.Or(req.Host, req.URL.Host)
	if host == "" {
		return nil, errNoHost
	}
	if req.URL.Scheme != "http" {
		return nil, &url.Error{Op: "http1", URL: req.URL.String(), Err: http.ErrNotSupported}
	}
	method := cmp.Or(req.Method, "GET")
	posts := method == "POST" || method == "M-POST"

	named := map[string]Field{"host": {Name: "Host", Value: withoutZone(host)}}
	if len(body) > 0 || posts || method == "PUT" {
		named["content-length"] = Field{Name: "Content-Length", Value: strconv.Itoa(len(body))}
	}
	named["connection"] = Field{Name: "Connection", Value: "close"}
	var others Fields
	for key, values := range req.Header {
		lower := strings.ToLower(key)
		for _, v := range values {
			f := Field{Name: key, Value: v}
			switch lower {
			case "host":
				if posts {
					continue
				}
				f.Value = named[lower].Value
			case "content-length", "transfer-encoding":
				continue
			case "content-type":
				if posts {
					f.Name = "Content-Type"
				}
			case "soapaction":
				if posts {
					f.Name = cmp.Or(t.SOAPAction, "SOAPAction")
				}
			case "connection":
			default:
				others = append(others, f)
				continue
			}
			named[lower] = f
		}
	}
	slices.SortStableFunc(others, func(a, b Field) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	m := &Message{Line: method + " " + target(req.URL) + " " + cmp.Or(t.Version, "HTTP/1.1"), Body: body}
	for _, name := range []string{"host", "content-type", "content-length", "soapaction"} {
		if f, ok := named[name]; ok {
			m.Fields = append(m.Fields, f)
		}
	}
	m.Fields = append(m.Fields, others...)
	m.Fields = append(m.Fields, named["connection"])
	return m, m.check()
}

func requestBytes(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// target is the request target: the path and query as the URL was written, because devices compare it byte by byte (quirk
// desc-control-query).
func target(u *url.URL) string {
	if u.Opaque != "" {
		return u.Opaque
	}
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.ForceQuery || u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// address is what to dial for u.
func address(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80"))
}

func withoutZone(host string) string {
	i := strings.IndexByte(host, '%')
	j := strings.LastIndexByte(host, ']')
	if i < 0 || j < i {
		return host
	}
	return host[:i] + host[j:]
}

// check keeps a value that came from elsewhere, a URL of a description say, from becoming a line of its own.
func (m *Message) check() error {
	if strings.ContainsAny(m.Line, "\r\n\x00") {
		return syntaxError("request line", m.Line)
	}
	for _, f := range m.Fields {
		if !isToken(f.Name) || strings.ContainsAny(f.Value, "\r\n\x00") {
			return syntaxError("header line", f.Name+": "+f.Value)
		}
	}
	return nil
}
