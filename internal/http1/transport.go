package http1

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper] for gateways. Every request has a connection of its own ("Connection: close" unless
// the request holds another), leaves in one Write with a Content-Length, and is answered with the whole body read. There is
// no proxy, no compression and no retry; redirects are left to the caller. The zero value is usable. It is safe for
// concurrent use and must not be copied after its first use.
//
// Errors are those of [Reader.ReadResponse], what Dial and the connection gave, the error of the request's context, or a
// [*TimeoutError].
type Transport struct {
	// Dial connects; nil means a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Limits cap the response.
	Limits Limits
	// Timeout bounds the whole exchange within the request's context, 0 = 10 s.
	Timeout time.Duration
	// Trace receives the wire of both directions, nil for none. Each message is one Write; writes do not overlap.
	Trace io.Writer
	// Version is the version of requests, "" = "HTTP/1.1".
	Version string
	// SOAPAction is how that name is spelled in POST, "" = "SOAPAction".
	SOAPAction string

	trace sync.Mutex
}

// closedIdle is how long a body that is complete as XML is waited on for more, when its length is unknown or untrue.
const closedIdle = 100 * time.Millisecond

// TimeoutError says that an exchange took longer than [Transport.Timeout]. It is a [net.Error] and matches
// [os.ErrDeadlineExceeded].
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("http: no complete answer within %v", e.After)
}
func (e *TimeoutError) Timeout() bool        { return true }
func (e *TimeoutError) Temporary() bool      { return true }
func (e *TimeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

var _ net.Error = (*TimeoutError)(nil)

// RoundTrip implements [http.RoundTripper]. How the request is spelled is told at [Transport.Message].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	msg, err := t.Message(req)
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(t.Timeout, 10*time.Second)
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	resp, err := t.exchange(ctx, req, msg)
	if err == nil {
		return httpResponse(resp, req), nil
	}
	// The connection was closed under the exchange when ctx ended, so what ended ctx is the cause.
	if cause := req.Context().Err(); cause != nil {
		return nil, cause
	}
	if ctx.Err() != nil {
		return nil, &TimeoutError{timeout}
	}
	return nil, err
}

func (t *Transport) exchange(ctx context.Context, req *http.Request, msg *Message) (*Response, error) {
	dial := t.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c, err := dial(ctx, "tcp", address(req.URL))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()

	out := msg.Append(nil)
	t.dump('>', c, out)
	_, werr := c.Write(out)
	// A device may answer and close before it has read the whole request: its answer says more than our failed write.
	src := &tap{Conn: c, on: t.Trace != nil}
	r := NewReader(src, t.Limits)
	r.idle = closedIdle
	resp, err := r.ReadResponse(req.Method)
	t.dump('<', c, src.seen.Bytes())
	switch {
	case err == nil:
		return resp, nil
	case werr != nil:
		return nil, werr
	case err == io.EOF:
		return nil, fmt.Errorf("http: closed without an answer: %w", err)
	}
	return nil, err
}

// tap keeps a copy of what is read, for Trace.
type tap struct {
	net.Conn
	on   bool
	seen bytes.Buffer
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if t.on {
		t.seen.Write(p[:n])
	}
	return n, err
}

func (t *Transport) dump(direction byte, c net.Conn, b []byte) {
	if t.Trace == nil || len(b) == 0 {
		return
	}
	var d bytes.Buffer
	fmt.Fprintf(&d, "%c %v, %d bytes\n", direction, c.RemoteAddr(), len(b))
	for line := range bytes.Lines(b) {
		d.WriteByte(direction)
		d.WriteByte(' ')
		d.Write(bytes.TrimRight(line, "\r\n"))
		d.WriteByte('\n')
	}
	t.trace.Lock()
	defer t.trace.Unlock()
	t.Trace.Write(d.Bytes())
}

// body is the body of an [http.Response] made by a Transport.
type body struct {
	bytes.Reader
	resp *Response
}

func (*body) Close() error { return nil }

func httpResponse(p *Response, req *http.Request) *http.Response {
	b := &body{resp: p}
	b.Reset(p.Body)
	reason := cmp.Or(p.Reason, http.StatusText(p.Status))
	r := &http.Response{
		Status:        fmt.Sprintf("%d %s", p.Status, reason),
		StatusCode:    p.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        p.Fields.Header(),
		Body:          b,
		ContentLength: int64(len(p.Body)),
		Close:         true,
		Request:       req,
	}
	// The body is joined and whole: what the head said about its framing no longer holds.
	r.Header.Del("Transfer-Encoding")
	if v := p.Version; len(v) == 8 && v[7] == '0' {
		r.Proto, r.ProtoMinor = "HTTP/1.0", 0
	}
	return r
}

// Raw gives the response as it arrived; nil when resp did not come from a [Transport] or its Body was replaced.
func Raw(resp *http.Response) *Response {
	if resp == nil {
		return nil
	}
	if b, ok := resp.Body.(*body); ok {
		return b.resp
	}
	return nil
}

var errNoHost = errors.New("http: request without a host")
