package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

const (
	// describeTimeout bounds the fetch of one description, the second attempt included, unless the user named the gateway
	// and the time.
	describeTimeout = 3 * time.Second
	// maxDescriptionSize bounds one description in bytes. Real ones stay below 32 KiB.
	maxDescriptionSize = 256 << 10
	// maxDepth is deeper than any nesting of devices.
	maxDepth = 32
)

// candidate is a description that somebody named, and what is known before it is read.
type candidate struct {
	location *url.URL
	local    netip.Addr // source of requests, zero: as the routes say
	trust    trust
	server   string       // SERVER of the reply
	boot     *uint32      // BOOTID of the reply, nil: it has none
	quirks   []string     // forgiven so far
	link     *link        // where the reply came in, nil when nothing was searched
	links    []link       // of this machine, when the search began
	memory   []remembered // the rows of the cache; nil: not read
	asked    bool         // the user named it
}

// describe reads a description and asks its services how they are. Its errors are a *NotGatewayError or ctx's.
func describe(ctx context.Context, o Options, c candidate) (*Gateway, error) {
	fail := func(r Reason, err error) (*Gateway, error) {
		return nil, &NotGatewayError{Location: c.location.String(), Responder: c.trust.responder, Reason: r, Err: err}
	}
	page, err := c.fetch(ctx, o)
	if err != nil {
		if ctx.Err() != nil && !(c.asked && errors.Is(ctx.Err(), context.DeadlineExceeded)) {
			return nil, ctx.Err()
		}
		return fail(reason(err), err)
	}
	if page.Status != http.StatusOK {
		return fail(HTTPFailure, &soap.HTTPError{Status: page.Status, Reason: page.Reason, Body: page.Body[:min(len(page.Body), 1<<10)]})
	}
	xml, quirks, err := soap.ReadXML(page.Body, page.Fields.Get("Content-Type"), soap.Limits{Size: maxDescriptionSize, Depth: maxDepth})
	if err != nil {
		return fail(NotDescription, err)
	}
	if !c.trust.responder.IsValid() {
		c.trust.responder = page.remote
	}
	doc := readDocument(xml, c.location, c.trust)
	switch {
	case doc == nil && xml.Root() != nil:
		return fail(NotDescription, fmt.Errorf("its root element is %.64q", xml.Root().Tag))
	case doc == nil:
		return fail(NotDescription, nil)
	case len(doc.services) == 0:
		return nil, &NotGatewayError{Location: c.location.String(), Responder: c.trust.responder, Reason: NoService, Type: doc.root.Device.DeviceType}
	}
	g := &Gateway{
		Location:  c.location.String(),
		Responder: c.trust.responder,
		Local:     page.local,
		Server:    c.server,
		boot:      c.boot,
		Root:      doc.root,
		Services:  doc.services,
		options:   o,
		asked:     c.asked,
		dialogue:  dialogue{options: o, local: page.local},
	}
	served := page.Fields.Get("Server")
	if g.build = g.buildOf(served); g.Server == "" {
		g.Server, g.unnamed = served, true
	}
	g.forgive(slices.Concat(c.quirks, page.Forgiven, quirks, doc.quirks)...)
	g.stand(c)
	g.recollect(ctx, c.memory)
	return g, g.probe(ctx)
}

// stand fills in where the gateway is, seen from here.
func (g *Gateway) stand(c candidate) {
	at := c.link
	if i := slices.IndexFunc(c.links, func(l link) bool { return l.addr() == g.Local }); at == nil && i >= 0 {
		at = &c.links[i]
	}
	if at != nil {
		g.Interface = at.ifi.Name
		g.DefaultRoute = slices.Contains(at.gateways, g.Responder)
	}
}

// page is an HTTP response and the two ends of its connection.
type page struct {
	*http1.Response
	local, remote netip.Addr
}

// fetch gets the description. A connection that is dropped before an answer is tried once more: OpenWrt and the Netgear
// R8000 drop the first one.
func (c candidate) fetch(ctx context.Context, o Options) (*page, error) {
	limit := describeTimeout
	if c.asked {
		limit = o.patience
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p, err := c.get(ctx, o, limit)
	if hungUp(err) {
		p, err = c.get(ctx, o, limit)
		if err == nil {
			p.Forgiven = append(p.Forgiven, "desc-drops-first-connection")
		}
	}
	return p, err
}

func (c candidate) get(ctx context.Context, o Options, limit time.Duration) (*page, error) {
	p := new(page)
	var heard atomic.Bool
	t := &http1.Transport{
		Limits:  http1.Limits{Body: maxDescriptionSize},
		Timeout: limit,
		Trace:   o.Trace,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := o.Net.Dial(ctx, network, c.local, address)
			if err != nil {
				return nil, outbound(address, err)
			}
			p.local, p.remote = addrOf(conn.LocalAddr()), addrOf(conn.RemoteAddr())
			return hearing{conn, &heard}, nil
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.location.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := t.RoundTrip(req)
	switch {
	case err != nil && heard.Load() && late(err):
		return nil, fmt.Errorf("%w: %w", errSlow, err)
	case err != nil:
		return nil, err
	}
	defer resp.Body.Close()
	p.Response = http1.Raw(resp)
	return p, nil
}

// errSlow is in the error of an answer that began and did not end in time.
var errSlow = errors.New("the answer does not end in time")

// hearing is a connection that remembers whether anything came.
type hearing struct {
	net.Conn
	heard *atomic.Bool
}

func (h hearing) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	if n > 0 {
		h.heard.Store(true)
	}
	return n, err
}

// addrOf gives the address of one end of a connection, zero when it has none.
func addrOf(a net.Addr) netip.Addr {
	at, _ := addrPortOf(a)
	return at.Addr()
}

// reason sorts the errors of a fetch.
func reason(err error) Reason {
	var limit *http1.LimitError
	var syntax *http1.SyntaxError
	switch {
	case errors.Is(err, errSlow):
		return Slow
	case errors.As(err, &limit):
		return TooLarge
	case errors.As(err, &syntax):
		return HTTPFailure
	case late(err):
		return Silent
	case hungUp(err):
		return HangsUp
	}
	return Unreachable
}

// late tells whether time ran out.
func late(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
