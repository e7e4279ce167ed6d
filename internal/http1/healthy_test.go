package http1

import (
	"fmt"
	"testing"
	"time"
)

// TestHealthyNeverWaits: an answer by the book is returned with its last byte, wherever it is cut in two. Only a device that
// is wrong about its length costs the wait for more.
func TestHealthyNeverWaits(t *testing.T) {
	const (
		gap  = 10 * time.Millisecond
		root = `<?xml version="1.0"?><root a="b"><x>1</x></root>`
	)
	bodies := map[string]string{
		"text":                    "hello",
		"document":                root,
		"line end behind":         root + "\r\n",
		"blanks behind":           root + " \t\n\n ",
		"NUL behind":              root + "\x00",
		"comment behind":          root + "<!-- </root> -->",
		"byte order mark":         "\xef\xbb\xbf" + root,
		"blanks before":           "\r\n " + root,
		"no end of declaration":   `<?xml version="1.0"><root></root>`,
		"empty root":              "<a/>",
		"root within root":        "<a><a/><a></a></a>",
		"brackets in attributes":  `<root a="/>" b=">"><x/></root>`,
		"page":                    "<!DOCTYPE html><html><br><script>if (a<b) x()</script></html>",
		"page without its end":    "<html><p>not found",
		"heading, text behind it": "<h1>404</h1>\nnot found",
	}
	framings := []struct {
		name string
		held bool
		wire func(body string) string
	}{
		{"length", true, func(b string) string {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
		}},
		{"to the end", false, func(b string) string { return "HTTP/1.0 200 OK\r\n\r\n" + b }},
		{"chunks", true, func(b string) string {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", b[:1], len(b)-1, b[1:])
		}},
	}
	for name, body := range bodies {
		for _, f := range framings {
			t.Run(name+", "+f.name, func(t *testing.T) {
				wire := f.wire(body)
				for i := 1; i < len(wire); i++ {
					resp, took, err := exchange(t, Limits{}, f.held, piece{0, wire[:i]}, piece{gap, wire[i:]})
					if err != nil {
						t.Fatalf("cut at %d: %v", i, err)
					}
					if string(resp.Body) != body || len(resp.Forgiven) > 0 || took > gap {
						t.Fatalf("cut at %d: %q after %v, forgiven %q", i, resp.Body, took, resp.Forgiven)
					}
				}
			})
		}
	}
}
