package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
	"github.com/igdkit/igdkit/soap"
)

// manner is one way to put a control request. The zero value is the standard's, in the spelling that most routers want.
type manner struct {
	quirk    string // what a gateway has that needs it; "": nothing
	version  string // of HTTP; "": 1.1
	spelling string // of SOAPAction; "": exactly so
	mpost    bool   // M-POST with the mandatory extension of UDA 1.0 §3.1.1
}

// manners are the ladder, the likeliest first. A healthy gateway is asked by the first only.
func manners() []manner {
	return []manner{
		{},
		{quirk: "soap-needs-mpost", mpost: true}, // UDA 1.0 §3.1.1: after 405; some answer 500 (BiglyBT)
		{quirk: "soap-11-rejected", version: "HTTP/1.0"},    // miniupnpc's second try
		{quirk: "soap-header-case", spelling: "SOAPACTION"}, // as UDA writes it
	}
}

// dialogue is how a gateway is talked to, and what was learned about that. The gateway's turn is held around its methods.
type dialogue struct {
	options Options
	local   netip.Addr
	manner  manner
	spoke   bool // it has answered in SOAP: what fails from then on is not for the manner
	spacing spacing
	met     bool      // the last exchange had a connection
	last    time.Time // when the last exchange ended
	until   time.Time // when the action under way is given up
}

// talk runs ask, which is one exchange over the transport that it is given, in the manner that the gateway is known to take, or in the first of
// the ladder that it does. again tells whether the request may be sent twice. It gives the quirks that were found.
// All of it takes no longer than one action may, or than [within] says.
func (d *dialogue) talk(ctx context.Context, again bool, ask func(http.RoundTripper) error) (quirks []string, err error) {
	d.until = time.Now().Add(limitOf(ctx))
	err = d.once(ctx, d.manner, ask)
	switch {
	case d.met && ctx.Err() == nil && (hungUp(err) || late(err)):
		d.spacing.widen()
	case spoken(err):
		d.spacing.narrow()
	}
	if again && hungUp(err) && d.more(ctx) {
		if err = d.once(ctx, d.manner, ask); err == nil {
			quirks = append(quirks, "soap-drops-connections")
		}
	}
	if spoken(err) {
		d.spoke = true
		return quirks, err
	}
	if d.spoke || !otherwise(err) || !again && !refusedByHTTP(err) {
		return quirks, err // or it may have been carried out
	}
	for _, m := range manners() {
		if m == d.manner || !d.more(ctx) {
			continue
		}
		if other := d.once(ctx, m, ask); spoken(other) {
			d.manner, d.spoke = m, true
			return append(quirks, m.quirk), other
		}
	}
	return quirks, err
}

// limitKey is that of within.
type limitKey struct{}

// within is a context whose actions are given up after d each.
func within(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, limitKey{}, d)
}

// limitOf is how long one action may take.
func limitOf(ctx context.Context) time.Duration {
	if d, ok := ctx.Value(limitKey{}).(time.Duration); ok {
		return d
	}
	return actionTimeout
}

// more tells whether there is time for another exchange.
func (d *dialogue) more(ctx context.Context) bool {
	return ctx.Err() == nil && time.Until(d.until) > d.spacing.Distance
}

// once keeps the distance to the request before.
func (d *dialogue) once(ctx context.Context, m manner, ask func(http.RoundTripper) error) error {
	d.met = false
	if err := d.pause(ctx); err != nil {
		return err
	}
	defer func() { d.last = time.Now() }()
	err := ask(m.transport(d.options, d.local, time.Until(d.until), &d.met))
	if !d.met && ctx.Err() == nil && late(err) {
		return &net.OpError{Op: "dial", Net: "tcp", Err: err} // nobody took the connection
	}
	return err
}

// pause waits until the next request may leave.
func (d *dialogue) pause(ctx context.Context) error {
	pause := d.spacing.Distance - time.Since(d.last)
	if pause <= 0 || d.last.IsZero() {
		return nil
	}
	return sleep(ctx, pause)
}

// sleep waits for d, or for the end of ctx, whose cause it gives.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// spoken tells whether err, or its absence, shows that the gateway understood the request as SOAP.
func spoken(err error) bool {
	var refused *soap.Error
	var value *ValueError
	return err == nil || errors.As(err, &refused) || errors.As(err, &value)
}

// otherwise tells whether a request that came to err may be worth putting in another manner: when HTTP refused it, or nothing that can be read
// came back. A 404 means another URL.
func otherwise(err error) bool {
	var status *soap.HTTPError
	var syntax *soap.SyntaxError
	switch {
	case errors.As(err, &status):
		return status.Status != http.StatusNotFound
	case errors.As(err, &syntax):
		return true
	}
	return hungUp(err)
}

// refusedByHTTP tells whether the status says that the request was not carried out (RFC 9110 §15.5, §15.6.2, §15.6.6). 500 may come from the action itself, and 502
// and 504 from who waited for it.
func refusedByHTTP(err error) bool {
	var status *soap.HTTPError
	if !errors.As(err, &status) {
		return false
	}
	return status.Status/100 == 4 || status.Status == http.StatusNotImplemented || status.Status == http.StatusHTTPVersionNotSupported
}

// hungUp tells whether the connection was taken and ended without an answer.
func hungUp(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op) && op.Op != "dial" && !op.Timeout()
}

// transport sends from local, because gateways judge a request by its source address. met tells then whether there was a connection.
func (m manner) transport(o Options, local netip.Addr, timeout time.Duration, met *bool) http.RoundTripper {
	return &soap.Transport{Base: mannered{m, &http1.Transport{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := o.Net.Dial(ctx, network, local, address)
			*met = err == nil
			return c, outbound(address, err)
		},
		Timeout:    timeout,
		Trace:      o.Trace,
		Version:    m.version,
		SOAPAction: m.spelling,
	}}}
}

// mannered makes an M-POST of a POST where need be.
type mannered struct {
	manner
	base http.RoundTripper
}

func (m mannered) RoundTrip(req *http.Request) (*http.Response, error) {
	if !m.mpost || req.Method != http.MethodPost {
		return m.base.RoundTrip(req)
	}
	out := req.Clone(req.Context())
	out.Method = "M-POST"
	out.Header = http.Header{}
	for name, values := range req.Header {
		if http.CanonicalHeaderKey(name) == "Soapaction" {
			name = "01-SOAPACTION"
		}
		out.Header[name] = slices.Clone(values)
	}
	out.Header["MAN"] = []string{`"http://schemas.xmlsoap.org/soap/envelope/"; ns=01`}
	return m.base.RoundTrip(out)
}
