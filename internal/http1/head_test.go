package http1

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseHead(t *testing.T) {
	tests := []struct {
		name, in string
		line     string
		fields   Fields
		rest     string
		forgiven []string
	}{
		{"by the book", "HTTP/1.1 200 OK\r\nST: x\r\nEXT:\r\nLocation:http://h/\r\n\r\nbody", "HTTP/1.1 200 OK",
			Fields{{Name: "ST", Value: "x"}, {Name: "EXT", Value: ""}, {Name: "Location", Value: "http://h/"}}, "body", nil},
		{"bare line feeds", "NOTIFY * HTTP/1.1\nNT: a\n\nx", "NOTIFY * HTTP/1.1", Fields{{Name: "NT", Value: "a"}}, "x", []string{BareLF}},
		{"no empty line", "HTTP/1.1 200 OK\r\nST: x\r\n", "HTTP/1.1 200 OK", Fields{{Name: "ST", Value: "x"}}, "", []string{NoBlankLine}},
		{"cut in a line", "HTTP/1.1 200 OK\r\nST: x", "HTTP/1.1 200 OK", Fields{{Name: "ST", Value: "x"}}, "", []string{NoBlankLine}},
		{"junk line", "HTTP/1.1 200 OK\r\nDEFUNCT\r\n: v\r\nST: x\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "ST", Value: "x"}}, "", []string{JunkLine}},
		{"folded line", "HTTP/1.1 200 OK\r\nServer: a\r\n  b\r\n\tc\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "Server", Value: "a b c"}}, "", []string{FoldedLine}},
		{"fold of nothing", "HTTP/1.1 200 OK\r\n  b\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "A", Value: "b"}}, "", []string{JunkLine}},
		{"padded with NULs", "HTTP/1.1 200 OK\r\nST: x\r\n\x00\x00\x00", "HTTP/1.1 200 OK", Fields{{Name: "ST", Value: "x"}}, "", []string{NULPadding, NoBlankLine}},
		{"NUL in a line", "HTTP/1.1 200 OK\r\nST: x\x00\x00\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "ST", Value: "x"}}, "", []string{NULPadding}},
		{"blank before the colon", "HTTP/1.1 200 OK\r\nSERVER : x\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "SERVER", Value: "x"}}, "", []string{SpaceBeforeColon}},
		{"control character", "HTTP/1.1 200 OK\r\nA: x\x01y\r\n\r\n", "HTTP/1.1 200 OK", Fields{{Name: "A", Value: "x\x01y"}}, "", []string{HeaderControlChars}},
		{"empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1", Fields{}, "", []string{LeadingBlank}},
		{"trailing blank in the start line", "NOTIFY * HTTP/1.1 \r\n\r\n", "NOTIFY * HTTP/1.1 ", Fields{}, "", nil},
		{"colons in the value", "GET / HTTP/1.1\r\nUSN: uuid:a::urn:b\r\n\r\n", "GET / HTTP/1.1", Fields{{Name: "USN", Value: "uuid:a::urn:b"}}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, rest, err := ParseHead([]byte(tt.in), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if h.Line != tt.line || string(rest) != tt.rest || string(h.Raw) != strings.TrimSuffix(tt.in, tt.rest) {
				t.Errorf("line %q, raw %q, rest %q", h.Line, h.Raw, rest)
			}
			if d := cmp.Diff(tt.fields, h.Fields); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.forgiven, h.Forgiven); d != "" {
				t.Errorf("forgiven (-want +got)\n%s", d)
			}
		})
	}
}

func TestParseHeadRefuses(t *testing.T) {
	var limit *LimitError
	var syntax *SyntaxError
	for name, in := range map[string]string{"nothing": "", "line ends": "\r\n\r\n", "NULs": "\x00\x00", "blank": " \r\n\r\n"} {
		if _, _, err := ParseHead([]byte(in), Limits{}); !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want *SyntaxError", name, err)
		}
	}
	if _, _, err := ParseHead([]byte("GET / HTTP/1.1\r\n"+strings.Repeat("A: b\r\n", 101)+"\r\n"), Limits{}); !errors.As(err, &limit) || *limit != (LimitError{"header lines", 100}) {
		t.Errorf("%v, want *LimitError", err)
	}
	if _, _, err := ParseHead([]byte("GET / HTTP/1.1\r\nA: "+strings.Repeat("b", 16<<10)), Limits{}); !errors.As(err, &limit) || *limit != (LimitError{"head", 16 << 10}) {
		t.Errorf("%v, want *LimitError", err)
	}
}

func TestFields(t *testing.T) {
	f := Fields{{Name: "Empty", Value: ""}, {Name: "soapaction", Value: "a"}, {Name: "SOAPAction", Value: "b"}}
	if got := f.Get("SOAPACTION"); got != "a" {
		t.Errorf("Get: %q", got)
	}
	if v, ok := f.Lookup("EMPTY"); v != "" || !ok {
		t.Errorf("Lookup of an empty field: %q %v", v, ok)
	}
	if _, ok := f.Lookup("none"); ok {
		t.Error("Lookup finds what is not there")
	}
	if got := f.Header()["Soapaction"]; len(got) != 2 {
		t.Errorf("Header: %q", got)
	}
}

func TestStatusLine(t *testing.T) {
	tests := []struct {
		line, version string
		status        int
		reason        string
		strict, ok    bool
	}{
		{"HTTP/1.1 200 OK", "HTTP/1.1", 200, "OK", true, true},
		{"HTTP/1.0 500 Internal Server Error", "HTTP/1.0", 500, "Internal Server Error", true, true},
		{"HTTP/1.1 200", "HTTP/1.1", 200, "", true, true},
		{"HTTP/1.1 200 ", "HTTP/1.1", 200, "", true, true},
		{"http/1.1 200", "http/1.1", 200, "", false, true},
		{"HTTP/1.1  200 OK", "HTTP/1.1", 200, "OK", false, true},
		{" HTTP/1.1 200 OK", "HTTP/1.1", 200, "OK", false, true},
		{"HTTP/1.1\t404\tNot Found", "HTTP/1.1", 404, "Not Found", false, true},
		{"HTTP/1.1 200OK", "HTTP/1.1", 200, "OK", false, true},
		{"HTTP 200 OK", "HTTP", 200, "OK", false, true},
		{"200 OK", "", 200, "OK", false, true},
		{"HTTP/1.1", "", 0, "", false, false},
		{"HTTP/1.1 OK", "", 0, "", false, false},
		{"HTTP/1.1 2000 OK", "", 0, "", false, false},
		{"HTTP/1.1 020 OK", "", 0, "", false, false},
		{"SSH-2.0-dropbear", "", 0, "", false, false},
		{"junk 200 OK", "", 0, "", false, false},
	}
	for _, tt := range tests {
		version, status, reason, strict, err := parseStatusLine(tt.line)
		if (err == nil) != tt.ok || tt.ok && (version != tt.version || status != tt.status || reason != tt.reason || strict != tt.strict) {
			t.Errorf("%q: %q %d %q %v, %v", tt.line, version, status, reason, strict, err)
		}
	}
}

func TestRequestLine(t *testing.T) {
	tests := []struct {
		line, method, target, version string
		strict, ok                    bool
	}{
		{"POST /ctl HTTP/1.1", "POST", "/ctl", "HTTP/1.1", true, true},
		{"M-POST /ctl?a=b HTTP/1.0", "M-POST", "/ctl?a=b", "HTTP/1.0", true, true},
		{"M-SEARCH * HTTP/1.1", "M-SEARCH", "*", "HTTP/1.1", true, true},
		{"NOTIFY * HTTP/1.1 ", "NOTIFY", "*", "HTTP/1.1", false, true},
		{"GET  / http/1.1", "GET", "/", "http/1.1", false, true},
		{"GET /a b HTTP/1.1", "GET", "/a b", "HTTP/1.1", false, true},
		{"GET /", "", "", "", false, false},
		{"GET / HTTP/2.0", "", "", "", false, false},
		{"GET HTTP/1.1", "", "", "", false, false},
		{"G(T / HTTP/1.1", "", "", "", false, false},
		{"", "", "", "", false, false},
	}
	for _, tt := range tests {
		method, target, version, strict, err := parseRequestLine(tt.line)
		if (err == nil) != tt.ok || tt.ok && (method != tt.method || target != tt.target || version != tt.version || strict != tt.strict) {
			t.Errorf("%q: %q %q %q %v, %v", tt.line, method, target, version, strict, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"http: body larger than 1048576":                          &LimitError{"body", 1 << 20},
		`http: malformed status line "x"`:                         syntaxError("status line", "x"),
		"http: no complete answer within 10s":                     &TimeoutError{10 * time.Second},
		`http: malformed chunk "` + strings.Repeat("y", 64) + `"`: syntaxError("chunk", strings.Repeat("y", 1000)),
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
