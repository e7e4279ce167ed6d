package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// piece is what a device sends after a pause.
type piece struct {
	after time.Duration
	data  string
}

// exchange lets a Transport talk, in fake time, to a device that sends the pieces and then closes, or holds the connection.
func exchange(t *testing.T, limits Limits, held bool, pieces ...piece) (resp *Response, took time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		gone := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer far.Close()
			if _, err := NewReader(far, Limits{}).ReadRequest(); err != nil {
				return
			}
			for _, p := range pieces {
				time.Sleep(p.after)
				if _, err := io.WriteString(far, p.data); err != nil {
					return
				}
			}
			if held {
				<-gone
			}
		})
		tr := &Transport{Dial: dialTo(near), Limits: limits}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://192.0.2.1/desc.xml", nil)
		begin := time.Now()
		r, e := tr.RoundTrip(req)
		resp, err, took = Raw(r), e, time.Since(begin)
		close(gone)
		wg.Wait()
	})
	return resp, took, err
}

func TestBodies(t *testing.T) {
	const (
		head = "HTTP/1.1 200 OK\r\n"
		root = "<?xml version=\"1.0\"?>\n<root a=\"b\"><x>1</x></root>"
	)
	now := func(s ...string) (p []piece) {
		for _, s := range s {
			p = append(p, piece{0, s})
		}
		return p
	}
	chunk := func(s string) string { return fmt.Sprintf("%X", len(s)) + "\r\n" + s + "\r\n" }
	tests := []struct {
		name     string
		held     bool
		pieces   []piece
		want     string
		forgiven []string
		within   time.Duration // how long it may take in all, 0: at once
	}{
		{"length", true, now(head + "Content-Length: 5\r\n\r\nhello"), "hello", nil, 0},
		{"length in pieces", true, []piece{{0, head + "Content-Len"}, {time.Second, "gth: 5\r"}, {time.Second, "\n\r"}, {time.Second, "\nhe"}, {time.Second, "llo"}}, "hello", nil, 4 * time.Second},
		{"length 0 and a document", true, now(head + "Content-Length: 0\r\n\r\n" + root), root, []string{LengthTooShort}, 0},
		{"length 0 and a document in pieces", true, []piece{{0, head + "Content-Length: 0\r\n\r\n" + root[:30]}, {closedIdle / 2, root[30:]}}, root, []string{LengthTooShort}, closedIdle / 2},
		{"length 0", true, now(head + "Content-Length: 0\r\n\r\n"), "", nil, 0},
		{"status line in lower case", true, now("http/1.1 200\r\nContent-Length: 5\r\n\r\nhello"), "hello", []string{BadStatusLine}, 0},
		{"length twice the same", true, now(head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), "hello", nil, 0},
		{"lengths that contradict", false, now(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), "hello", []string{LengthInvalid}, 0},
		{"length empty", false, now(head + "Content-Length:\r\n\r\nhello"), "hello", []string{LengthInvalid}, 0},
		{"length negative", true, now(head + "Content-Length: -1\r\n\r\n" + root), root, []string{LengthInvalid, NoLengthStaysOpen}, closedIdle},
		{"length -1 as unsigned", false, now(head + "Content-Length: 4294967295\r\n\r\n" + root), root, []string{LengthInvalid}, 0},
		{"no end of the declaration", true, now(head + "\r\n<?xml version=\"1.0\"><root>1</root>"), "<?xml version=\"1.0\"><root>1</root>", []string{NoLengthStaysOpen}, closedIdle},
		{"no length, closed", false, now(head+"\r\n"+root[:20], root[20:]), root, nil, 0},
		{"no length, open", true, now(head + "\r\n" + root + "\r\n\x00"), root + "\r\n\x00", []string{NoLengthStaysOpen}, closedIdle},
		{"no length, open, in pieces", true, []piece{{0, head + "\r\n<root><x>"}, {2 * time.Second, "1</x></ro"}, {2 * time.Second, "ot"}, {2 * time.Second, ">"}},
			"<root><x>1</x></root>", []string{NoLengthStaysOpen}, 6*time.Second + closedIdle},
		{"root element within the root element", true, []piece{{0, head + "\r\n<root><root>1</root>"}, {2 * time.Second, "<!-- </root> --><![CDATA[</root>]]>"}, {2 * time.Second, "</root>"}},
			"<root><root>1</root><!-- </root> --><![CDATA[</root>]]></root>", []string{NoLengthStaysOpen}, 4*time.Second + closedIdle},
		{"open, more after the end", true, []piece{{0, head + "\r\n<a></a>"}, {closedIdle / 2, "\n"}}, "<a></a>\n", []string{NoLengthStaysOpen}, closedIdle/2 + closedIdle},
		{"open, empty root", true, now(head + "\r\n<a/>"), "<a/>", []string{NoLengthStaysOpen}, closedIdle},
		{"length too long, open", true, now(head + "Content-Length: 999\r\n\r\n" + root), root, []string{LengthTooLong}, closedIdle},
		{"length too long, closed", false, now(head + "Content-Length: 999\r\n\r\n" + root), root, []string{LengthTooLong}, 0},
		{"truncated", false, now(head + "Content-Length: 999\r\n\r\n<root><x>"), "<root><x>", []string{BodyTruncated}, 0},
		{"length too short", false, now(head + "Content-Length: 20\r\n\r\n" + root), root, []string{LengthTooShort}, 0},
		{"length too short, open, in pieces", true, []piece{{0, head + "Content-Length: 20\r\n\r\n" + root[:30]}, {closedIdle / 2, root[30:]}}, root, []string{LengthTooShort}, closedIdle / 2},
		{"length true, document cut", true, now(head + "Content-Length: 9\r\n\r\n<root><x>"), "<root><x>", nil, closedIdle},
		{"chunked", true, now(head + "Transfer-Encoding: Chunked\r\n\r\n" + chunk("<a>") + "4;x=y\r\n</a>\r\n0\r\n"), "<a></a>", nil, 0},
		{"chunked with blanks and bare line feeds", true, now(head + "Transfer-Encoding: chunked\r\n\r\n 3 \nabc\n0\n"), "abc", nil, 0},
		{"chunked, empty", true, now(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "", nil, 0},
		{"chunked in pieces", true, []piece{{0, head + "Transfer-Encoding: chunked\r\n\r\n1"}, {time.Second, "0\r\n01234567"}, {time.Second, "89abcdef\r"}, {time.Second, "\n0\r\n"}}, "0123456789abcdef", nil, 3 * time.Second},
		{"chunked, no last chunk, open", true, now(head + "Transfer-Encoding: chunked\r\n\r\n" + chunk(root)), root, []string{ChunkedNoEnd}, closedIdle},
		{"chunked, no last chunk, closed", false, now(head + "Transfer-Encoding: chunked\r\n\r\n" + chunk(root)), root, []string{ChunkedNoEnd}, 0},
		{"chunked, cut", false, now(head + "Transfer-Encoding: chunked\r\n\r\n10\r\n<root>"), "<root>", []string{BodyTruncated}, 0},
		{"chunked, broken", true, now(head + "Transfer-Encoding: chunked\r\n\r\n3\r\n<a>zz\r\n"), "<a>", []string{ChunkedBroken}, 0},
		{"not chunked at all", true, now(head + "Transfer-Encoding: chunked\r\n\r\n" + root), root, []string{ChunkedFalse, NoLengthStaysOpen}, closedIdle},
		{"continue first", true, now("HTTP/1.1 100 Continue\r\n\r\n" + head + "Content-Length: 2\r\n\r\nok"), "ok", nil, 0},
		{"no content", true, now("HTTP/1.1 204 No Content\r\n\r\n"), "", nil, 0},
		{"closed after the head", false, now("HTTP/1.1 500 Oops\r\nServer: x"), "", []string{NoBlankLine}, 0},
		{"silence after half a document", true, now(head + "\r\n<root>"), "", nil, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, took, err := exchange(t, Limits{}, tt.held, tt.pieces...)
			if tt.within < 0 {
				var te *TimeoutError
				if !errors.As(err, &te) || !te.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || took != 10*time.Second {
					t.Fatalf("%v after %v, want *TimeoutError after 10 s", err, took)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(resp.Body) != tt.want {
				t.Errorf("%q, want %q", resp.Body, tt.want)
			}
			if d := cmp.Diff(tt.forgiven, resp.Forgiven); d != "" {
				t.Errorf("forgiven (-want +got)\n%s", d)
			}
			if took != tt.within {
				t.Errorf("took %v, want %v", took, tt.within)
			}
		})
	}
}

func TestReads(t *testing.T) {
	resp, _, err := exchange(t, Limits{}, true, piece{0, "HTTP/1.1 200 OK\r\nContent-"}, piece{0, "Length: 6\r\n\r\nab"}, piece{0, "cd"}, piece{0, "ef"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{25, 15, 2, 2}, resp.Reads); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if string(resp.Raw) != "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" {
		t.Errorf("raw %q", resp.Raw)
	}
}

func TestLimits(t *testing.T) {
	many := strings.Repeat("x", 2000)
	for name, p := range map[string][]piece{
		"length":     {{0, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + many}},
		"no length":  {{0, "HTTP/1.1 200 OK\r\n\r\n" + many}},
		"chunks":     {{0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + many}},
		"huge chunk": {{0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n" + many}},
		"length 0":   {{0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n<root>" + many}},
		"too short":  {{0, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<root>xxxxxxxx" + many}},
	} {
		_, _, err := exchange(t, Limits{Body: 1000}, true, p...)
		var limit *LimitError
		if !errors.As(err, &limit) || *limit != (LimitError{"body", 1000}) {
			t.Errorf("%s: %v, want *LimitError", name, err)
		}
	}
	_, _, err := exchange(t, Limits{Head: 1000}, true, piece{0, "HTTP/1.1 200 OK\r\nA: " + many})
	var limit *LimitError
	if !errors.As(err, &limit) || *limit != (LimitError{"head", 1000}) {
		t.Errorf("head: %v, want *LimitError", err)
	}
	_, _, err = exchange(t, Limits{}, true, piece{0, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20)})
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("interim responses: %v, want *SyntaxError", err)
	}
}

// TestReaderAtEnds: what a connection's end means depends on where it comes.
func TestReaderAtEnds(t *testing.T) {
	for in, want := range map[string]error{
		"":                            io.EOF,
		"\r\n":                        io.EOF,
		"POST /":                      io.ErrUnexpectedEOF,
		"POST / HTTP/1.1\r\nA: b\r\n": io.ErrUnexpectedEOF,
		"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc":                    io.ErrUnexpectedEOF,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc":      io.ErrUnexpectedEOF,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0": io.ErrUnexpectedEOF,
	} {
		if _, err := NewReader(strings.NewReader(in), Limits{}).ReadRequest(); err != want {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	r := NewReader(iotestOneByte{strings.NewReader("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\nabc\r\n0\r\nTrailer: x\r\n\r\nGET /b HTTP/1.1\r\n\r\n")}, Limits{})
	a, err := r.ReadRequest()
	if err != nil || string(a.Body) != "abc" || len(a.Reads) != maxReads {
		t.Errorf("%+v, %v", a, err)
	}
	b, err := r.ReadRequest()
	if err != nil || b.Target != "/b" || len(b.Reads) != len("GET /b HTTP/1.1\r\n\r\n") {
		t.Errorf("%+v, %v", b, err)
	}
	if !bytes.Equal(b.Raw, []byte("GET /b HTTP/1.1\r\n\r\n")) {
		t.Errorf("raw %q", b.Raw)
	}
}

// TestRequestForgiven: a request line that net/http would refuse is read and told.
func TestRequestForgiven(t *testing.T) {
	for line, want := range map[string][]string{
		"POST /ctl HTTP/1.1":  nil,
		"POST  /ctl HTTP/1.1": {BadRequestLine},
		"POST /ctl http/1.1":  {BadRequestLine},
	} {
		q, err := NewReader(strings.NewReader(line+"\r\n\r\n"), Limits{}).ReadRequest()
		if err != nil || q.Target != "/ctl" {
			t.Fatalf("%q: %+v, %v", line, q, err)
		}
		if d := cmp.Diff(want, q.Forgiven); d != "" {
			t.Errorf("%q forgiven (-want +got)\n%s", line, d)
		}
	}
}

type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }
