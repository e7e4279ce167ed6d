package http1

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// Reader reads the messages of one connection, one after another.
type Reader struct {
	src  io.Reader
	lim  Limits
	buf  []byte // unread bytes are buf[pos:]
	pos  int
	read []int // of the message being read

	// idle is how long a body that is already complete as XML is waited on for more; 0 when src cannot be given a deadline.
	idle time.Duration
	// onBegin is called, perhaps more than once, when the first bytes of a message are there.
	onBegin func()
	// onContinue is called when a request asks for 100 Continue and its body has not arrived.
	onContinue func() error
}

const (
	bufferSize = 4 << 10
	maxReads   = 64
)

// NewReader returns a Reader of r. Give it a connection whose deadlines are set by the caller.
func NewReader(r io.Reader, l Limits) *Reader {
	return &Reader{src: r, lim: l.defaults()}
}

// ReadRequest reads one request with its body. The error is [io.EOF] when the peer closed between messages,
// [io.ErrUnexpectedEOF] when it closed within one, a [*SyntaxError], a [*LimitError], or what the connection gave.
func (r *Reader) ReadRequest() (*Request, error) {
	q := new(Request)
	if err := r.head(&q.Head); err != nil {
		return nil, err
	}
	var strict bool
	var err error
	if q.Method, q.Target, q.Version, strict, err = parseRequestLine(q.Line); err != nil {
		return nil, err
	}
	if !strict {
		q.forgive(BadRequestLine)
	}
	if q.Body, err = r.requestBody(&q.Head); err != nil {
		return nil, err
	}
	q.Reads = r.takeReads()
	return q, nil
}

// ReadResponse reads one response with its body; interim 1xx responses are skipped. method is that of the request, because a
// response to HEAD has no body. Errors are as for ReadRequest; a body that the peer cut short is not an error but
// [BodyTruncated] in Forgiven.
func (r *Reader) ReadResponse(method string) (*Response, error) {
	// A hostile peer may send interim responses for ever; a real one sends one.
	for range 8 {
		p := new(Response)
		if err := r.head(&p.Head); err != nil {
			return nil, err
		}
		var strict bool
		var err error
		if p.Version, p.Status, p.Reason, strict, err = parseStatusLine(p.Line); err != nil {
			return nil, err
		}
		if !strict {
			p.forgive(BadStatusLine)
		}
		if p.Status < 200 && p.Status != 101 {
			continue
		}
		if method != "HEAD" && p.Status != 101 && p.Status != 204 && p.Status != 304 {
			if p.Body, err = r.responseBody(&p.Head); err != nil {
				return nil, err
			}
		}
		p.Reads = r.takeReads()
		return p, nil
	}
	return nil, syntaxError("response", "interim responses without end")
}

// head reads and parses one head. Bytes that follow it stay in the buffer.
func (r *Reader) head(h *Head) error {
	r.startMessage()
	start, from := 0, 0
	for {
		pending := r.buf[r.pos:]
		if from == start {
			start += leading(pending[start:])
			from = start
		}
		if r.onBegin != nil && start < len(pending) {
			r.onBegin()
		}
		n := headEnd(pending, from)
		switch {
		case n > r.lim.Head || n < 0 && len(pending) >= r.lim.Head:
			return &LimitError{"head", int64(r.lim.Head)}
		case n >= 0:
			r.pos += n
			return h.parse(bytes.Clone(pending[:n]), start, r.lim)
		}
		// The empty line may be split between reads: its first LF is at most two bytes back.
		from = max(start, len(pending)-2)
		err := r.fill()
		switch {
		case err == nil:
		case err != io.EOF:
			return err
		case start == len(pending):
			return io.EOF
		default:
			if err := h.parse(bytes.Clone(pending), start, r.lim); err != nil {
				return err
			}
			if _, _, _, _, err := parseStatusLine(h.Line); err != nil {
				return io.ErrUnexpectedEOF
			}
			h.forgive(NoBlankLine)
			r.pos = len(r.buf)
			return nil
		}
	}
}

func (r *Reader) startMessage() {
	r.read = r.read[:0]
	if r.pos == len(r.buf) {
		r.buf, r.pos = r.buf[:0], 0
		return
	}
	r.noteRead(len(r.buf) - r.pos)
}

// fill reads once into the buffer behind what is unread.
func (r *Reader) fill() error {
	if len(r.buf) == cap(r.buf) {
		if r.pos > 0 {
			r.buf = r.buf[:copy(r.buf, r.buf[r.pos:])]
			r.pos = 0
		} else {
			grown := make([]byte, len(r.buf), max(bufferSize, 2*cap(r.buf)))
			copy(grown, r.buf)
			r.buf = grown
		}
	}
	n, err := r.readInto(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	return err
}

// readInto reads at least one byte into p or fails; it prefers what is buffered.
func (r *Reader) readInto(p []byte) (int, error) {
	for range 100 {
		n, err := r.src.Read(p)
		if n > 0 {
			r.noteRead(n)
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

func (r *Reader) noteRead(n int) {
	if len(r.read) == maxReads {
		r.read[maxReads-1] += n
		return
	}
	r.read = append(r.read, n)
}

func (r *Reader) takeReads() []int { return append([]int(nil), r.read...) }

// buffered takes up to n bytes out of the buffer.
func (r *Reader) buffered(n int64) []byte {
	b := r.buf[r.pos:]
	if int64(len(b)) > n {
		b = b[:n]
	}
	r.pos += len(b)
	return b
}

// waitIdle makes the next read end after the idle time; its cancel lifts that again.
func (r *Reader) waitIdle() (cancel func()) {
	c, ok := r.src.(interface{ SetReadDeadline(time.Time) error })
	if !ok {
		return func() {}
	}
	c.SetReadDeadline(time.Now().Add(r.idle))
	return func() { c.SetReadDeadline(time.Time{}) }
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
