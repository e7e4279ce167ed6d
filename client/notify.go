package client

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// Bounds of what may call back. An event of a connection service has less than 1 KiB.
const (
	maxEvent        = 64 << 10
	maxEventDepth   = 8
	maxEventValue   = 64 // of a variable, in bytes
	maxCallbacks    = 8  // connections at once
	maxEarly        = 4  // events that are kept until the answer to the SUBSCRIBE has come
	callbackTimeout = 5 * time.Second
)

// news is what an event tells.
type news struct {
	gateway *Gateway
	values  map[string]string // by variable, of those that concern mappings
	gap     bool              // events were lost, or may have been
}

// callback takes the events of one subscription (UDA 1.1 §4.3). It hears nobody but the gateway, at a path that only the gateway was told.
type callback struct {
	listener net.Listener
	callers  []netip.Addr
	tell     func(news)

	mu    sync.Mutex
	path  string // of the subscription that is asked for or goes on
	sid   string // its name; "": it is not known yet
	next  uint32 // SEQ of the next event
	begun bool   // an event has come
	early []early
}

// early is an event that came before the answer to the SUBSCRIBE.
type early struct {
	sid, seq string
	values   map[string]string
}

func newCallback(l net.Listener, callers []netip.Addr, tell func(news)) *callback {
	return &callback{listener: l, callers: callers, tell: tell}
}

// serve takes events while run runs, which is until ctx ends.
func (c *callback) serve(ctx context.Context, run func(context.Context)) {
	within, cancel := context.WithCancel(context.WithoutCancel(ctx))
	server := &http1.Server{
		Limits:      http1.Limits{Head: 8 << 10, Body: maxEvent},
		ReadTimeout: callbackTimeout,
		IdleTimeout: callbackTimeout,
		MaxConns:    maxCallbacks,
		Handle:      func(_ context.Context, req *http1.Request) *http1.Reply { return http1.NewReply(c.take(req), nil, nil) },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(within, callers{c.listener, c.callers})
	}()
	run(ctx)
	cancel()
	<-done
}

// callers is a listener that hangs up on everybody else.
type callers struct {
	net.Listener
	welcome []netip.Addr
}

func (l callers) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || slices.Contains(l.welcome, addrOf(c.RemoteAddr()).WithZone("")) {
			return c, err
		}
		c.Close()
	}
}

// renew gives the URL for a new subscription. Events at the one before are not taken any more.
func (c *callback) renew(local netip.Addr) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path, c.sid, c.next, c.begun, c.early = "/"+rand.Text(), "", 0, false, nil
	port := portOf(c.listener.Addr(), 0)
	u := url.URL{Scheme: "http", Host: netip.AddrPortFrom(local.WithZone(""), port).String(), Path: c.path}
	return u.String()
}

// expect tells the name of the subscription, and takes the events that were quicker than the answer that bore it: a race that UDA 1.1 §4.1 does
// not rule out.
func (c *callback) expect(sid string) {
	c.mu.Lock()
	c.sid = sid
	waiting := c.early
	c.early = nil
	c.mu.Unlock()
	for _, e := range waiting {
		if e.sid == sid {
			c.accept(e)
		}
	}
}

// take judges a request and gives the status of the answer.
func (c *callback) take(req *http1.Request) int {
	target, err := url.Parse(req.Target)
	if err != nil || !strings.EqualFold(req.Method, "NOTIFY") {
		return http.StatusMethodNotAllowed
	}
	f := req.Fields
	e := early{sid: strings.TrimSpace(f.Get("SID")), seq: strings.TrimSpace(f.Get("SEQ"))}
	c.mu.Lock()
	path, sid := c.path, c.sid
	c.mu.Unlock()
	switch {
	case path == "" || target.Path != path:
		return http.StatusNotFound
	case !strings.EqualFold(f.Get("NT"), "upnp:event") || !strings.EqualFold(f.Get("NTS"), "upnp:propchange"):
		return http.StatusPreconditionFailed // UDA 1.1 §4.3.2
	case e.sid == "" || len(e.sid) > maxSID || sid != "" && e.sid != sid:
		return http.StatusPreconditionFailed
	}
	if e.values, err = readEvent(req.Body, f.Get("Content-Type")); err != nil {
		return http.StatusBadRequest
	}
	c.mu.Lock()
	wait := c.sid == ""
	if wait && len(c.early) < maxEarly {
		c.early = append(c.early, e)
	}
	c.mu.Unlock()
	if !wait {
		c.accept(e)
	}
	return http.StatusOK
}

// accept takes an event of our subscription in. Its SEQ counts from 0 and goes on from 1 after the greatest (UDA 1.1 §4.3.2): one that came before
// is dropped, and one that skips some tells that something was missed.
func (c *callback) accept(e early) {
	seq, err := strconv.ParseUint(e.seq, 10, 32)
	c.mu.Lock()
	if e.sid != c.sid { // of the subscription before
		c.mu.Unlock()
		return
	}
	n := news{values: e.values}
	switch next := c.next; {
	case err != nil: // nothing can be told from it
	case c.begun && uint32(seq)-next >= 1<<31 && seq != 0:
		c.mu.Unlock()
		return
	case c.begun && seq == 0:
		c.mu.Unlock()
		return // the first one again
	default:
		n.gap = uint32(seq) != next
		if c.next = uint32(seq) + 1; c.next == 0 {
			c.next = 1
		}
	}
	c.begun = true
	c.mu.Unlock()
	c.tell(n)
}

// The evented variables that concern mappings (WANIPConnection:1 §2.3).
const (
	eventedAddress = "ExternalIPAddress"
	eventedStatus  = "ConnectionStatus"
	eventedEntries = "PortMappingNumberOfEntries"
)

// readEvent reads the property set of an event, forgiving what the reader of control messages forgives.
func readEvent(body []byte, contentType string) (map[string]string, error) {
	doc, _, err := soap.ReadXML(body, contentType, soap.Limits{Size: maxEvent, Depth: maxEventDepth})
	if err != nil {
		return nil, err
	}
	values := make(map[string]string)
	var visit func(e *etree.Element)
	visit = func(e *etree.Element) {
		for _, c := range e.ChildElements() {
			for _, name := range []string{eventedAddress, eventedStatus, eventedEntries} {
				if text := strings.TrimSpace(c.Text()); strings.EqualFold(c.Tag, name) && len(text) <= maxEventValue {
					values[name] = text
				}
			}
			visit(c)
		}
	}
	visit(doc.Root())
	return values, nil
}
