package http1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExact(t *testing.T) {
	for text, want := range map[string]Message{
		"HTTP/1.1 200 OK\r\nST: a\r\nEXT:\r\n\r\nbody": {Line: "HTTP/1.1 200 OK", Fields: Fields{{Name: "ST", Value: "a"}, {Name: "EXT"}}, Body: []byte("body")},
		"NOTIFY * HTTP/1.1 \r\nst:a \r\nExt: \r\nA :\tb\r\nDEFUNCT\r\n: x\r\n\r\n": {Line: "NOTIFY * HTTP/1.1 ", Fields: Fields{
			{Name: "st", Value: "a ", Colon: ":"}, {Name: "Ext", Colon: ": "}, {Name: "A", Value: "b", Colon: " :\t"}, {Value: "DEFUNCT"}, {Value: ": x"},
		}, Body: []byte{}},
		"HTTP/1.1 200 OK\r\nST: a\r\n": {Body: []byte("HTTP/1.1 200 OK\r\nST: a\r\n")},
		"\r\n\r\nx":                    {Body: []byte("\r\n\r\nx")},
	} {
		m := Exact([]byte(text))
		if d := cmp.Diff(want, m); d != "" {
			t.Errorf("%q (-want +got)\n%s", text, d)
		}
		if got := string(m.Append(nil)); got != text {
			t.Errorf("%q was written as %q", text, got)
		}
	}
}
