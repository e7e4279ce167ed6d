package soap

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/internal/capped"
	"github.com/igdkit/igdkit/internal/http1"
)

// Transport is an [http.RoundTripper] between a SOAP client and its gateways. Requests that hold a SOAPAction reach Base with
// their body on one line; what the device answers is read leniently and replaced by a canonical envelope: a response in the standard's names
// and order with status 200, or a fault with status 500. Anything else is an error of RoundTrip: [*HTTPError],
// [*LimitError], [*SyntaxError], or the network's. So http.Client.Do fails where the device did not speak UPnP, with the
// cause in reach of [errors.As].
//
// A request with a SOAPAction is never redirected. Other requests go to Base untouched, except that they do not follow a
// redirect to another host.
//
// The zero value works. It is safe for concurrent use.
type Transport struct {
	// Base carries the requests. nil means igdkit's own transport: one connection per request, header names spelled as
	// routers want them ("SOAPAction"), head and body in one write, no proxy, no compression, 10 s for an exchange within
	// the context, and a reader that forgives broken HTTP. An [http.Transport] works too, and brings its strictness back.
	Base http.RoundTripper
	// MaxBody caps a response body in bytes, 0 = 1 MiB.
	MaxBody int64
	// MaxDepth caps the nesting of elements, 0 = 32.
	MaxDepth int
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = &http1.Transport{Limits: http1.Limits{Body: t.MaxBody}}
	}
	service, action, ok := soapAction(req.Header)
	if !ok {
		if from := req.Response; from != nil && from.Request != nil && from.Request.URL.Hostname() != req.URL.Hostname() {
			if req.Body != nil {
				req.Body.Close()
			}
			return nil, httpError(from, nil)
		}
		resp, err := base.RoundTrip(req)
		return resp, public(err)
	}
	var c call
	resp, err := t.call(base, req, service, action, &c)
	c.err = cmp.Or(c.err, err)
	recordingOf(req.Context()).set(c)
	return resp, err
}

// call performs one action. What it returns is for a strict client, what it leaves in c is the truth.
func (t *Transport) call(base http.RoundTripper, req *http.Request, service, action string, c *call) (*http.Response, error) {
	req, err := onOneLine(req)
	if err != nil {
		return nil, err
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, public(err)
	}
	defer resp.Body.Close()
	if raw := http1.Raw(resp); raw != nil {
		for _, id := range raw.Forgiven {
			c.quirks.add(id)
		}
	}
	limits := Limits{Size: t.MaxBody, Depth: t.MaxDepth}.defaults()
	body, truncated, err := readBody(resp, limits.Size)
	if err != nil {
		return nil, err
	}
	success := resp.StatusCode >= 200 && resp.StatusCode <= 299
	if len(bytes.TrimSpace(body)) == 0 && success && !truncated {
		c.quirks.add(RespBlank)
		return blank(req, resp, c, nil)
	}
	m, quirks, err := Parse(body, resp.Header.Get("Content-Type"), limits)
	var limit *LimitError
	switch {
	case errors.As(err, &limit):
		return nil, err
	case err != nil && success:
		return nil, err
	case err != nil || m.Fault == nil && !success:
		return nil, httpError(resp, body)
	}
	for _, id := range quirks {
		c.quirks.add(id)
	}
	if m.Fault != nil {
		if success {
			c.quirks.add(FaultIn200)
		}
		c.err = &Error{service, action, m.Fault.UPnPCode, ErrorName(service, m.Fault.UPnPCode), m.Fault.Description, resp.StatusCode}
		return answer(req, resp, http.StatusInternalServerError, writeFault(m.Fault)), nil
	}
	if resp.StatusCode != http.StatusOK {
		c.quirks.add(StatusNot200)
	}
	if m.Action == "" {
		return blank(req, resp, c, nil)
	}
	if m.Action != action || !m.Response {
		c.quirks.add(RespNameWrong)
	}
	if m.Service != service {
		c.quirks.add(RespNSWrong)
	}
	args, unknown, none := canonical(action, m.Args, &c.quirks)
	c.values, c.unknown = m.Args, unknown
	if none {
		c.quirks.add(RespBlank)
		return blank(req, resp, c, body)
	}
	return answer(req, resp, http.StatusOK, WriteResponse(service, action, args)), nil
}

// blank answers with an empty Body: success for an action without out-arguments, and for others a failure at the client,
// because handing it empty values would look like facts.
func blank(req *http.Request, resp *http.Response, c *call, body []byte) (*http.Response, error) {
	c.soft = syntaxError("answer without the action's out-arguments", body, nil)
	return answer(req, resp, http.StatusOK, []byte(writeBegin+writeEnd)), nil
}

// readBody reads the whole body. truncated is true when the device closed before its end; what came is kept.
func readBody(resp *http.Response, limit int64) (body []byte, truncated bool, err error) {
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		// Nobody asked for compression, and unpacking would need a cap of its own.
		return nil, false, &SyntaxError{What: "answer in content-encoding", Text: enc}
	}
	body, err = capped.Read(resp.Body, limit)
	if _, long := errors.AsType[*capped.TooLongError](err); long {
		return nil, false, &LimitError{"body", limit}
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return body, true, nil
	case err != nil:
		return nil, false, public(err)
	}
	if raw := http1.Raw(resp); raw != nil {
		for _, id := range raw.Forgiven {
			truncated = truncated || id == http1.BodyTruncated
		}
	}
	return body, truncated, nil
}

// memory is a body that encoding/xml reads as it is: around an [io.NopCloser] it would put a buffer of 4 KiB.
type memory struct{ bytes.Reader }

func (*memory) Close() error { return nil }

func readable(b []byte) io.ReadCloser {
	m := new(memory)
	m.Reset(b)
	return m
}

// answer makes the response that stands for resp.
func answer(req *http.Request, resp *http.Response, status int, body []byte) *http.Response {
	h := resp.Header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Del("Transfer-Encoding")
	h.Set("Content-Type", `text/xml; charset="utf-8"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return &http.Response{
		Status:        strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode:    status,
		Proto:         resp.Proto,
		ProtoMajor:    resp.ProtoMajor,
		ProtoMinor:    resp.ProtoMinor,
		Header:        h,
		Body:          readable(body),
		ContentLength: int64(len(body)),
		Close:         resp.Close,
		Request:       req,
	}
}

func httpError(resp *http.Response, body []byte) *HTTPError {
	reason := strings.TrimSpace(strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode)))
	return &HTTPError{resp.StatusCode, reason, bytes.Clone(body[:min(len(body), 1<<10)])}
}

// soapAction reads service type and action from a SOAPAction field, or from that of an M-POST, in any spelling.
func soapAction(h http.Header) (service, action string, ok bool) {
	for key, values := range h {
		name := strings.ToLower(key)
		if name != "soapaction" && !strings.HasSuffix(name, "-soapaction") || len(values) == 0 {
			continue
		}
		value := strings.Trim(values[0], ` "`)
		i := strings.LastIndexByte(value, '#')
		return value[:max(i, 0)], value[i+1:], true
	}
	return "", "", false
}
