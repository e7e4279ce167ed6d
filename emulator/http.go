package emulator

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// xmlType is the Content-Type of everything with a body (UDA 1.1 §2.10, §3.1.2).
const xmlType = `text/xml; charset="utf-8"`

// endpoint is what stands behind one path.
type endpoint struct {
	methods []string // for Allow
	serve   func(*http1.Request) *http1.Reply
}

func (g *Gateway) newEndpoints(documents []document) map[string]endpoint {
	all := map[string]endpoint{}
	for _, d := range documents {
		all[d.path] = endpoint{[]string{"GET", "HEAD"}, func(req *http1.Request) *http1.Reply { return g.serveDocument(req, d) }}
	}
	g.root.visit(func(d *device) {
		for _, s := range d.services {
			all[g.dialect.controlPath+s.name()] = endpoint{[]string{"POST"}, func(req *http1.Request) *http1.Reply { return g.serveControl(req, s) }}
			all[g.dialect.eventPath+s.name()] = endpoint{[]string{"SUBSCRIBE", "UNSUBSCRIBE"}, func(req *http1.Request) *http1.Reply { return g.serveEvents(req, s) }}
		}
	})
	return all
}

// serveHTTP answers one request; strangers get no answer at all.
func (g *Gateway) serveHTTP(_ context.Context, req *http1.Request) *http1.Reply {
	if !g.allowed(req.Remote.Addr()) {
		g.noteHTTP("http.stranger", req, 0)
		return nil
	}
	e, ok := g.endpoints[pathOf(req.Target)]
	if !ok {
		return g.refuse(req, http.StatusNotFound)
	}
	for _, method := range e.methods {
		if req.Method == method {
			return e.serve(req)
		}
	}
	return g.refuse(req, http.StatusMethodNotAllowed, http1.Field{Name: "Allow", Value: strings.Join(e.methods, ", ")})
}

// pathOf is the path of a request target, which may be a whole URL (RFC 9112 §3.2.2).
func pathOf(target string) string {
	if !strings.HasPrefix(target, "/") {
		u, err := url.Parse(target)
		if err != nil {
			return ""
		}
		return u.Path
	}
	path, _, _ := strings.Cut(target, "?")
	return path
}

func (g *Gateway) serveDocument(req *http1.Request, d document) *http1.Reply {
	g.noteHTTP("http.request", req, http.StatusOK)
	body := d.with(g.configID)
	fields := http1.Fields{{Name: "Content-Type", Value: xmlType}}
	if req.Method == "HEAD" {
		fields = append(fields, http1.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
		body = nil
	}
	return g.reply(req, http.StatusOK, fields, body)
}

// refuse answers a request that did not reach a service.
func (g *Gateway) refuse(req *http1.Request, status int, fields ...http1.Field) *http1.Reply {
	g.noteHTTP("http.request", req, status)
	return g.reply(req, status, fields, nil)
}

// reply adds what every answer carries (UDA 1.1 §2.10, §3.1.2).
func (g *Gateway) reply(req *http1.Request, status int, fields http1.Fields, body []byte) *http1.Reply {
	all := make(http1.Fields, 0, len(fields)+5)
	all = append(all, fields...)
	all = append(all,
		http1.Field{Name: "Date", Value: g.options.Clock.Now().UTC().Format(http.TimeFormat)},
		http1.Field{Name: "Ext"},
		http1.Field{Name: "Server", Value: g.dialect.server},
	)
	if strings.EqualFold(req.Fields.Get("Connection"), "close") {
		all = append(all, http1.Field{Name: "Connection", Value: "close"})
	}
	return http1.NewReply(status, all, body)
}

func (g *Gateway) noteHTTP(kind string, req *http1.Request, status int) {
	g.journal.add(Entry{
		Time: g.options.Clock.Now(), Kind: kind, Peer: req.Remote, Name: req.Method + " " + shorten(req.Target),
		Status: status, Details: forgiven(req.Forgiven),
	})
}

// forgiven tells which quirks of the peer were put up with.
func forgiven(quirks []string) Details {
	if len(quirks) == 0 {
		return nil
	}
	return Details{{"forgiven", strings.Join(quirks, " ")}}
}

// shorten bounds what a peer can put into the journal.
func shorten(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// timeout bounds one exchange that the gateway starts itself (UDA 1.1 §4.3.2 gives a subscriber 30 s).
const timeout = 5 * time.Second

// local is the address that the gateway calls from.
func (g *Gateway) local() netip.Addr {
	if g.options.LAN.IsUnspecified() {
		return netip.Addr{}
	}
	return g.options.LAN
}
