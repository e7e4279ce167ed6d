package http1

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

func seeds() map[string]string {
	return map[string]string{
		"response":                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"request":                 "POST /ctl HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok",
		"search":                  "M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n",
		"chunked":                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"chunked request":         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
		"huge chunk":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc",
		"not chunked":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<root></root>",
		"to the end":              "HTTP/1.0 200 OK\r\n\r\n<?xml version=\"1.0\"?><root><!-- </root> --></root>\x00",
		"junk lines":              "\r\nhttp/1.1 200\nDEFUNCT\n : x\n folded\nA : b\x00\n\n",
		"length as unsigned":      "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n<a/>",
		"end tag before any root": "HTTP/1.1 200 OK\r\n\r\n</></a><a><a/></a>",
		"tag without a name":      "HTTP/1.1 200 OK\r\n\r\n<><//><a>",
		"interim":                 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	}
}

// slow hands out a few bytes per read, so that every boundary is met.
type slow struct {
	r io.Reader
	n int
}

func (s slow) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.n)]) }

func checkError(t *testing.T, err error) {
	var limit *LimitError
	var syntax *SyntaxError
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && !errors.As(err, &limit) && !errors.As(err, &syntax) {
		t.Fatalf("untyped error %v", err)
	}
}

// FuzzHead: a head keeps its bytes, and is read the same however it is cut into reads.
func FuzzHead(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, rest, err := ParseHead(b, Limits{})
		if checkError(t, err); err != nil {
			return
		}
		if !bytes.Equal(append(bytes.Clone(h.Raw), rest...), b) {
			t.Fatalf("raw %q and rest %q are not the input", h.Raw, rest)
		}
		for _, f := range h.Fields {
			if f.Name == "" {
				t.Fatal("field without a name")
			}
		}
		if bytes.ContainsAny(bytes.ReplaceAll(h.Raw, []byte("\r\n"), []byte("\n")), "\r\x00") {
			return // a lone CR or NUL at the end of a value is taken for that of a line
		}
		m := Message{Line: h.Line, Fields: h.Fields}
		written := m.Append(nil)
		again, rest, err := ParseHead(written, Limits{Head: len(written)})
		if err != nil || again.Line != h.Line || !slices.Equal(again.Fields, h.Fields) || len(rest) > 0 || m.HeadSize() != len(written) {
			t.Fatalf("%q was written as %q and read as %+v, %v", b, written, again, err)
		}
	})
}

// FuzzChunks: a body written in chunks is read back.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("hello"), uint8(2))
	f.Add([]byte(nil), uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		message := AppendChunks([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), body, 1+int(size))
		p, err := NewReader(bytes.NewReader(message), Limits{}).ReadResponse("GET")
		if err != nil || len(p.Forgiven) > 0 || !bytes.Equal(p.Body, body) {
			t.Fatalf("%q: %q, %v, %v", message, p.Body, p.Forgiven, err)
		}
	})
}

// FuzzExact: a message taken apart is still the same.
func FuzzExact(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Add([]byte("A\r\nb:c\r\nd : e \r\nf:\r\ng: \r\n junk\r\n:\r\n\r\nbody"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := Exact(b)
		if got := m.Append(nil); !bytes.Equal(got, b) || m.HeadSize()+len(m.Body) != len(b) {
			t.Fatalf("%q became %q", b, got)
		}
	})
}

// FuzzDelivery: however a reply is cut up, what arrives is its beginning, as far as the pieces reach, in no larger writes
// than were asked for.
func FuzzDelivery(f *testing.F) {
	f.Add([]byte("hello"), 3, 1, 2, 0, true)
	f.Add([]byte("hello"), -1, -1, 1<<40, 7, false)
	f.Add([]byte(nil), 0, 0, 0, 0, true)
	f.Fuzz(func(t *testing.T, body []byte, first, firstEach, second, secondEach int, head bool) {
		reply := &Reply{Message: Message{Body: body}, Pieces: []Piece{{Bytes: first, Each: firstEach}, {Bytes: second, Each: secondEach}}}
		if head {
			reply.Line, reply.Fields = string(body[:len(body)/2]), Fields{{Name: "A", Value: "b", Colon: ":"}, {Value: "junk"}}
		}
		message := reply.Append(nil)
		first, second = min(max(first, 0), len(message)), max(second, 0)
		want := message[:first+min(second, len(message)-first)]
		w := new(sink)
		c := &conn{Conn: w, serving: &serving{srv: &Server{}, read: time.Second}}
		if goesOn := c.deliver(t.Context(), reply); goesOn != (len(want) == len(message)) {
			t.Fatalf("%d of %d bytes, and the connection goes on: %v", len(want), len(message), goesOn)
		}
		var got []byte
		for _, b := range w.all {
			each := firstEach
			if len(got) >= first {
				each = secondEach
			}
			if len(b) == 0 || each > 0 && len(b) > each {
				t.Fatalf("a write of %d bytes, want at most %d", len(b), each)
			}
			got = append(got, b...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("sent %q, want %q", got, want)
		}
	})
}

// sink is a connection that keeps what is written.
type sink struct {
	net.Conn
	all [][]byte
}

func (w *sink) Write(b []byte) (int, error) {
	w.all = append(w.all, bytes.Clone(b))
	return len(b), nil
}

func (*sink) SetWriteDeadline(time.Time) error { return nil }

// FuzzRequest: what is read does not depend on the sizes of reads, and the sizes add up.
func FuzzRequest(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		whole, err := NewReader(bytes.NewReader(b), Limits{Body: 1 << 12}).ReadRequest()
		checkError(t, err)
		cut, cutErr := NewReader(slow{bytes.NewReader(b), 1 + int(n)}, Limits{Body: 1 << 12}).ReadRequest()
		if (err == nil) != (cutErr == nil) {
			t.Fatalf("whole: %v; in reads of %d: %v", err, 1+int(n), cutErr)
		}
		if err == nil && (whole.Target != cut.Target || !bytes.Equal(whole.Body, cut.Body) || !bytes.Equal(whole.Raw, cut.Raw)) {
			t.Fatalf("%+v and %+v", whole, cut)
		}
	})
}

// FuzzResponse is FuzzRequest for responses, as a Transport reads them and as a stream.
func FuzzResponse(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s), uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8, patient bool) {
		read := func(src io.Reader) (*Response, error) {
			r := NewReader(src, Limits{Body: 1 << 12})
			if patient {
				r.idle = closedIdle
			}
			p, err := r.ReadResponse("POST")
			checkError(t, err)
			return p, err
		}
		whole, err := read(bytes.NewReader(b))
		cut, cutErr := read(slow{bytes.NewReader(b), 1 + int(n)})
		if (err == nil) != (cutErr == nil) {
			t.Fatalf("whole: %v; in reads of %d: %v", err, 1+int(n), cutErr)
		}
		if err == nil && (whole.Status != cut.Status || int64(len(whole.Body)) > 1<<12) {
			t.Fatalf("%+v and %+v", whole, cut)
		}
	})
}
