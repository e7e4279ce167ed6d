package http1

import (
	"bytes"
	"errors"
	"io"
	"testing"
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
	})
}

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
