package http1

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// length reads Content-Length. It is -1 when absent; ok is false when it is not a number, or two fields contradict each other.
func (h *Head) length() (n int64, ok bool) {
	n = -1
	for i := range h.Fields {
		if !strings.EqualFold(h.Fields[i].Name, "Content-Length") {
			continue
		}
		v := h.Fields[i].Value
		if v == "" || !isDigit(v[0]) {
			return -1, false
		}
		m, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n >= 0 && m != n {
			return -1, false
		}
		n = m
	}
	return n, true
}

func (h *Head) chunked() bool {
	return hasToken(h.Fields.Get("Transfer-Encoding"), "chunked")
}

// hasToken reports whether a comma-separated field value lists token, in any case.
func hasToken(value, token string) bool {
	for part := range strings.SplitSeq(value, ",") {
		if strings.EqualFold(strings.Trim(part, " \t"), token) {
			return true
		}
	}
	return false
}

// requestBody is strict: a client that lies about its body gets a 400.
func (r *Reader) requestBody(h *Head) ([]byte, error) {
	n, ok := h.length()
	if !ok {
		return nil, syntaxError("content-length", h.Fields.Get("Content-Length"))
	}
	chunked := h.chunked()
	if n <= 0 && !chunked {
		return nil, nil
	}
	if !chunked && n > r.lim.Body {
		return nil, &LimitError{"body", r.lim.Body}
	}
	if r.onContinue != nil && r.pos == len(r.buf) && hasToken(h.Fields.Get("Expect"), "100-continue") {
		if err := r.onContinue(); err != nil {
			return nil, err
		}
	}
	if chunked {
		c := chunkReader{r: r, trailers: true}
		var body []byte
		for {
			var err error
			if body, err = c.next(body); err == io.EOF {
				return body, nil
			} else if err != nil {
				return nil, noEOF(err)
			}
			if int64(len(body)) > r.lim.Body {
				return nil, &LimitError{"body", r.lim.Body}
			}
		}
	}
	body := append([]byte(nil), r.buffered(n)...)
	for int64(len(body)) < n {
		var err error
		if body, err = r.more(body, n); err != nil {
			return nil, noEOF(err)
		}
	}
	return body, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// more reads once and appends to body, up to a total of n bytes. Memory grows with what arrived, never with what was announced.
func (r *Reader) more(body []byte, n int64) ([]byte, error) {
	if r.pos < len(r.buf) {
		return append(body, r.buffered(n-int64(len(body)))...), nil
	}
	if len(body) == cap(body) {
		grown := make([]byte, len(body), int(min(n, int64(max(bufferSize, 2*cap(body))))))
		copy(grown, body)
		body = grown
	}
	m, err := r.readInto(body[len(body):int(min(n, int64(cap(body))))])
	return body[:len(body)+m], err
}

// responseBody reads the body of a response by whatever tells its end: Content-Length, chunks, the end of the connection,
// or, when a device gets those wrong and keeps the connection open, the end tag of the root element and a moment of silence
// after it.
func (r *Reader) responseBody(h *Head) ([]byte, error) {
	n, ok := h.length()
	if !ok {
		h.forgive(LengthInvalid)
	}
	if h.chunked() {
		return r.chunkedBody(h)
	}
	return r.plainBody(h, n)
}

// plainBody reads a body of n bytes, or to its end when n is negative.
func (r *Reader) plainBody(h *Head, n int64) ([]byte, error) {
	if n > r.lim.Body {
		// A length of -1 printed as unsigned, or a body that is too large: reading tells.
		h.forgive(LengthInvalid)
		n = -1
	}
	if n == 0 && r.idle > 0 && markup(r.buf[r.pos:]) {
		// What came with a head that announces nothing may be a fault, and must not pass for an empty success.
		h.forgive(LengthTooShort)
		n = min(int64(len(r.buf)-r.pos), r.lim.Body)
	}
	if n == 0 {
		return nil, nil
	}
	until := r.lim.Body + 1
	if n > 0 {
		until = n
	}
	var body []byte
	var tags tagWatch
	for int64(len(body)) < until {
		closed := r.idle > 0 && tags.closed(body)
		cancel := func() {}
		if closed && r.pos == len(r.buf) {
			cancel = r.waitIdle()
		}
		more, err := r.more(body, until)
		cancel()
		body = more
		if err == nil {
			continue
		}
		return r.endOfBody(h, body, err, n, closed)
	}
	if n < 0 {
		return nil, &LimitError{"body", r.lim.Body}
	}
	return r.pastLength(h, body, &tags)
}

// endOfBody judges a body that ended before its announced length n, or that had none (n < 0).
func (r *Reader) endOfBody(h *Head, body []byte, err error, n int64, closed bool) ([]byte, error) {
	switch {
	case closed && isTimeout(err):
		if n < 0 {
			h.forgive(NoLengthStaysOpen)
		} else {
			h.forgive(LengthTooLong)
		}
		return body, nil
	case err == io.EOF && n < 0:
		return body, nil
	case err == io.EOF && closed:
		h.forgive(LengthTooLong)
		return body, nil
	case err == io.EOF:
		h.forgive(BodyTruncated)
		return body, nil
	case closed:
		h.forgive(ResetAtEnd)
		return body, nil
	}
	return nil, err
}

// pastLength reads on behind Content-Length bytes when they end before the root element does. Only a Transport does so,
// whose connections carry one response. Web pages often leave their root open and are not worth the wait.
func (r *Reader) pastLength(h *Head, body []byte, tags *tagWatch) ([]byte, error) {
	if r.idle == 0 || tags.ended(body) || !markup(body) || bytes.EqualFold(tags.name, []byte("html")) {
		return body, nil
	}
	for !tags.ended(body) {
		if int64(len(body)) > r.lim.Body {
			return nil, &LimitError{"body", r.lim.Body}
		}
		cancel := r.waitIdle()
		more, err := r.more(body, r.lim.Body+1)
		cancel()
		if err != nil {
			return body, nil
		}
		body = more
		h.forgive(LengthTooShort)
	}
	return body, nil
}

// markup reports whether body can be the beginning of an XML document.
func markup(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(body) > 0 && body[0] == '<'
}
