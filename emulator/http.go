package emulator

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// endpoint is what stands behind one URL: FRITZ!Boxes control and subscribe at the same.
type endpoint []route

// route is what some methods do.
type route struct {
	methods []string
	serve   func(*http1.Request) *http1.Reply
}

func (p *presence) newEndpoints() map[spot]endpoint {
	g := p.gateway
	all := map[spot]endpoint{}
	add := func(at spot, serve func(*http1.Request) *http1.Reply, methods ...string) {
		for _, r := range all[at] {
			if slices.Equal(r.methods, methods) {
				return // one document for several services
			}
		}
		if at.target != "" {
			all[at] = append(all[at], route{methods, serve})
		}
	}
	add(spot{target: p.site.target(p.site.base)}, func(req *http1.Request) *http1.Reply { return g.serveDocument(req, p.describe()) }, "GET", "HEAD")
	control := map[spot][]*service{}
	p.root.everyService(func(s *service) {
		at := p.site.spot(s.controlURL)
		control[at] = append(control[at], s)
		add(p.site.spot(s.scpdURL), func(req *http1.Request) *http1.Reply { return g.serveDocument(req, p.scpdOf(s)) }, "GET", "HEAD")
		add(at, func(req *http1.Request) *http1.Reply { return g.serveControl(req, p.root, control[at]) }, g.dialect.soap.methods()...)
		add(p.site.spot(s.eventURL), func(req *http1.Request) *http1.Reply { return g.serveEvents(req, s) }, "SUBSCRIBE", "UNSUBSCRIBE")
	})
	return all
}

// serveHTTP answers one request; strangers get no answer at all.
func (p *presence) serveHTTP(ctx context.Context, req *http1.Request) *http1.Reply {
	g := p.gateway
	if !g.allowed(req.Remote.Addr()) {
		g.noteHTTP("http.stranger", req, 0)
		return nil
	}
	if g.faults.halves.Load() {
		req.AwaitEnd(segmentGap)
	}
	return p.answer(ctx, req)
}

// answer answers one request, whoever sent it.
func (p *presence) answer(ctx context.Context, req *http1.Request) *http1.Reply {
	g := p.gateway
	d := g.meetHTTP(onRequest, req, 0)
	if !http1.Pause(ctx, d.delay) {
		return nil
	}
	reply := g.instead(req, &d)
	if reply != nil {
		g.noteHTTP("http.request", req, reply.Status(), Detail{"by", "fault"})
	} else {
		reply = p.handle(req)
	}
	return g.depart(req, reply)
}

// handle finds what stands behind the URL and lets it answer.
func (p *presence) handle(req *http1.Request) *http1.Reply {
	g := p.gateway
	e := p.endpoint(req.Local.Port(), req.Target)
	if e == nil {
		return g.refuse(req, answer{status: http.StatusNotFound})
	}
	var methods []string
	for _, r := range e {
		if slices.Contains(r.methods, req.Method) {
			return r.serve(req)
		}
		methods = append(methods, r.methods...)
	}
	return g.refuse(req, answer{status: http.StatusMethodNotAllowed, allow: strings.Join(methods, ", ")})
}

// greet meets a connection before anything is read from it.
func (g *Gateway) greet(p http1.Peer) *http1.Reply {
	if !g.allowed(p.Remote.Addr()) {
		return nil
	}
	return g.welcome(p)
}

// welcome is greet for whoever it is.
func (g *Gateway) welcome(p http1.Peer) *http1.Reply {
	if g.faults.on(onAccept) == nil {
		return nil
	}
	d := g.meet(&occasion{layer: onAccept, peer: p.Remote, inFlight: p.Open})
	reply := d.end()
	if reply == nil {
		reply = &http1.Reply{}
	}
	return d.late(reply)
}

// endpoint is what a request target means at a port of the gateway. It may be a whole URL (RFC 9112 §3.2.2). A query that no URL of the
// gateway has is ignored.
func (p *presence) endpoint(port uint16, target string) endpoint {
	if !strings.HasPrefix(target, "/") {
		if !strings.Contains(target, "://") {
			return nil
		}
		target = p.site.target(target)
	}
	all := p.endpoints()
	if e, ok := all[p.ports.spot(port, target)]; ok {
		return e
	}
	path, _, _ := strings.Cut(target, "?")
	return all[p.ports.spot(port, path)]
}

func (g *Gateway) serveDocument(req *http1.Request, document []byte) *http1.Reply {
	g.noteHTTP("http.request", req, http.StatusOK)
	document = g.dialect.description.encode(g.faultyXML(req, document))
	return g.reply(req, g.dialect.http.description, answer{
		status: http.StatusOK, body: document, length: len(document), bodyless: req.Method == "HEAD",
	})
}

// refuse answers a request that did not reach a service.
func (g *Gateway) refuse(req *http1.Request, a answer) *http1.Reply {
	g.noteHTTP("http.request", req, a.status)
	a.body = []byte(g.dialect.http.pages[strconv.Itoa(a.status)])
	return g.reply(req, g.dialect.http.refusal, a)
}

func (g *Gateway) noteHTTP(kind string, req *http1.Request, status int, details ...Detail) {
	g.journal.add(Entry{
		Time: g.options.Clock.Now(), Kind: kind, Peer: req.Remote, Name: req.Method + " " + shorten(req.Target),
		Status: status, Details: append(forgiven(req.Forgiven), details...),
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
	return g.options.Stands()
}
